"""The background worker that expires what is due, so that callbacks are sent on time without any request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from hitl.server.primitives import Clock
from hitl.server.storage import ChangeNotifier

_log = logging.getLogger("hitl.server")

_LONGEST: Final = 30.0
"""Maximum seconds between two checks, because the clock of a machine may be set."""

_SHORTEST: Final = 0.05
"""Minimum seconds between two checks, so that many changes cost one: a call sees what is due before it without this."""
_AFTER_ERROR: Final = 5.0


class ExpiryWorker:
    """Calls `tick` whenever something is due by the clock, for as long as the server runs."""

    def __init__(self, clock: Clock, changes: ChangeNotifier, tick: Callable[[], object]) -> None:
        self._clock = clock
        self._changes = changes
        self._tick = tick

    async def run(self) -> None:
        """Work until cancelled, or until the server closes."""
        with self._changes.watch(None, is_request=False) as watch:
            leave_clock = self._clock.on_advance(watch.wake)  # moving the clock brings due times nearer
            try:
                while not self._changes.closed:
                    rest = self._check()
                    await asyncio.sleep(_SHORTEST)
                    await watch.change(rest - _SHORTEST)
            finally:
                leave_clock()

    def _check(self) -> float:
        """Carry out what is due, and return the seconds until the next check."""
        try:
            self._tick()
            due = self._clock.next_due()
        except Exception:  # such as a full disk: nothing is lost, and the next check repeats it
            _log.exception("what is due could not be carried out; it is tried again")
            return _AFTER_ERROR
        if due is None:
            return _LONGEST
        return min(_LONGEST, max(_SHORTEST, (due - self._clock()).total_seconds()))
