"""A lease on an event: one attempt to handle it at a time, and none after one has succeeded.

A `ReplayGuard` stores entries that expire, and nothing else. So the lease keeps two entries for each name of the event:

    "<name> running"    an attempt is in progress
    "<name>"            an attempt is in progress, or has succeeded

During an attempt both expire after `LEASE` seconds, so that a process that dies blocks the event no longer than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from hitl.webhooks._events import retained_until
from hitl.webhooks._replay import ReplayGuard

LEASE: Final = 300.0
"""Seconds that the handlers of an event may take; a server waits for a response no longer than 30."""


State: TypeAlias = Literal["new", "running", "done"]


class Lease:
    """One attempt to handle an event; all methods may block."""

    def __init__(self, guard: ReplayGuard, names: Sequence[str]) -> None:
        self._guard = guard
        self._names = names
        self._running = [f"{name} running" for name in names]  # no name has a space

    def acquire(self) -> State:
        """Begin the attempt if the event is new; otherwise change nothing."""
        expires = time.time() + LEASE
        if not self._claim(self._running, expires):
            return "running"
        if not self._claim(self._names, expires):
            self._forget(self._running)
            return "done"
        return "new"

    def complete(self) -> None:
        """End the attempt: the event is handled."""
        expires = retained_until(None)
        for name in self._names:
            # A guard cannot extend an entry. Nobody else can claim it in between: it is still marked as running.
            self._guard.forget(name)
            self._guard.first_time(name, expires)
        self._forget(self._running)

    def release(self) -> None:
        """End the attempt: the next delivery starts afresh."""
        self._forget([*self._names, *self._running])

    def _claim(self, names: Sequence[str], expires: float) -> bool:
        for position, name in enumerate(names):
            if not self._guard.first_time(name, expires):
                self._forget(names[:position])
                return False
        return True

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._guard.forget(name)
