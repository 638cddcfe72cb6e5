"""How people come in and go: invitations, links, signing in, and what ends when somebody may not be here any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from hitl.server.access.limits import Limits
from hitl.server.access.person_sessions import Browser, PersonSessions
from hitl.server.access.session_store import PersonSession
from hitl.server.access.ticket_store import StoredTicket
from hitl.server.access.tickets import LIFETIMES, Kind, Ticket, Tickets
from hitl.server.people import ROLES, People, Person
from hitl.server.primitives import MACHINE, Actor, ApiError, Clock, Role, conflict, name_key
from hitl.server.storage import Database

DropAnswers: TypeAlias = Callable[[str], None]
"""Keeps the answers of a person, by his address, that are held for some seconds from being given."""

SendLink: TypeAlias = Callable[[str, str | None], None]
"""Sends a link that leads to the inbox, or to a review, to an address: any text that somebody typed, in no transaction.

It writes a row, whoever is asked for, and its worker drops the row of an address that nobody has: who asks learns
nothing from the answer or its time. The worker calls `Admission.sign_in_ticket` when it sends.
"""


def _send_nothing(_email: str, _review_id: str | None) -> None:
    """Send no link: this server has no way to reach people, and `hitl reviewers link` prints one."""


class Invitation(NamedTuple):
    """A person and the ticket that admits him; the token and the code are shown once."""

    person: Person
    ticket: Ticket
    kind: Kind
    expires_at: datetime


class Entry(NamedTuple):
    """What came of a typed code.

    Attributes:
        person: Who signed in; None if nobody did.
        session: The new session, and `secret` what its browser keeps of it.
        ended: The ticket whose code it was, which had ended before if there is no session.
    """

    person: Person | None = None
    session: PersonSession | None = None
    secret: str = ""
    ended: StoredTicket | None = None


_STATE_FOR: Final = {"invite": "invited", "signin": "active", "message": "active"}
"""What a person must be, so that a ticket of a kind admits him."""


class Admission:
    """Signing in and its end; any thread may call any method."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        tickets: Tickets,
        sessions: PersonSessions,
        *,
        drop_answers: DropAnswers,
    ) -> None:
        """Work on the tables of a database; `people` are watched, so that their sessions end with their rights."""
        self._database = database
        self._clock = clock
        self.people = people
        self.tickets = tickets
        self.sessions = sessions
        self.limits = Limits(clock)
        self.send_link: SendLink = _send_nothing
        self._drop_answers = drop_answers
        people.on_change(self._follow)

    def invite(self, email: str, *, name: str = "", role: Role | None = None, by: Actor = MACHINE) -> Invitation:
        """Invite somebody; a second invitation ends the first. ApiError as `People.invite`."""
        with self._database.transaction():
            return self._issue("invite", self.people.invite(email, name=name, role=role, by=by), by)

    def link(self, email: str, *, by: Actor = MACHINE) -> Invitation:
        """Make a link by which somebody signs in, or accepts the invitation; 404 or 409 for who may not come in."""
        with self._database.transaction():
            person = self.people.named(email)
            if person.state == "invited":
                return self._issue("invite", person, by)
            if person.state != "active":
                raise conflict(f"{person.email} is {person.state}; enable the person first")
            return self._issue("signin", person, by)

    def sign_in_ticket(self, email: str, review_id: str | None) -> Invitation | None:
        """Return what is sent to somebody who asked for a sign-in link; None for an address that nobody uses."""
        with self._database.transaction():
            person = self.people.by_email(email)
            if person is None or person.state != "active":
                return None
            return self._issue("signin", person, MACHINE, review_id)

    def ask_for_link(self, email: str, review_id: str | None) -> None:
        """Have a sign-in link sent, at most three an hour for each address; nobody is told whether it was."""
        if self.limits.allows("person", name_key(email)):
            self.send_link(email, review_id)

    def enter(self, token: str, code: str, browser: Browser) -> Entry:
        """Sign in with a link and its code; nothing changes unless both are right."""
        with self._database.transaction():
            ticket, is_admitted = self.tickets.use(token, code)
            if ticket is None:
                return Entry()
            person = self._person_of(ticket)
            if not is_admitted or person is None:
                return Entry(ended=ticket)
            if ticket.kind == "invite":
                person = self.people.activate(person.id, by=person.actor(ticket.kind))
            of_one = ticket.review_id if ticket.kind == "message" else None
            session, secret = self.sessions.begin(person, ticket.kind, browser, review_id=of_one)
            return Entry(person, session, secret, ticket)

    def ask_again(self, token: str, code: str) -> None:
        """Have a new link sent to the person of a link that has ended; the code shows who asks."""
        ticket = self.tickets.of_code(token, code)
        if ticket is not None:
            self.ask_for_link(self.people.get(ticket.person_id).email, ticket.review_id)

    def revoke(self, session_id: str, *, by: Actor, of: str | None = None) -> PersonSession:
        """End a session, and drop what its person has answered in the last seconds; ApiError as the sessions'."""
        with self._database.transaction():
            session = self.sessions.revoke(session_id, by=by, of=of)
            self._drop_answers(self.people.get(session.person_id).email)
        return session

    def revoke_all(self, person_id: str, *, by: Actor, but: str | None = None) -> int:
        """End all sessions of a person, or all but one, with the answers of the last seconds; return how many."""
        with self._database.transaction():
            count = self.sessions.revoke_all(person_id, by=by, but=but)
            if count:
                self._drop_answers(self.people.get(person_id).email)
        return count

    def end_of_review(self, review_id: str) -> None:
        """End the links to a review, and soon the sessions for it, in the transaction in which it ends."""
        with self._database.transaction():
            self.tickets.end_of_review(review_id)
            self.sessions.end_of_review(review_id)

    def _issue(self, kind: Kind, person: Person, by: Actor, review_id: str | None = None) -> Invitation:
        ticket = self.tickets.issue(kind, person.id, review_id, by=by)
        return Invitation(person, ticket, kind, self._clock() + LIFETIMES[kind])

    def _person_of(self, ticket: StoredTicket) -> Person | None:
        try:
            person = self.people.get(ticket.person_id)
        except ApiError:
            return None
        return person if person.state == _STATE_FOR[ticket.kind] else None

    def _follow(self, before: Person, after: Person) -> None:
        """End what a person may not have any more, in the transaction of the change."""
        if after.state in ("disabled", "erased") and before.state != after.state:
            self.tickets.end_of_person(after.id, after.state)
            self.sessions.end_of_person(after.id, after.state)
            self._drop_answers(before.email)
        elif ROLES.index(after.role) > ROLES.index(before.role):
            # More rights are worth a new beginning; fewer hold at once, since the role is read at each request.
            self.sessions.end_of_person(after.id, "role")
