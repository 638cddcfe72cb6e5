"""Letting happen what time brings while nobody asks: a request that times out calls back on time, unread."""

from __future__ import annotations

import logging
from typing import Final

from hitl.server.reviews.service import ReviewService

_log = logging.getLogger("hitl.server")

_LONGEST: Final = 30.0
"""Seconds until the next look at the latest, because the clock of a machine may be set."""

_SHORTEST: Final = 0.001  # never spin, whatever the desk's clock does
_AFTER_A_FAULT: Final = 5.0


class ExpiryWorker:
    """Looks at the desk whenever something is due there, for as long as the server runs."""

    def __init__(self, desk: ReviewService) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Look until cancelled, or until the desk is closed."""
        changes, clock = self._desk.changes, self._desk.clock
        with changes.watch_all() as watch:
            leave_clock = clock.on_advance(watch.wake)  # what is due comes nearer when the clock is moved
            try:
                while not changes.closed:
                    await watch.change(self._look())
            finally:
                leave_clock()

    def _look(self) -> float:
        """Let happen what is due, and return the seconds until the next look."""
        try:
            self._desk.tick()
            due = self._desk.clock.next_due()
        except Exception:  # such as a full disk: nothing is lost, and the next look finds it again
            _log.exception("what is due could not be carried out; it is tried again")
            return _AFTER_A_FAULT
        if due is None:
            return _LONGEST
        return min(_LONGEST, max(_SHORTEST, (due - self._desk.clock()).total_seconds()))
