"""Maintenance of the deliveries: after the clock was set back, and when they grow old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hitl.server.storage import Database
from hitl.server.webhooks.delivery_store import DeliveryStore
from hitl.server.webhooks.schedule import PAUSES

KEPT_DAYS: Final = 90
"""Days after which a finished delivery leaves the log, with its attempts."""

_INTERVAL: Final = timedelta(hours=1)
_BATCH: Final = 500  # rows, so that a long log blocks nothing


class Retention:
    """Maintains the deliveries of one database; the deliverer calls it whenever it reads what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = DeliveryStore(database)
        self._seen: datetime | None = None
        self._next: datetime | None = None

    def run(self, now: datetime) -> None:
        """Do what is necessary at this time.

        At the first call and whenever the clock was set back, no delivery may wait longer than its schedule says: the
        sandbox that wrote the rows may have had another time.
        """
        if self._seen is None or now < self._seen:
            with self._database.transaction():
                self._store.bring_forward(now, (timedelta(0), *PAUSES))
            self._next = now
        self._seen = now
        if self._next is None or now >= self._next:
            with self._database.transaction():
                deleted = self._store.delete_finished(now - timedelta(days=KEPT_DAYS), _BATCH)
            self._next = now + _INTERVAL if deleted < _BATCH else now
