"""The door in front of all pages: it finds out who somebody is, and lets through what the table of routes allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl.server.access.admission import Admission
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.csrf import FORM_TOKEN, form_token, own_origin, require_own_origin
from hitl.server.access.entry_pages import EntryPages
from hitl.server.access.header_login import ProxyLogin
from hitl.server.access.matrix import Rule, rule_of
from hitl.server.access.ownership import READ_ONLY, Ownership
from hitl.server.access.visitors import ADDRESS, PERSON, SESSION, Visitor, Visitors, address_of
from hitl.server.access.watched_stream import watched
from hitl.server.http import in_worker
from hitl.server.http.open_exchanges import EndedError, OpenExchanges
from hitl.server.http.page_answers import json_error, wants_json
from hitl.server.http.public_url import PublicUrl
from hitl.server.primitives import ACTOR, Actor, ApiError
from hitl.server.reviews import ReviewService

_NOWHERE: Final = "/inbox/nowhere"
"""A path that no page has: who may not see a page gets the answer of this one."""

_STREAM: Final = "/inbox/events"

_OF_LISTS: Final = frozenset({"view", "at", "n", "last", "here"})
"""Parameters of addresses that tell of other reviews: the place in a list, and the answer before."""


@dataclass(frozen=True, slots=True)
class AccessMiddleware:
    """ASGI middleware around the pages of a team's server, in place of the sandbox's `InboxSessionMiddleware`."""

    app: ASGIApp
    admission: Admission
    visitors: Visitors
    ownership: Ownership
    pages: EntryPages
    cookie: SessionCookie
    exchanges: OpenExchanges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        request = Request(scope)
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        visitor = await self.visitors.find(request)
        if visitor is not None:
            scope = self._known(scope, visitor)
            send = self._giving(send, request, visitor)
        try:
            self._check_form(request, visitor)
            found, answer = rule_of(request.method, path), None
            if visitor is None:
                answer = self._stranger(request, path, found)
            else:
                scope = await self._opened(scope, found, visitor.actor)
        except ApiError as error:
            answer = self._refused(Request(scope), error)
        if answer is not None:
            await answer(scope, receive, send)
        elif visitor is not None and path == _STREAM:
            await self._stream(scope, receive, send, visitor)
        else:
            await self.app(scope, receive, send)

    def _known(self, scope: Scope, visitor: Visitor) -> Scope:
        known: dict[str, Any] = {
            ACTOR: visitor.actor,
            PERSON: visitor.person,
            SESSION: visitor.session,
            FORM_TOKEN: form_token(visitor.secret),
            ADDRESS: own_origin(Request(scope), self.cookie.public_url) + str(scope.get("root_path", "")),
        }
        if visitor.session.review_id is not None:
            known["query_string"] = _without_lists(scope.get("query_string", b""))
        return {**scope, **known}

    def _check_form(self, request: Request, visitor: Visitor | None) -> None:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        require_own_origin(request, self.cookie.public_url)
        kind, key = ("guest", address_of(request)) if visitor is None else ("form", visitor.session.id)
        self.admission.limits.spend(kind, key)

    def _stranger(self, request: Request, path: str, found: tuple[Rule, Mapping[str, str]] | None) -> Response | None:
        """Return the answer to somebody who is not signed in; None for pages that everybody may open.

        It is the same for pages that exist and for those that do not.
        """
        if found is not None and found[0].least == "anyone":
            return None
        if found is None and not f"{path}/".startswith("/inbox/"):
            return PlainTextResponse("Not Found", 404)
        if wants_json(request):
            return json_error(ApiError(401, "no_session", "Sign in first."))
        return self.pages.locked(request, path)

    async def _opened(self, scope: Scope, found: tuple[Rule, dict[str, str]] | None, actor: Actor) -> Scope:
        """Return the scope of what somebody may see, or that of a page which does not exist; ApiError for a refusal."""
        if found is None or not found[0].allows(actor, found[1]):
            return _nowhere(scope)
        rule, parameters = found
        own = rule.must_own(actor)
        refusal = await in_worker(self.ownership.refusal, own, actor, parameters) if own else None
        if refusal is None:
            return scope
        if own == "to answer":
            return {**scope, READ_ONLY: refusal.message}
        if refusal.status == 404:
            return _nowhere(scope)
        raise refusal

    def _refused(self, request: Request, error: ApiError) -> Response:
        if wants_json(request):
            return json_error(error)
        return self.pages.refusal(request, error)

    async def _stream(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        """Answer with a stream that ends as soon as its session does."""
        session = visitor.session
        left = self.admission.sessions.seconds_left(session)

        def look_again() -> None:
            if not self.admission.sessions.is_open(session.id):
                self.exchanges.end(session.id)

        try:
            looking = watched(send, look_again)
            await self.exchanges.run(session.id, self.app, scope, receive, looking, seconds=left)
        except EndedError:
            await json_error(ApiError(401, "no_session", "Sign in first."))(scope, receive, send)

    def _giving(self, send: Send, request: Request, visitor: Visitor) -> Send:
        """Return a `send` that gives the browser the secret of a session which has just begun."""
        if not visitor.is_new:
            return send
        seconds = self.admission.sessions.seconds_left(visitor.session)
        cookie = self.cookie.header(request, visitor.secret, seconds)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return with_cookie


def guarded_pages(
    admission: Admission,
    reviews: ReviewService,
    exchanges: OpenExchanges,
    behind: Sequence[BaseRoute],
    *,
    public_url: PublicUrl | None,
    header_login: ProxyLogin | None,
) -> Mount:
    """Return the pages in front of the inbox and, where the table of routes opens them, those `behind`.

    It lets in whom `admission` knows, or with `header_login` whom a proxy names.
    """
    cookie = SessionCookie(public_url)
    visitors = Visitors(admission, cookie, header_login)
    pages = EntryPages(admission, visitors, cookie)
    middleware = Middleware(
        AccessMiddleware,
        admission=admission,
        visitors=visitors,
        ownership=Ownership(reviews),
        pages=pages,
        cookie=cookie,
        exchanges=exchanges,
    )
    return Mount("", routes=[*pages.routes(), *behind], middleware=[middleware])


def _nowhere(scope: Scope) -> Scope:
    root = str(scope.get("root_path", ""))
    path = f"{root}{_NOWHERE}"
    return {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}


def _without_lists(query: bytes) -> bytes:
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([(name, text) for name, text in given if name not in _OF_LISTS]).encode()
