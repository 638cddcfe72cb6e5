"""One attempt to handle an event: claimed for as long as it lasts, kept if it succeeds, given back if it fails.

Any `ReplayGuard` can do it, with two entries for each name of an event. "… running" is there while an attempt is under
way; the name itself says that the event was handled, or is being. During an attempt both run out together, so that an
attempt whose process died blocks the event no longer than the lease.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Final

from hitl.webhooks._events import retained_until
from hitl.webhooks._replay import ReplayGuard

LEASE: Final = 300.0
"""Seconds that the handlers of an event may take; a server waits for an answer no longer than 30."""


class State(Enum):
    """What the guard says of an event."""

    NEW = auto()
    RUNNING = auto()
    DONE = auto()


class Claim:
    """The attempt; all of its methods may block."""

    def __init__(self, guard: ReplayGuard, names: Sequence[str]) -> None:
        self._guard = guard
        self._names = names

    def take(self) -> State:
        """Begin the attempt if the event is new; otherwise leave everything as it was."""
        until = time.time() + LEASE
        if not self._take([_running(name) for name in self._names], until):
            return State.RUNNING
        if not self._take(self._names, until):
            self._forget(map(_running, self._names))
            return State.DONE
        return State.NEW

    def keep(self) -> None:
        """End the attempt: the event is handled."""
        expires = retained_until(None)
        for name in self._names:
            # The protocol cannot prolong; what is still marked as running is nobody else's in between.
            self._guard.forget(name)
            self._guard.first_time(name, expires)
        self._forget(map(_running, self._names))

    def release(self) -> None:
        """End the attempt: the next delivery is the first again."""
        self._forget([*self._names, *map(_running, self._names)])

    def _take(self, names: Sequence[str], until: float) -> bool:
        for position, name in enumerate(names):
            if not self._guard.first_time(name, until):
                self._forget(names[:position])
                return False
        return True

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._guard.forget(name)


def _running(name: str) -> str:
    return f"{name} running"  # no name has a space
