"""One transaction at one moment: time first, then the work, then the news of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from hitl.server.primitives import Clock
from hitl.server.storage.changes import ChangeNotifier
from hitl.server.storage.database import Database


@dataclass(slots=True)
class Work:
    """A transaction under way: its moment, and the ids of what it changes."""

    now: datetime
    changed: list[str] = field(default_factory=list[str])


class UnitOfWork:
    """Runs the transactions of the services over one database, one at a time."""

    def __init__(self, database: Database, clock: Clock, changes: ChangeNotifier) -> None:
        self._database = database
        self.clock = clock
        self.changes = changes

    @contextmanager
    def begin(self, settle: Callable[[Work], None]) -> Generator[Work, None, None]:
        """Let `settle` carry out what has fallen due, run the block, and publish what changed."""
        with self._database.lock:
            work = Work(self.clock())
            with self._database.transaction():
                settle(work)
            # What was due is committed separately: the block may be refused, and time has passed all the same.
            try:
                with self._database.transaction():
                    yield work
            finally:
                self.changes.publish(work.changed)
