"""What the operators of a server ask of its data file as a whole, in SQL; callers open the transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hitl.server.storage import Database, Reader

# What must not come back with an old copy. A file that has no such table has nothing of the kind.
_ENDED_BY_RESTORE: Final[Mapping[str, str]] = {
    "sessions": "DELETE FROM sessions RETURNING 1",
    "person_sessions": "DELETE FROM person_sessions RETURNING 1",
    "tickets": "DELETE FROM tickets RETURNING 1",
    "messages": "UPDATE messages SET state = 'dropped' WHERE state IN ('planned', 'sending') RETURNING 1",
}
_SESSIONS: Final = ("sessions", "person_sessions")


class DataStore:
    """The statements, over a connection that writes or one that only reads."""

    def __init__(self, database: Database | Reader) -> None:
        self._database = database

    def form(self) -> int:
        """Return the number of schema steps that the file has seen."""
        form: int = self._database.value("PRAGMA user_version")
        return form

    def reviews(self) -> int:
        """Return how many reviews the file holds."""
        return self._count("reviews")

    def end_what_lives(self, *, keep_sessions: bool) -> dict[str, int]:
        """End sessions, tickets and planned messages, and return how many there were by the name of their table."""
        kept = _SESSIONS if keep_sessions else ()
        return {
            table: len(self._database.rows(statement))
            for table, statement in _ENDED_BY_RESTORE.items()
            if table not in kept and self._has(table)
        }

    def _count(self, table: str) -> int:
        counted: int = self._database.value(f"SELECT count(*) FROM {table}") if self._has(table) else 0  # noqa: S608 - fixed words
        return counted

    def _has(self, table: str) -> bool:
        return bool(self._database.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))
