"""Moving the clock on whenever all that is left to do is to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from hitl.server.reviews.service import ReviewService

_QUIET: Final = 0.02
"""Seconds of real time without news after which nobody is taken to be at work any more."""


class FastForward:
    """Skips the time in which programs only wait for reviews, to the next moment at which something is due.

    The idea is that of trio's `MockClock(autojump_threshold=...)`.
    """

    def __init__(self, desk: ReviewService) -> None:
        self._desk = desk
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        desk.changes.on_watch(self._watched)
        desk.changes.on_change(self._changed)

    def _watched(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._restart()

    def _changed(self, review_ids: Sequence[str]) -> None:  # noqa: ARG002 - the shape of a listener
        if self._loop is not None and not self._desk.changes.closed:
            self._loop.call_soon_threadsafe(self._restart)

    def _restart(self) -> None:
        assert self._loop is not None  # noqa: S101 - called in the loop that was noted down
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_QUIET, self._jump)

    def _jump(self) -> None:
        changes = self._desk.changes
        if self._loop is None or changes.closed or not changes.is_watched:
            return
        # In a thread of its own: what falls due may need this event loop.
        self._loop.run_in_executor(None, self._advance)

    def _advance(self) -> None:
        if self._desk.clock.advance_to_next() and self._loop is not None and not self._desk.changes.closed:
            self._loop.call_soon_threadsafe(self._restart)
