"""Tickets, in SQL, by the digests of their tokens; callers open the transactions."""

from __future__ import annotations

from typing import NamedTuple

from hitl.server.storage import Store


class StoredTicket(NamedTuple):
    """A row of the table; `ended_why` is None as long as nothing but its time ends the ticket."""

    digest: str
    kind: str
    person_id: str
    review_id: str | None
    code_digest: str
    wrong_codes: int
    created_at: str
    created_by: str
    expires_at: str
    ended_why: str | None = None


_COLUMNS = ", ".join(StoredTicket._fields)


class TicketStore(Store):
    """The statements, over one database."""

    def add(self, ticket: StoredTicket) -> None:
        """Store a new ticket."""
        self._database.execute(
            f"INSERT INTO tickets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed words
            ticket,
        )

    def get(self, digest: str) -> StoredTicket | None:
        """Return a ticket, whatever became of it."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM tickets WHERE digest = ?", (digest,))  # noqa: S608 - fixed words
        return None if row is None else StoredTicket(*row)

    def use(self, digest: str, now: str) -> bool:
        """Use a ticket up; False if it has ended, also a moment ago."""
        sql = (
            "UPDATE tickets SET used_at = ?, ended_at = ?, ended_why = 'used' "
            "WHERE digest = ? AND ended_at IS NULL AND expires_at > ? RETURNING digest"
        )
        return self._database.row(sql, (now, now, digest, now)) is not None

    def count_wrong_code(self, digest: str, now: str, most: int) -> None:
        """Count a wrong code, and end the ticket with the last that it takes."""
        self._database.execute(
            "UPDATE tickets SET wrong_codes = wrong_codes + 1, "
            "ended_at = CASE WHEN wrong_codes + 1 >= ? THEN ? END, "
            "ended_why = CASE WHEN wrong_codes + 1 >= ? THEN 'codes' END "
            "WHERE digest = ? AND ended_at IS NULL",
            (most, now, most, digest),
        )

    def end_of_person(self, person_id: str, now: str, why: str, kind: str | None = None) -> None:
        """End the tickets of a person, or those of one kind."""
        self._database.execute(
            "UPDATE tickets SET ended_at = ?, ended_why = ? "
            "WHERE person_id = ? AND ended_at IS NULL AND kind = coalesce(?, kind)",
            (now, why, person_id, kind),
        )

    def end_of_review(self, review_id: str, now: str, why: str, person_id: str | None = None) -> None:
        """End the tickets of messages about a review, or those of one person."""
        self._database.execute(
            "UPDATE tickets SET ended_at = ?, ended_why = ? "
            "WHERE review_id = ? AND ended_at IS NULL AND kind = 'message' AND person_id = coalesce(?, person_id)",
            (now, why, review_id, person_id),
        )

    def delete_before(self, expired_at: str) -> None:
        """Delete the tickets that expired before a moment."""
        self._database.execute("DELETE FROM tickets WHERE expires_at < ?", (expired_at,))
