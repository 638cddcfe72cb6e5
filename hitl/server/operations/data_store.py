"""What the operators of a server ask of its data file as a whole, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from hitl.server.reviews.lifecycle import FINAL, OPEN
from hitl.server.storage import Database, Reader, Row

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

    # For the metrics

    def open_by_template(self) -> list[Row]:
        """Return the templates that have open reviews, and how many."""
        sql = "SELECT template_id, count(*) FROM reviews WHERE status IN (SELECT value FROM json_each(?)) GROUP BY 1"
        return self._database.rows(sql, (json.dumps(OPEN),))

    def oldest_open(self) -> str | None:
        """Return when the oldest open review was created, in wire form."""
        sql = "SELECT min(created_at) FROM reviews WHERE status IN (SELECT value FROM json_each(?))"
        oldest: str | None = self._database.value(sql, (json.dumps(OPEN),))
        return oldest

    def last_step(self) -> int:
        """Return the number of the last step in the history of any review."""
        step: int = self._database.value("SELECT coalesce(max(step), 0) FROM reviews")
        return step

    def ended_between(self, after: int, last: int) -> list[Row]:
        """Return how reviews ended in these steps, and when they were created and ended, in wire form."""
        return self._database.rows(
            "SELECT event, reviews.created_at, at FROM steps JOIN reviews ON reviews.number = review_number "
            "WHERE steps.number > ? AND steps.number <= ? AND event IN (SELECT value FROM json_each(?))",
            (after, last, json.dumps(FINAL)),
        )

    def pending_deliveries(self) -> int:
        """Return how many deliveries wait."""
        pending: int = self._database.value("SELECT count(*) FROM deliveries WHERE status = 'pending'")
        return pending

    def held_deliveries(self) -> int:
        """Return how many deliveries a restore has held back."""
        held: int = self._database.value("SELECT count(*) FROM deliveries WHERE status = 'pending' AND due_at IS NULL")
        return held

    def last_attempt(self) -> int:
        """Return the number of the last attempt to deliver."""
        attempt: int = self._database.value("SELECT coalesce(max(number), 0) FROM attempts")
        return attempt

    def attempts_between(self, after: int, last: int) -> list[Row]:
        """Return the outcomes of these attempts, and how many there were of each."""
        return self._database.rows(
            "SELECT CASE WHEN status_code BETWEEN 200 AND 299 THEN 'delivered' WHEN status_code IS NULL THEN "
            "'unanswered' ELSE 'refused' END, count(*) FROM attempts WHERE number > ? AND number <= ? GROUP BY 1",
            (after, last),
        )

    def ended_messages(self) -> list[Row]:
        """Return kinds and outcomes of the messages that have ended, and how many there were of each."""
        sql = "SELECT kind, state, count(*) FROM messages WHERE state NOT IN ('planned', 'sending') GROUP BY 1, 2"
        return self._database.rows(sql) if self._has("messages") else []

    def failing_channels(self) -> int:
        """Return how many channels fail."""
        sql = "SELECT count(*) FROM channels WHERE state = 'failing'"
        failing: int = self._database.value(sql) if self._has("channels") else 0
        return failing

    def sign_ins(self) -> list[Row]:
        """Return how people signed in, with the outcome, and how often."""
        sessions = "SELECT how, 'ok', count(*) FROM person_sessions GROUP BY 1"
        codes = "SELECT kind, 'wrong_code', sum(wrong_codes) FROM tickets GROUP BY 1 HAVING sum(wrong_codes) > 0"
        return [
            *(self._database.rows(sessions) if self._has("person_sessions") else []),
            *(self._database.rows(codes) if self._has("tickets") else []),
        ]

    def _count(self, table: str) -> int:
        counted: int = self._database.value(f"SELECT count(*) FROM {table}") if self._has(table) else 0  # noqa: S608 - fixed words
        return counted

    def _has(self, table: str) -> bool:
        return bool(self._database.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))
