"""The reviewer's inbox: the pages on which people answer reviews and requests.

`page_handlers` and its subclasses call the services: `review_pages`, `answering` and `request_pages` show one question
and take its answer, `lists` and `request_lists` show many. `documents`, `rendering`, `attachments`, `fields`, `forms`,
`merging`, `rows` and `views` are pure; `submission` reads forms; `page_renderer` renders pages. For the composition
root only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hitl.server.access import Admission
from hitl.server.agent_sessions import SessionService
from hitl.server.inbox.answering import Answers
from hitl.server.inbox.bulk_pages import BulkPages
from hitl.server.inbox.delivery_pages import DeliveryPages
from hitl.server.inbox.hidden_characters import visible
from hitl.server.inbox.join import invitation, join_routes
from hitl.server.inbox.key_pages import KeyPages
from hitl.server.inbox.lists import Lists
from hitl.server.inbox.live import Live
from hitl.server.inbox.page_handlers import redirect
from hitl.server.inbox.page_renderer import STATIC, PageRenderer, SafeHeaders
from hitl.server.inbox.people_pages import PeoplePages
from hitl.server.inbox.presence import Presence
from hitl.server.inbox.previews import Previews
from hitl.server.inbox.request_lists import RequestLists
from hitl.server.inbox.request_pages import RequestPages
from hitl.server.inbox.review_pages import ReviewPages
from hitl.server.inbox.saved_view_store import SavedViews
from hitl.server.inbox.sessions import InboxSessionMiddleware, Sessions
from hitl.server.inbox.titles import title
from hitl.server.keys import Keys
from hitl.server.loops import LoopService
from hitl.server.notifications import Channels
from hitl.server.reviews import ReviewService
from hitl.server.uploads import UploadService
from hitl.server.webhooks.deliveries import Deliveries

__all__ = [
    "InboxSessionMiddleware",
    "SafeHeaders",
    "SavedViews",
    "Sessions",
    "inbox_routes",
    "invitation",
    "join_routes",
    "title",
    "visible",
]


def inbox_routes(
    reviews: ReviewService,
    loops: LoopService,
    deliveries: Deliveries,
    uploads: UploadService,
    agent_sessions: SessionService,
    views: SavedViews,
    undo_seconds: float = 0,
    admission: Admission | None = None,
    keys: Keys | None = None,
    channels: Channels | None = None,
) -> list[BaseRoute]:
    """Return the inbox's routes, to be mounted under `/inbox`; an answer can be taken back for `undo_seconds`.

    With `admission` and `keys`, of a team's server, there are pages about people, sessions and API keys; leads and
    admins are told which of its `channels` fail.
    """
    handled = (reviews, loops, PageRenderer(), views, undo_seconds, Presence(reviews.clock), channels)
    lists, pages, answers = Lists(*handled), ReviewPages(*handled), Answers(*handled)
    requests = RequestPages(*handled, uploads, agent_sessions)
    previews, bulk, asked = Previews(*handled), BulkPages(*handled), RequestLists(*handled)
    log = DeliveryPages(*handled, deliveries)
    inner: list[BaseRoute] = [
        Route("/", lists.overview),
        *_form("/me", lists.introduce, "/"),
        *_form("/bulk", bulk.bulk, "/"),
        *_form("/undo/{batch}", bulk.undo, "/"),
        *_form("/views", lists.save_view, "/"),
        *_form("/views/{number}/delete", lists.delete_view, "/"),
        Route("/export.csv", lists.export),
        Route("/keys", lists.keys),
        *_form("/preview", previews.show, "/"),
        *_form("/pictures", previews.pictures, "/"),
        Route("/events", Live(lists).events),
        Route("/reviews/{review_id}", pages.review),
        Route("/reviews/{review_id}/answer", answers.answer, methods=["POST"]),
        Route("/reviews/{review_id}/answer", pages.form),
        *_form("/reviews/{review_id}/look", pages.look, "/reviews/{review_id}"),
        *_form("/reviews/{review_id}/start", pages.start, "/reviews/{review_id}"),
        Route("/reviews/{review_id}/done", pages.done),
        Route("/reviews/{review_id}/table", pages.table),
        Route("/requests", asked.overview),
        Route("/requests/export.csv", asked.export),
        Route("/requests/{request_id}", requests.show),
        *_form("/requests/{request_id}/answer", requests.answer, "/requests/{request_id}"),
        *_form("/requests/undo/{batch}", requests.undo, "/requests"),
        *_form("/requests/{request_id}/look", requests.look, "/requests/{request_id}"),
        Route("/requests/{request_id}/table", requests.table),
        *_form("/requests/{request_id}/claim", requests.claim, "/requests/{request_id}"),
        Route("/deliveries", log.overview),
        *_form("/deliveries/{delivery_id}/replay", log.replay, "/deliveries"),
        *([] if admission is None else _people_routes(PeoplePages(*handled, admission))),
        *([] if admission is None or keys is None else _key_routes(KeyPages(*handled, keys, admission.people))),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/{path:path}", pages.missing),
    ]
    return [Mount("", routes=inner, middleware=[Middleware(SafeHeaders)])]


def _people_routes(people: PeoplePages) -> list[BaseRoute]:
    one = "/people/{person_id}"
    return [
        Route("/people", people.overview),
        *_form("/people/invite", people.invite, "/people"),
        *_form(f"{one}/role", people.set_role, "/people"),
        *_form(f"{one}/link", people.link, "/people"),
        *_form(f"{one}/disable", people.disable, "/people"),
        *_form(f"{one}/enable", people.enable, "/people"),
        *_form(f"{one}/signout", people.sign_out, "/people"),
        Route(f"{one}/sessions", people.sessions_of),
        *_form(f"{one}/sessions/{{session_id}}/end", people.end_theirs, f"{one}/sessions"),
        Route("/sessions", people.sessions),
        *_form("/sessions/others/end", people.end_others, "/sessions"),
        *_form("/sessions/{session_id}/end", people.end_own, "/sessions"),
    ]


def _key_routes(keys: KeyPages) -> list[BaseRoute]:
    return [
        Route("/api-keys", keys.overview),
        *_form("/api-keys/create", keys.create, "/api-keys"),
        *_form("/api-keys/{key_id}/revoke", keys.revoke, "/api-keys"),
    ]


def _form(path: str, handler: Callable[[Any], Awaitable[Response]], page: str) -> list[Route]:
    """Return the routes of a form: POST sends it, and GET, as after a reload, redirects to its page."""

    async def to_page(request: Request) -> Response:
        return redirect(request, page.format(**request.path_params))

    return [Route(path, handler, methods=["POST"]), Route(path, to_page)]
