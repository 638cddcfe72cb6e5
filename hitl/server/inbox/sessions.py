"""Sessions of the inbox: single-use links that begin them, and cookies that continue them; no page opens without one.

A session is a random secret of one browser; the database keeps its digest only, so a copy of it admits nobody.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.access import FORM_TOKEN, form_token
from hitl.server.http.page_answers import json_error, reloading, wants_json
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.session_store import SessionStore
from hitl.server.primitives import to_wire, utc_now
from hitl.server.primitives.errors import ApiError
from hitl.server.storage import Database

SESSION_DAYS: Final = 30
"""Days until a session ends."""

_MOST_LINKS: Final = 1000  # open at a time; beyond that the oldest stop working


class Sessions:
    """The sessions of one database; any thread may call any method.

    They survive restarts, so that a reviewer at work is not locked out. Links do not: each start has its own.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        """Keep the sessions in a database; `clock` is real time, so that a test's clock ends no session."""
        self._database = database
        self._store = SessionStore(database)
        self._clock = clock
        self._links: dict[str, None] = {}

    def new_link(self) -> str:
        """Return a token that begins one session."""
        token = secrets.token_urlsafe(16)  # 128 bits; a longer link would not fit on a line of a terminal
        with self._database.lock:
            self._links[_digest(token)] = None
            if len(self._links) > _MOST_LINKS:
                del self._links[next(iter(self._links))]
        return token

    def begin(self, token: str) -> str | None:
        """Use a token up and return the new session; None for a used or unknown token."""
        with self._database.lock:
            if _digest(token) not in self._links:
                return None
            session = secrets.token_urlsafe(32)
            with self._database.transaction():
                self._store.delete_before(self._oldest())
                self._store.add(_digest(session), to_wire(self._clock()))
            del self._links[_digest(token)]
            return session

    def is_known(self, session: str) -> bool:
        """Return whether a session was begun here and has not ended."""
        # The lookup's time may reveal how much of a digest matches, but nobody can choose a digest.
        return self._store.has(_digest(session), self._oldest())

    def _oldest(self) -> str:
        return to_wire(self._clock() - timedelta(days=SESSION_DAYS))


def _digest(text: str) -> str:
    # A fast hash is enough for random secrets of this length.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_ENTRY: Final = re.compile(r"/enter/([\w-]{1,100})(/.*)?", re.ASCII | re.DOTALL)
_STATIC: Final = "/static/"  # public, and used by the locked page


class InboxSessionMiddleware:
    """ASGI middleware, to be mounted where the inbox is."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions
        self._renderer = PageRenderer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        request = Request(scope)
        base = str(scope.get("root_path", ""))
        answer = self._answer(request, base, scope["path"].removeprefix(base))
        await (answer or self._app)(scope, receive, send)

    def _answer(self, request: Request, base: str, path: str) -> Response | None:
        """Return the answer to requests that may not pass, None for others."""
        if path.startswith(_STATIC):
            return None
        session = self._session(request)
        entry = _ENTRY.fullmatch(path)
        if entry and request.method == "GET":
            return self._enter(request, base, entry[1], entry[2] or "/", is_inside=session is not None)
        if session is not None:
            request.scope[FORM_TOKEN] = form_token(session)
            return None
        if (again := reloading(request)) is not None:
            return again
        if wants_json(request):
            return json_error(ApiError(401, "no_session", "Open the inbox with a link from `hitl sandbox` first."))
        return self._locked(base)

    def _enter(self, request: Request, base: str, token: str, path: str, *, is_inside: bool) -> Response:
        """Begin a session and redirect to the page of the link, whose address holds no token."""
        session = self._sessions.begin(token)
        if session is None and not is_inside:
            return self._locked(base, is_used=True)
        query = f"?{request.url.query}" if request.url.query else ""
        answer = RedirectResponse(f"{base}{path}{query}", status_code=303, headers={"Cache-Control": "no-store"})
        if session is not None:
            answer.set_cookie(
                _cookie_of(request),
                session,
                max_age=SESSION_DAYS * 24 * 3600,
                path=base or "/",
                httponly=True,
                samesite="strict",
            )
        return answer

    def _session(self, request: Request) -> str | None:
        session = request.cookies.get(_cookie_of(request))
        return session if session is not None and self._sessions.is_known(session) else None

    def _locked(self, base: str, *, is_used: bool = False) -> Response:
        return self._renderer.response("locked.html", {"base": base, "is_used": is_used}, 401)


def _cookie_of(request: Request) -> str:
    """Return the cookie's name: browsers send the cookies of one host to all of its ports (RFC 6265, section 8.5)."""
    address = request.scope.get("server") or ("", 0)
    return f"hitl_inbox_{address[1]}"
