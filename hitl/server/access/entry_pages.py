"""The pages in front of the inbox: a link's, which asks for its code, and the one that has a sign-in link sent.

None of them tells anything: a link that works, one that was used and one that nobody made have the same page, and so
have the addresses of the team and all others. Opening a page changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from hitl.server.access.admission import Admission
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.csrf import is_form_token
from hitl.server.access.entry_renderer import entry_page
from hitl.server.access.ticket_store import StoredTicket
from hitl.server.access.visitors import Visitors, address_of, browser_of, session_of
from hitl.server.http import in_worker
from hitl.server.http.page_answers import reloading
from hitl.server.primitives import ApiError, actor_of, invalid

_LARGEST_FORM: Final = 10_000  # bytes
_LONGEST_ADDRESS: Final = 254
_REVIEW: Final = re.compile(r"/inbox/reviews/([\w-]{1,100})", re.ASCII)

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class EntryPages:
    """Their handlers."""

    admission: Admission
    visitors: Visitors
    cookie: SessionCookie

    def routes(self) -> list[BaseRoute]:
        """Return the routes, below the prefix of the public URL."""
        asking, entering, again = map(self._answering, (self.link, self.enter, self.again))
        return [
            Route("/enter/{token}", asking),
            Route("/m/{token}", asking),
            Route("/enter/{token}", entering, methods=["POST"]),
            Route("/m/{token}", entering, methods=["POST"]),
            Route("/enter/{token}/again", again, methods=["POST"]),
            Route("/m/{token}/again", again, methods=["POST"]),
            Route("/signin", self._answering(self.sign_in)),
            Route("/signin", self._answering(self.ask), methods=["POST"]),
            Route("/signout", self._answering(self.sign_out), methods=["POST"]),
        ]

    def _answering(self, handler: _Handler) -> _Handler:
        """Return the handler with a page for what it refuses."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except ApiError as error:
                return self.refusal(request, error)
            except ClientDisconnect:
                return Response(status_code=400)  # the client is gone

        return answer

    async def link(self, request: Request) -> Response:
        """Ask for the code of a link, whatever the link is."""
        if not self.visitors.takes_tickets:
            return _redirect(request, "/inbox/")
        actor = actor_of(request.scope)
        if actor is None:
            return reloading(request) or self._page(request, "enter.html")
        ticket = await in_worker(self.admission.tickets.find, request.path_params["token"])
        if ticket is None:
            return self._page(request, "enter.html")
        if ticket.person_id != actor.person_id:
            return self._notice(request, 403, "This link is for somebody else", "Sign out first, if it is for you.")
        if actor.review_id not in (None, ticket.review_id):
            return self._page(request, "enter.html")
        return _redirect(request, _page_of(ticket))

    async def enter(self, request: Request) -> Response:
        """Sign in with the code."""
        if not self.visitors.takes_tickets:
            return _redirect(request, "/inbox/")
        code = re.sub(r"\s", "", (await _form(request)).get("code", ""))
        token, browser = request.path_params["token"], browser_of(request, self.cookie)
        entry = await in_worker(self.admission.enter, token, code, browser)
        if entry.session is not None and entry.ended is not None:
            answer = _redirect(request, _page_of(entry.ended))
            self.cookie.write(request, answer, entry.secret, self.admission.sessions.seconds_left(entry.session))
            return answer
        if entry.ended is not None:
            return self._page(request, "ended.html", 410, code=code, again=f"{request.url.path}/again")
        return self._page(request, "enter.html", 403, is_wrong=True)

    async def again(self, request: Request) -> Response:
        """Have a new link sent to the person of one that has ended."""
        self.admission.limits.spend("signin", address_of(request))
        code = (await _form(request)).get("code", "")
        await in_worker(self.admission.ask_again, request.path_params["token"], code)
        return self._page(request, "sent.html")

    async def sign_in(self, request: Request) -> Response:
        """Ask for the address to which a link is sent."""
        return self._page(request, "signin.html", review=_review_in(request.query_params.get("review", "")))

    async def ask(self, request: Request) -> Response:
        """Have a link sent; the answer is the same for every address."""
        self.admission.limits.spend("signin", address_of(request))
        sent = await _form(request)
        email = sent.get("email", "").strip()
        if not email or len(email) > _LONGEST_ADDRESS:
            raise invalid("Enter your e-mail address.")
        await in_worker(self.admission.ask_for_link, email, _review_in(sent.get("review", "")) or None)
        return self._page(request, "sent.html")

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser."""
        if not is_form_token(request, (await _form(request)).get("form_token", "")):
            return self._notice(request, 403, "Not signed out", "This form is from another session. Reload its page.")
        actor, session = actor_of(request.scope), session_of(request.scope)
        if actor is not None and session is not None:
            await in_worker(self.admission.sessions.sign_out, session, by=actor)
        answer = _redirect(request, "/signin")
        self.cookie.delete(request, answer)
        return answer

    def locked(self, request: Request, path: str) -> Response:
        """Answer a stranger: the form that has a link sent, or first the page once more if another site led here."""
        found = _REVIEW.match(path)
        return reloading(request) or self._page(request, "signin.html", 401, review=found[1] if found else "")

    def refusal(self, request: Request, error: ApiError) -> Response:
        """Answer with what is wrong."""
        title = {403: "Not allowed", 413: "Too large", 429: "Too many attempts"}.get(error.status, "Not sent")
        answer = self._notice(request, error.status, title, error.message, signs_in=error.code == "needs_sign_in")
        answer.headers.update(error.headers)
        return answer

    def _notice(self, request: Request, status: int, title: str, message: str, *, signs_in: bool = False) -> Response:
        return self._page(request, "notice.html", status, title=title, message=message, signs_in=signs_in)

    def _page(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        context.update(base=_base(request), has_links=self.visitors.takes_tickets)
        return entry_page(name, context, status)


def _page_of(ticket: StoredTicket) -> str:
    """Return the page that a link leads to."""
    return "/inbox/" if ticket.review_id is None else f"/inbox/reviews/{ticket.review_id}"


def _base(request: Request) -> str:
    """Return the prefix of the public URL."""
    return str(request.scope.get("root_path", ""))


def _redirect(request: Request, path: str) -> Response:
    return RedirectResponse(f"{_base(request)}{path}", 303, {"cache-control": "no-store"})


def _review_in(text: str) -> str:
    return text if re.fullmatch(r"[\w-]{1,100}", text, re.ASCII) else ""


async def _form(request: Request) -> dict[str, str]:
    """Read a small form; the first text of each name."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise ApiError(413, "payload_too_large", "This form is too large.")
    try:
        sent = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise ApiError(400, "validation_error", "This form is not valid. Open its page again.") from error
    return {name: texts[0] for name, texts in sent.items()}
