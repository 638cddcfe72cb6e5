"""What the handlers of all pages share: the desk behind them, the paper before them, and the answer to a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from hitl.server.inbox.documents import Document
from hitl.server.inbox.json_form import json_error, wants_json
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.submission import FORM_TOKEN, MAX_REVIEWER_LENGTH, remember_reviewer, remembered_reviewer
from hitl.server.loops.lifecycle import OPEN as REQUEST_OPEN
from hitl.server.loops.store import RequestQuery
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.lifecycle import FINAL, OPEN
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery

# The desk speaks to programs; a person who follows an old link needs other words.
_MESSAGES = {"review_not_found": "This review does not exist. Without --data, a sandbox loses its reviews."}

_TITLES = {403: "Not allowed", 404: "Not found", 413: "Too large"}


class PageHandlers:
    """The base of the classes that hold handlers, over one desk."""

    def __init__(self, desk: ReviewService, paper: PageRenderer) -> None:
        self.desk = desk
        self._paper = paper

    async def missing(self, request: Request) -> Response:
        """Answer for an address that is no page."""
        return self.refused(request, ApiError(404, "not_found", "This page does not exist."))

    def refused(self, request: Request, refusal: ApiError) -> Response:
        """Show a refusal that no other page can show."""
        if wants_json(request):
            return json_error(refusal)
        title = _TITLES.get(refusal.status, "Something went wrong")
        message = _MESSAGES.get(refusal.code, refusal.message)
        return self.answer_with(request, "refused.html", {"title": title, "message": message}, refusal.status)

    def answer_with(self, request: Request, page: str, context: dict[str, Any], status: int = 200) -> Response:
        """Print a page."""
        frame = {
            "base": base_of(request),
            "now": self.desk.clock(),
            "me": remembered_reviewer(request),
            "form_token": request.scope.get(FORM_TOKEN, ""),
            "last_step": self.desk.last_step(),
        }
        return self._paper.answer(page, {**frame, **context}, status)

    def lead(self, request: Request, path: str, reviewer: str) -> Response:
        """Lead to another page of the inbox, and remember who the reviewer is."""
        response = RedirectResponse(f"{base_of(request)}{path}", status_code=303)
        remember_reviewer(response, reviewer)
        return response

    def template_of(self, review: Document) -> Document | None:
        """Return the template of a review, or None if it was deleted: the content can still be judged."""
        try:
            return self.desk.get_template(review["template_id"])
        except ApiError:
            return None

    def counts(self, request: Request) -> dict[str, int]:
        """Return how many reviews each view holds, as `open_count` and so on."""
        counts = self.desk.counts()
        reviewer = remembered_reviewer(request)
        mine = ReviewQuery(status=OPEN, assignee=reviewer, limit=0)
        return {
            "open_count": sum(counts[status] for status in OPEN),
            "mine_count": self.desk.list_reviews(mine).total if reviewer else 0,
            "done_count": sum(counts[status] for status in FINAL),
            "request_count": self.desk.loops.list_requests(RequestQuery(status=REQUEST_OPEN, limit=0)).total,
        }


FrameT = TypeVar("FrameT", bound=PageHandlers)
Handler: TypeAlias = Callable[[FrameT, Request], Awaitable[Response]]


def refusals_as_pages(handler: Handler[FrameT]) -> Handler[FrameT]:
    """Answer a refusal that the handler does not catch with a page of its own."""

    @wraps(handler)
    async def answer(frame: FrameT, request: Request) -> Response:
        try:
            return await handler(frame, request)
        except ApiError as refusal:
            return frame.refused(request, refusal)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    return answer


def base_of(request: Request) -> str:
    """Return the path that the inbox is mounted under."""
    return str(request.scope.get("root_path", ""))


def name_fault(reviewer: str) -> str | None:
    """Say what is wrong with a reviewer's name."""
    if not reviewer:
        return "Enter your name or e-mail address."
    if len(reviewer) > MAX_REVIEWER_LENGTH:
        return f"Use at most {MAX_REVIEWER_LENGTH} characters."
    return None
