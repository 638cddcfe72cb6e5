"""What the handlers of all pages share: the services, the renderer, and the page for an error."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, TypeVar, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from hitl.server.access import person_of
from hitl.server.http import in_worker
from hitl.server.http.page_answers import json_error, wants_json
from hitl.server.inbox.documents import Document
from hitl.server.inbox.failing_channels import failing_channels
from hitl.server.inbox.filters import Filters
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.picture_hosts import choose_host, picture_hosts
from hitl.server.inbox.presence import Presence
from hitl.server.inbox.saved_view_store import SavedView, SavedViews
from hitl.server.inbox.submission import (
    FORM_TOKEN,
    MAX_REVIEWER_LENGTH,
    Submission,
    remember_reviewer,
    remembered_reviewer,
)
from hitl.server.inbox.tables import Looking
from hitl.server.inbox.toasts import Toast, toast
from hitl.server.loops import LoopService
from hitl.server.notifications import Channels
from hitl.server.primitives import ApiError, actor_of, clean_name
from hitl.server.primitives.names import person
from hitl.server.reviews import ReviewService

# The services address programs; a person who follows an old link needs other words.
_MESSAGES = {"review_not_found": "This review does not exist. Without --data, a sandbox loses its reviews."}

_TITLES = {403: "Not allowed", 404: "Not found", 413: "Too large"}


@dataclass(frozen=True, slots=True)
class PageHandlers:
    """The base class of all handlers; an answer can be taken back for `undo_seconds`, a sandbox has no `channels`."""

    reviews: ReviewService
    loops: LoopService
    renderer: PageRenderer
    views: SavedViews
    undo_seconds: float
    presence: Presence
    channels: Channels | None

    async def missing(self, request: Request) -> Response:
        """Answer for an unknown address."""
        return self.error_page(request, ApiError(404, "not_found", "This page does not exist."))

    def error_page(self, request: Request, error: ApiError) -> Response:
        """Show an error that no other page can show."""
        if wants_json(request):
            return json_error(error)
        title = _TITLES.get(error.status, "Something went wrong")
        message = _MESSAGES.get(error.code, error.message)
        return self.render(request, "refused.html", {"title": title, "message": message, "last": ""}, error.status)

    def render(self, request: Request, page: str, context: dict[str, Any], status: int = 200) -> Response:
        """Return a page."""
        shared = {
            "base": base_of(request),
            "now": self.reviews.clock(),
            "me": remembered_reviewer(request),
            "form_token": request.scope.get(FORM_TOKEN, ""),
            "looking": looking_at(request),
            "last_step": self.reviews.last_step(),
            "toast": self._toast(request),
            "undo_seconds": self.undo_seconds,
            "rail": lambda: self._rail(request),  # read by pages that show it
            "failing": lambda: failing_channels(self.channels, actor_of(request.scope)),
            **_who(request),
        }
        return self.renderer.response(page, {**shared, **context}, status)

    def redirect(self, request: Request, path: str, reviewer: str) -> Response:
        """Redirect to another page of the inbox, and remember the reviewer."""
        response = redirect(request, path)
        remember_reviewer(request, response, reviewer)
        return response

    def template_of(self, review: Document) -> Document | None:
        """Return the template of a review, or None if it was deleted: the content can still be judged."""
        return find_template(self.reviews, review)

    def counts_of(self, reviewers: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return how many reviews and requests each of these people can answer, as `open_count` and so on."""
        requests = self.loops.to_answer(reviewers)
        return {
            name: {"open_count": of_all, "mine_count": of_theirs if name else 0, "request_count": requests[name]}
            for name, (of_all, of_theirs) in self.reviews.to_answer(reviewers).items()
        }

    def _toast(self, request: Request) -> Toast | None:
        """Return what became of the answer that led to this page."""
        reviewer = remembered_reviewer(request)
        try:
            review = self.reviews.get_review(request.query_params.get("last", ""))
        except ApiError:
            return None
        held = self.reviews.held_answer(review["id"], reviewer)
        return toast(review, self.template_of(review), held, reviewer, self.reviews.clock())

    def _rail(self, request: Request) -> dict[str, Any]:
        """Return the lists beside a page: how many reviews each holds, and those that the reviewer has saved."""
        reviewer = remembered_reviewer(request)
        saved = [
            {"name": view.name, "query": view.query, "number": view.number, "count": self._count(view, reviewer)}
            for view in self.views.of(reviewer)
        ]
        return {**self.counts_of([reviewer])[reviewer], "saved": saved}

    def _count(self, view: SavedView, reviewer: str) -> int:
        """Return how many reviews or requests a saved view holds."""
        filters, now = Filters.of_link(view.query), self.reviews.clock()
        if filters.subject == "requests":
            return self.loops.list_requests(replace(filters.request_query(reviewer, now), limit=0)).total
        return self.reviews.count_reviews(filters.query(reviewer, now))


HandlersT = TypeVar("HandlersT", bound=PageHandlers)
PageHandler: TypeAlias = Callable[[HandlersT, Request], Awaitable[Response]]


def page_handler(handler: Callable[[HandlersT, Request], Response | Awaitable[Response]]) -> PageHandler[HandlersT]:
    """Answer an error that the handler does not catch with a page.

    A handler that is not `async` runs in a worker thread: it reads, compares and draws contents of any size. One that
    awaits a form does the rest in a worker itself.
    """

    @wraps(handler)
    async def answer(handlers: HandlersT, request: Request) -> Response:
        try:
            response: Response
            if iscoroutinefunction(handler):
                response = await handler(handlers, request)
            else:
                response = await in_worker(cast("Callable[..., Response]", handler), handlers, request)
        except ApiError as error:
            return handlers.error_page(request, error)
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        return response

    return answer


def _who(request: Request) -> dict[str, Any]:
    """Return the person of a team's server, and whether his session is for one review only, so without any lists."""
    actor, person = actor_of(request.scope), person_of(request.scope)
    return {
        "person": person,
        "root": base_of(request).removesuffix("/inbox"),
        "role": None if person is None else person.role,
        "is_alone": actor is not None and actor.review_id is not None,
    }


def find_template(reviews: ReviewService, review: Document) -> Document | None:
    """Return the template of a review, or None if it was deleted."""
    try:
        return reviews.get_template(review["template_id"])
    except ApiError:
        return None


def base_of(request: Request) -> str:
    """Return the path that the inbox is mounted under."""
    return str(request.scope.get("root_path", ""))


def redirect(request: Request, path: str) -> Response:
    """Redirect to another page of the inbox."""
    return RedirectResponse(f"{base_of(request)}{path}", status_code=303)


def looking_at(request: Request, page: str = "", form: str | None = None) -> Looking:
    """Return how the browser looks at a page; one that says its path offers its tables as files.

    `form` is the query of a form on it, which is not lost when a picture is loaded.
    """
    at = f"{base_of(request)}{page}" if page else ""
    again = "" if form is None else f"{at}/look{form}"
    return Looking(tuple(request.query_params.multi_items()), picture_hosts(request), at, again)


def choose_hosts(request: Request, sent: Submission) -> None:
    """Load pictures from the host that a form names, or no more."""
    for name, host in sent.hosts.items():
        choose_host(request, host, is_loaded=name == "load")


def new_batch() -> str:
    """Return a name for answers that can be taken back together."""
    return secrets.token_hex(12)


def name_fault(reviewer: str) -> str | None:
    """Return what is wrong with a reviewer's name."""
    if not clean_name(reviewer):
        return "Enter your name or e-mail address."
    if fault := next(person("", reviewer), None):
        return f"The name {fault.issue}."
    if len(reviewer) > MAX_REVIEWER_LENGTH:
        return f"Use at most {MAX_REVIEWER_LENGTH} characters."
    return None
