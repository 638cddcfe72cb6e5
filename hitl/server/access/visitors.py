"""Who makes a request to a page: the person of its session, or whom a proxy names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from starlette.requests import Request

from hitl.server.access.admission import Admission
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.header_login import ProxyLogin
from hitl.server.access.person_sessions import Browser
from hitl.server.access.session_store import PersonSession
from hitl.server.http import in_worker
from hitl.server.http.proxies import peer_of
from hitl.server.people import Person
from hitl.server.primitives import Actor, ApiError

PERSON: Final = "hitl.person"
"""Where the ASGI scope holds the Person who is signed in."""

ADDRESS: Final = "hitl.pages_address"
"""Where it holds the address that links to these pages begin with, without a slash at its end."""

SESSION: Final = "hitl.session"
"""Where it holds the PersonSession."""


class Visitor(NamedTuple):
    """Somebody who is signed in; `is_new` says that the browser must be given `secret`."""

    person: Person
    session: PersonSession
    secret: str
    is_new: bool = False

    @property
    def actor(self) -> Actor:
        """What everything behind the door knows of him; his role is that of this moment."""
        return self.person.actor(self.session.how, self.session.review_id)


@dataclass(frozen=True, slots=True)
class Visitors:
    """Finds out who it is."""

    admission: Admission
    cookie: SessionCookie
    header_login: ProxyLogin | None

    @property
    def takes_tickets(self) -> bool:
        """Whether links begin sessions: not where a proxy says who somebody is."""
        return self.header_login is None

    async def find(self, request: Request) -> Visitor | None:
        """Return who it is; None for a stranger."""
        visitor = self._of_cookie(request)
        if self.header_login is not None:
            visitor = await in_worker(self._of_header, self.header_login, request, visitor)
        elif visitor is not None and visitor.session.how == "header":
            return None  # its proxy is not asked any more
        if visitor is not None and self.admission.sessions.needs_note(visitor.session):
            await in_worker(self.admission.sessions.note_use, visitor.session, visitor.person.role)
        return visitor

    def _of_cookie(self, request: Request) -> Visitor | None:
        secret = self.cookie.read(request)
        session = None if secret is None else self.admission.sessions.find(secret)
        if secret is None or session is None:
            return None
        try:
            person = self.admission.people.get(session.person_id)
        except ApiError:
            return None
        return Visitor(person, session, secret) if person.state == "active" else None

    def _of_header(self, login: ProxyLogin, request: Request, visitor: Visitor | None) -> Visitor | None:
        """Return whom the proxy names, with a session of his own, which carries nothing but the tokens of forms."""
        person = login.person(request)
        is_same = visitor is not None and person is not None and visitor.person.id == person.id
        if visitor is not None and is_same and visitor.session.how == "header":
            return visitor
        if visitor is not None and not is_same:  # signed out at the provider, or somebody else
            self.admission.sessions.sign_out(visitor.session, by=visitor.actor)
        if person is None:
            return None
        session, secret = self.admission.sessions.begin(person, "header", browser_of(request, self.cookie))
        return Visitor(person, session, secret, is_new=True)


def browser_of(request: Request, cookie: SessionCookie) -> Browser:
    """Return what a request says of its browser."""
    return Browser(address_of(request), request.headers.get("user-agent", ""), cookie.read(request))


def address_of(request: Request) -> str:
    """Return the address from which a request comes, which is a name to count by and to show, never a proof."""
    return peer_of(request.scope).address


def person_of(scope: Mapping[str, Any]) -> Person | None:
    """Return the person who is signed in; None for a stranger, and in a sandbox."""
    person: Person | None = scope.get(PERSON)
    return person


def session_of(scope: Mapping[str, Any]) -> PersonSession | None:
    """Return the session of the browser; None without one, and in a sandbox."""
    session: PersonSession | None = scope.get(SESSION)
    return session
