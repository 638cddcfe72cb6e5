"""The server's clock: the time of this machine, plus whatever a test adds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from hitl.server.primitives.timestamps import Duration, duration, utc_now

Now: TypeAlias = Callable[[], datetime]
"""Returns the present moment, aware."""


@dataclass(frozen=True, slots=True)
class _Sleeper:
    look_again: Callable[[], object]
    due: Callable[[], datetime | None] | None


class Clock:
    """Returns the present time, and can be moved forward.

    It runs as the clock beneath it does. `advance` adds to that, and stops on the way at every moment when something
    is due, so that things happen in the order and at the times in which they would have happened by themselves.

    Example:
        >>> from datetime import timedelta
        >>> clock = Clock()
        >>> before = clock()
        >>> clock.advance("72h")
        >>> clock() - before >= timedelta(hours=72)
        True
    """

    def __init__(self, now: Now = utc_now) -> None:
        """Begin with the time of `now`; if that stands still, only `advance` moves the clock."""
        self._now = now
        self._lock = threading.Lock()
        self._moving = threading.RLock()
        self._sleepers: list[_Sleeper] = []
        self.ahead = timedelta(0)

    @classmethod
    def over(cls, now: Now) -> Clock:
        """Return `now` itself if it is a clock, else a clock that runs as `now` does."""
        return now if isinstance(now, cls) else cls(now)

    def __call__(self) -> datetime:
        """Return the present moment, aware."""
        return self._now() + self.ahead

    def on_advance(
        self, look_again: Callable[[], object], *, due: Callable[[], datetime | None] | None = None
    ) -> Callable[[], None]:
        """Call `look_again` whenever the clock was moved, and return a function that ends that.

        Args:
            look_again: Called in the thread that moves the clock, once for each stop; it may move nothing itself.
            due: Returns the next moment at which there will be something to do, for the clock to stop at; None if
                there is no such moment. Without it the clock does not stop for this one.
        """
        sleeper = _Sleeper(look_again, due)
        with self._lock:
            self._sleepers.append(sleeper)
        return lambda: self._forget(sleeper)

    def advance(self, by: Duration) -> None:
        """Move the clock forward and return when everything that fell due has been done.

        Args:
            by: Seconds, a timedelta, or text such as "72h" or "1h30m" with the units s, m, h, d, w.

        Raises:
            ValueError: `by` is no length of time, is negative, or leads beyond the year 9999.
        """
        with self._moving:
            try:
                target = self() + duration(by)
            except OverflowError as error:
                raise ValueError(f"{by!r} leads beyond the year 9999") from error
            self._wake()  # what is overdue comes first, since it may decide what is due next
            while (stop := self.next_due()) is not None and stop < target:
                self._move_to(stop)
                self._wake()
            self._move_to(target)
            self._wake()

    def advance_to_next(self) -> bool:
        """Move forward to the next moment at which something is due; False, and nothing moves, if nothing ever is."""
        with self._moving:
            self._wake()
            stop = self.next_due()
            if stop is not None:
                self._move_to(stop)
                self._wake()
            return stop is not None

    def next_due(self) -> datetime | None:
        """Return the next time, from now on, at which something will fall due."""
        now = self()
        times = [each.due() for each in self._all() if each.due is not None]
        return min((time for time in times if time is not None and time > now), default=None)

    def _move_to(self, time: datetime) -> None:
        """Move forward to a moment, unless it has passed meanwhile."""
        with self._lock:
            self.ahead += max(timedelta(0), time - self())

    def _forget(self, sleeper: _Sleeper) -> None:
        with self._lock:
            self._sleepers = [each for each in self._sleepers if each is not sleeper]

    def _wake(self) -> None:
        for each in self._all():
            each.look_again()

    def _all(self) -> list[_Sleeper]:
        with self._lock:
            return list(self._sleepers)
