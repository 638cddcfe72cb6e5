"""Sessions of people, in SQL, by the digests of their secrets; callers open the transactions."""

from __future__ import annotations

from typing import NamedTuple

from hitl.server.storage import Store


class PersonSession(NamedTuple):
    """One browser in which somebody is, or was, signed in: a row of the table; moments are in wire form."""

    id: str
    """`ses_` and 24 hexadecimal digits: what lists show, and what is revoked."""

    person_id: str

    scope: str
    """`full`, or `review` for that one review only."""

    review_id: str | None

    how: str
    """`invite`, `signin`, `message` or `header`."""

    begun_at: str

    seen_at: str
    """When it was last used, give or take five minutes."""

    idle_ends_at: str
    ends_at: str

    address: str
    agent: str
    """What the browser says that it is."""

    ended_at: str | None = None
    ended_why: str | None = None

    def is_open(self, now: str) -> bool:
        """Return whether it has not ended at a moment in wire form."""
        return self.ended_at is None and now < self.idle_ends_at and now < self.ends_at


_COLUMNS = ", ".join(PersonSession._fields)


class SessionStore(Store):
    """The statements, over one database."""

    def add(self, digest: str, session: PersonSession) -> None:
        """Store a new session."""
        self._database.execute(
            f"INSERT INTO person_sessions ({_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed words
            (*session, digest),
        )

    def by_digest(self, digest: str) -> PersonSession | None:
        """Return the session of a secret, whatever became of it."""
        return self._one("digest = ?", digest)

    def get(self, session_id: str) -> PersonSession | None:
        """Return a session by its id."""
        return self._one("id = ?", session_id)

    def open(self, now: str, person_id: str | None = None, review_id: str | None = None) -> list[PersonSession]:
        """Return the sessions that have not ended, of a person or a review, the last used first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM person_sessions WHERE ended_at IS NULL AND idle_ends_at > ? AND ends_at > ? "  # noqa: S608 - fixed words
            "AND person_id = coalesce(?, person_id) AND (? IS NULL OR review_id = ?) ORDER BY seen_at DESC, id",
            (now, now, person_id, review_id, review_id),
        )
        return [PersonSession(*row) for row in rows]

    def note_use(self, session_id: str, seen_at: str, idle_ends_at: str) -> None:
        """Note when a session was last used, and until when it may rest."""
        self._database.execute(
            "UPDATE person_sessions SET seen_at = ?, idle_ends_at = ? WHERE id = ? AND ended_at IS NULL",
            (seen_at, idle_ends_at, session_id),
        )

    def end(self, session_id: str, now: str, why: str) -> bool:
        """End a session; False if it has ended already."""
        sql = "UPDATE person_sessions SET ended_at = ?, ended_why = ? WHERE id = ? AND ended_at IS NULL RETURNING id"
        return self._database.row(sql, (now, why, session_id)) is not None

    def end_at(self, session_id: str, ends_at: str) -> None:
        """Let a session end at a moment, if it does not end before."""
        self._database.execute(
            "UPDATE person_sessions SET ends_at = min(ends_at, ?) WHERE id = ?", (ends_at, session_id)
        )

    def delete_before(self, ended_at: str) -> None:
        """Delete the sessions that ended, or would have, before a moment."""
        self._database.execute("DELETE FROM person_sessions WHERE ends_at < ?", (ended_at,))

    def _one(self, condition: str, value: str) -> PersonSession | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM person_sessions WHERE {condition}", (value,))  # noqa: S608 - fixed words
        return None if row is None else PersonSession(*row)
