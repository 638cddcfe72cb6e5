"""Keeping the list of deliveries in order: when the clock was set back, and when its rows grow old."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from hitl.server.primitives.timestamps import to_wire
from hitl.server.storage.database import Database
from hitl.server.webhooks.schedule import PAUSES

KEPT_DAYS: Final = 90
"""Days after which a delivery that is over leaves the log, with its attempts."""

_EVERY: Final = timedelta(hours=1)
_AT_ONCE: Final = 500  # rows, so that nobody waits for the rest of them

# By number, the order in which they were written: the first that is young enough ends the search.
_OLD: Final = """
    SELECT number FROM deliveries WHERE status != 'pending' AND created_at < :limit AND number < coalesce(
        (SELECT number FROM deliveries WHERE created_at >= :limit ORDER BY number LIMIT 1), 9223372036854775807
    ) ORDER BY number LIMIT :most
"""


class Upkeep:
    """Looks after the deliveries of one database; the deliverer calls it whenever it looks for what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: datetime | None = None
        self._next: datetime | None = None

    def look(self, now: datetime) -> None:
        """Do what there is to do at this moment.

        At the first look as well as whenever the clock was set back meanwhile: the sandbox that wrote the rows may have
        had another time.
        """
        if self._seen is None or now < self._seen:
            self.catch_up(now)
            self._next = now
        self._seen = now
        if self._next is None or now >= self._next:
            is_done = self.forget(now - timedelta(days=KEPT_DAYS)) < _AT_ONCE
            self._next = now + _EVERY if is_done else now

    def catch_up(self, now: datetime) -> None:
        """Let no delivery wait longer than the schedule has it, as it would after the clock was set back."""
        with self._database.transaction():
            for tries, pause in enumerate((timedelta(0), *PAUSES)):
                latest = to_wire(now + pause)
                self._database.execute(
                    "UPDATE deliveries SET due_at = ? WHERE status = 'pending' AND tries = ? AND due_at > ?",
                    (latest, tries, latest),
                )

    def forget(self, before: datetime) -> int:
        """Delete some of the deliveries that are over and were made before a moment; return how many."""
        with self._database.transaction():
            old = self._database.rows(_OLD, {"limit": to_wire(before), "most": _AT_ONCE})
            numbers = json.dumps([number for (number,) in old])
            for statement in (
                "DELETE FROM attempts WHERE delivery_number IN (SELECT value FROM json_each(?))",
                "DELETE FROM deliveries WHERE number IN (SELECT value FROM json_each(?))",
            ):
                self._database.execute(statement, (numbers,))
            return len(old)
