"""Tickets: a link, and a code of four digits that stands beside it. Neither is worth anything without the other.

Programs follow links, and press buttons, before people do: mail gateways, previews in chats, scanners. So a link alone
admits nobody, whoever opens it and however often.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from hitl.server.access.ticket_store import StoredTicket, TicketStore
from hitl.server.primitives import MACHINE, Actor, Clock, to_wire
from hitl.server.storage import Database

Kind: TypeAlias = Literal["invite", "signin", "message"]
"""An invitation, a link that was asked for to sign in, or the link of a message about one review."""

LIFETIMES: Final[Mapping[Kind, timedelta]] = MappingProxyType(
    {"invite": timedelta(hours=72), "signin": timedelta(hours=1), "message": timedelta(hours=72)}
)

MOST_WRONG_CODES: Final = 5

_KEPT: Final = timedelta(days=30)
"""How long a ticket that expired is remembered, for the page that says so."""

_CODE: Final = re.compile(r"\d{4}", re.ASCII)


class Ticket(NamedTuple):
    """What its person is sent; nothing here can tell it again."""

    token: str
    """`hlk_` and 32 characters that need no escaping in an address."""

    code: str
    """Four digits."""


class Used(NamedTuple):
    """What became of a token and a code that somebody typed.

    `ticket` is None unless the code is the ticket's; `is_admitted` says whether this was its one use.
    """

    ticket: StoredTicket | None
    is_admitted: bool


class Tickets:
    """The tickets of one database; any thread may call any method."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._store = TicketStore(database)

    def issue(
        self,
        kind: Kind,
        person_id: str,
        review_id: str | None = None,
        expires_at: datetime | None = None,
        *,
        by: Actor = MACHINE,
    ) -> Ticket:
        """Make a ticket for a person.

        An invitation or a sign-in link ends the ones before it. A message's links do not: a reminder leaves the first
        message as it is.

        Args:
            kind: What it is for.
            person_id: Whom it admits.
            review_id: The only review that it opens, for a message; for a sign-in link, where that leads.
            expires_at: When it ends by itself; None for the usual time of its kind, which is also the longest.
            by: Who causes it.
        """
        now = self._clock()
        longest = now + LIFETIMES[kind]
        ticket = Ticket(f"hlk_{secrets.token_urlsafe(24)}", f"{secrets.randbelow(10_000):04d}")
        stored = StoredTicket(
            digest=digest_of(ticket.token),
            kind=kind,
            person_id=person_id,
            review_id=review_id,
            code_digest=digest_of(ticket.token + ticket.code),
            wrong_codes=0,
            created_at=to_wire(now),
            created_by=by.id,
            expires_at=to_wire(min(expires_at or longest, longest)),
        )
        with self._database.transaction():
            self._store.delete_before(to_wire(now - _KEPT))
            if kind != "message":
                self._store.end_of_person(person_id, to_wire(now), "replaced", kind)
            self._store.add(stored)
        return ticket

    def find(self, token: str) -> StoredTicket | None:
        """Return the ticket of a token, whatever became of it; for who is signed in already."""
        with self._database.lock:
            return self._store.get(digest_of(token))

    def use(self, token: str, code: str) -> Used:
        """Use a ticket up, if the code is its own and it has not ended; count a wrong code.

        What is no code, such as the empty field of a form that a program submits, counts for nothing.
        """
        now, digest = to_wire(self._clock()), digest_of(token)
        with self._database.transaction():
            ticket = self.of_code(token, code)
            if ticket is not None:
                return Used(ticket, self._store.use(digest, now))
            if _CODE.fullmatch(code):
                self._store.count_wrong_code(digest, now, MOST_WRONG_CODES)
            return Used(None, is_admitted=False)

    def of_code(self, token: str, code: str) -> StoredTicket | None:
        """Return the ticket that a token and a code belong to, also one that has ended, and count nothing."""
        ticket = self.find(token)
        # The same work for a token that nobody made.
        expected = ticket.code_digest if ticket is not None else digest_of("")
        return ticket if hmac.compare_digest(expected, digest_of(token + code)) else None

    def end_of_person(self, person_id: str, why: str) -> None:
        """End all tickets of a person, in the transaction of what ends them."""
        with self._database.transaction():
            self._store.end_of_person(person_id, to_wire(self._clock()), why)

    def end_of_review(self, review_id: str, why: str = "review_ended", *, person_id: str | None = None) -> None:
        """End the links of all messages about a review, or those to one person, in the transaction of what ends them.

        `why` is "review_ended" or "reassigned".
        """
        with self._database.transaction():
            self._store.end_of_review(review_id, to_wire(self._clock()), why, person_id)


def digest_of(text: str) -> str:
    """Return what is stored of a secret: a fast hash is enough for one that nobody can guess."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
