"""Moving the clock on whenever every program is only waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from hitl.server.reviews.service import ReviewService

_IDLE: Final = 0.02
"""Seconds of real time without a change after which all programs are taken to be waiting."""


class FastForward:
    """Skips the time in which programs only wait for reviews, to the next moment at which something is due.

    The idea is that of trio's `MockClock(autojump_threshold=...)`.
    """

    def __init__(self, service: ReviewService) -> None:
        self._service = service
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        service.changes.on_watch(self._on_watch)
        service.changes.on_change(self._on_change)

    def _on_watch(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._restart()

    def _on_change(self, review_ids: Sequence[str]) -> None:  # noqa: ARG002 - the signature of a listener
        if self._loop is not None and not self._service.changes.closed:
            self._loop.call_soon_threadsafe(self._restart)

    def _restart(self) -> None:
        assert self._loop is not None  # noqa: S101 - runs in this very loop
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_IDLE, self._jump)

    def _jump(self) -> None:
        changes = self._service.changes
        if self._loop is None or changes.closed or not changes.is_watched:
            return
        # In a thread of its own: what falls due may need this event loop.
        self._loop.run_in_executor(None, self._advance)

    def _advance(self) -> None:
        if self._service.clock.advance_to_next() and self._loop is not None and not self._service.changes.closed:
            self._loop.call_soon_threadsafe(self._restart)
