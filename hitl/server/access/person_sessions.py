"""The sessions of people: how long they last, who ends them, and what ends with them.

A session is a random secret of one browser, of which the database keeps a digest. It is bound to a person, never to an
address or a kind of browser: phones change the one hourly, and who steals a cookie copies the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from hitl.server.access.session_store import PersonSession, SessionStore
from hitl.server.access.tickets import digest_of
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.people import Person
from hitl.server.primitives import Actor, Clock, Role, from_wire, not_found, to_wire
from hitl.server.storage import Audit, Database, StorageError


class Life(NamedTuple):
    """How long a session may rest, and how long it lasts at most."""

    idle: timedelta
    whole: timedelta


LIVES: Final[Mapping[Role, Life]] = MappingProxyType(
    {
        "reviewer": Life(timedelta(days=7), timedelta(days=30)),
        "lead": Life(timedelta(days=7), timedelta(days=30)),
        "admin": Life(timedelta(hours=24), timedelta(days=7)),
    }
)

OF_ONE_REVIEW: Final = Life(timedelta(hours=12), timedelta(hours=12))

AFTER_THE_REVIEW: Final = timedelta(minutes=10)
"""How long a session for one review outlives the review, to show what became of the answer."""

_NOTED_EVERY: Final = timedelta(minutes=5)
"""How old the note of the last use may be: reading must not cost a commit."""

_KEPT: Final = timedelta(days=30)
_LONGEST_AGENT: Final = 120


class Browser(NamedTuple):
    """What a request says of the browser that signs in."""

    address: str = ""
    """From where it comes, for the list of sessions."""

    agent: str = ""
    """What it says that it is, for the same."""

    secret: str | None = None
    """Its session so far."""


class PersonSessions:
    """The sessions of one database; any thread may call any method."""

    def __init__(self, database: Database, audit: Audit, clock: Clock, exchanges: OpenExchanges) -> None:
        """Keep sessions in a database; what is held open for one in `exchanges` ends with it."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._exchanges = exchanges
        self._store = SessionStore(database)

    def begin(
        self, person: Person, how: str, browser: Browser, *, review_id: str | None = None
    ) -> tuple[PersonSession, str]:
        """Begin a session, and return it with its secret; the one that the browser had before ends.

        Args:
            person: Who signs in.
            how: `invite`, `signin`, `message` or `header`.
            browser: Where.
            review_id: The only review that it opens; None for all.
        """
        now = self._clock()
        life = LIVES[person.role] if review_id is None else OF_ONE_REVIEW
        secret = secrets.token_urlsafe(32)
        session = PersonSession(
            id=f"ses_{secrets.token_hex(12)}",
            person_id=person.id,
            scope="full" if review_id is None else "review",
            review_id=review_id,
            how=how,
            begun_at=to_wire(now),
            seen_at=to_wire(now),
            idle_ends_at=to_wire(now + life.idle),
            ends_at=to_wire(now + life.whole),
            address=browser.address,
            agent=browser.agent[:_LONGEST_AGENT],
        )
        with self._database.transaction():
            self._store.delete_before(to_wire(now - _KEPT))
            if browser.secret and (before := self._store.by_digest(digest_of(browser.secret))) is not None:
                self._end([before], "replaced")
            self._store.add(digest_of(secret), session)
            detail = {"session": session.id, "how": how, "scope": session.scope, "review": review_id}
            self._audit.record("session.begun", person.id, at=to_wire(now), actor=person.actor(), detail=detail)
        return session, secret

    def find(self, secret: str) -> PersonSession | None:
        """Return the session of a browser's secret, unless it has ended."""
        with self._database.lock:
            session = self._store.by_digest(digest_of(secret))
        return session if session is not None and session.is_open(to_wire(self._clock())) else None

    def is_open(self, session_id: str) -> bool:
        """Return whether a session has not ended."""
        with self._database.lock:
            session = self._store.get(session_id)
        return session is not None and session.is_open(to_wire(self._clock()))

    def seconds_left(self, session: PersonSession) -> float:
        """Return for how long a session may still be used."""
        return (from_wire(session.ends_at) - self._clock()).total_seconds()

    def needs_note(self, session: PersonSession) -> bool:
        """Return whether the note of its last use is old enough to be written anew."""
        return abs(self._clock() - from_wire(session.seen_at)) >= _NOTED_EVERY

    def note_use(self, session: PersonSession, role: Role) -> None:
        """Note that a session is used; a full disk keeps nobody from reading."""
        now = self._clock()
        life = LIVES[role] if session.review_id is None else OF_ONE_REVIEW
        with suppress(StorageError), self._database.transaction():
            self._store.note_use(session.id, to_wire(now), to_wire(now + life.idle))

    def of(self, person_id: str) -> list[PersonSession]:
        """Return the sessions of a person that have not ended, the last used first."""
        with self._database.lock:
            return self._store.open(to_wire(self._clock()), person_id)

    def counts(self) -> Mapping[str, tuple[int, str]]:
        """Return how many sessions each person has, and when the last of them was used."""
        with self._database.lock:
            sessions = self._store.open(to_wire(self._clock()))
        found: dict[str, tuple[int, str]] = {}
        for session in sessions:
            count, seen = found.get(session.person_id, (0, ""))
            found[session.person_id] = (count + 1, max(seen, session.seen_at))
        return found

    def revoke(self, session_id: str, *, by: Actor, of: str | None = None) -> PersonSession:
        """End a session by its id; 404 for one that is unknown, has ended, or is not a certain person's."""
        with self._database.transaction():
            session = self._store.get(session_id)
            is_theirs = session is not None and of in (None, session.person_id)
            if session is None or not is_theirs or not session.is_open(to_wire(self._clock())):
                raise not_found("session", session_id)
            self._end([session], "revoked")
            self._record("session.revoked", session, by)
        return session

    def revoke_all(self, person_id: str, *, by: Actor, but: str | None = None) -> int:
        """End all sessions of a person, or all but one, and return how many."""
        with self._database.transaction():
            sessions = [each for each in self.of(person_id) if each.id != but]
            self._end(sessions, "revoked")
            for session in sessions:
                self._record("session.revoked", session, by)
        return len(sessions)

    def sign_out(self, session: PersonSession, *, by: Actor) -> None:
        """End the session of the browser that asks for it."""
        with self._database.transaction():
            self._end([session], "signed_out")
            self._record("session.signed_out", session, by)

    def end_of_person(self, person_id: str, why: str) -> None:
        """End all sessions of a person, in the transaction of what ends them."""
        with self._database.transaction():
            self._end(self.of(person_id), why)

    def end_of_review(self, review_id: str) -> None:
        """Let the sessions for one review end soon, in the transaction in which it ends."""
        now = self._clock()
        with self._database.transaction():
            for session in self._store.open(to_wire(now), review_id=review_id):
                self._store.end_at(session.id, to_wire(now + AFTER_THE_REVIEW))

    def _end(self, sessions: Iterable[PersonSession], why: str) -> None:
        now = to_wire(self._clock())
        ended = [session.id for session in sessions if self._store.end(session.id, now, why)]
        self._database.after_commit([partial(self._exchanges.end, session_id) for session_id in ended])

    def _record(self, event: str, session: PersonSession, by: Actor) -> None:
        detail = {"session": session.id}
        self._audit.record(event, session.person_id, at=to_wire(self._clock()), actor=by, detail=detail)
