"""How many requests of a batch are under way, and when none may be: one decision for all of its items.

The number grows and shrinks as a TCP sender's window does (RFC 5681): it doubles with each round of answers until the
server first refuses, grows by one a round from then on, and is halved by a refusal. Like TCP Vegas it also stops
growing when answers take longer, since more requests would only queue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from threading import Lock
from typing import Final

from hitl._calls import LONGEST_RETRY_AFTER, Backoff, retry_after
from hitl._engine import Response

BEGIN: Final = 16  # requests that a batch begins with
SLOW: Final = 2.0  # times the best mean time of a round; beyond it the server is not quick any more
PATIENCE: Final = 5  # pauses in a row without a single success between them, before a batch gives up
LONGEST_PAUSE: Final = 60.0  # seconds, where the server does not say how long
RETRY_SLOT: Final = 0.05  # seconds after which one who waits for others to come back asks again
PAUSES: Final = Backoff(PATIENCE, 1.0, LONGEST_PAUSE)


class ConcurrencyLimiter:
    """Shared by the items of one batch; may be asked from any thread.

    Args:
        most: Requests under way at most.
        monotonic: The clock of all times here, in seconds.
        backoff: The pauses after refusals in a row.

    Attributes:
        closed_for: Seconds that the server asked for, too many to wait, or 0.0 if it refused too often; None as long
            as the batch goes on.
    """

    def __init__(self, most: int, monotonic: Callable[[], float], backoff: Backoff = PAUSES) -> None:
        self.monotonic = monotonic
        self.closed_for: float | None = None
        self._most = most
        self._backoff = backoff
        self._width = min(BEGIN, most)
        self._was_refused = False
        self._under_way = 0
        self._line: dict[object, None] = {}  # those who wait, in the order in which they came
        self._opens = self._narrowed = -math.inf
        self._refusals = 0  # pauses in a row
        self._round = _Round()
        self._best = math.inf
        self._lock = Lock()

    def width(self) -> int:
        """Return how many requests may be under way now."""
        return self._width

    def pause(self) -> float:
        """Return the seconds until requests may be sent again; 0 if they may."""
        return max(0.0, self._opens - self.monotonic())

    def enter(self, who: object) -> float:
        """Let a request begin, and return 0; or return the seconds after which to ask again.

        When requests that were under way together are refused together, they are more than may be under way again:
        they go on in their turn, and before others.
        """
        with self._lock:
            self._line.setdefault(who)
            if pause := self.pause():
                return pause
            if who not in islice(self._line, max(0, self._width - self._under_way)):
                return RETRY_SLOT
            del self._line[who]
            self._under_way += 1
            return 0.0

    def leave(self) -> None:
        """Take note that a request has ended."""
        with self._lock:
            self._under_way -= 1

    def learn(self, answer: Response, began: float) -> None:
        """Take note of an answer to a request that was sent at `began`."""
        with self._lock:
            if is_refusal(answer):
                self._narrow(answer, began)
            else:
                self._widen(self.monotonic() - began)

    def _widen(self, seconds: float) -> None:
        self._refusals = 0
        mean = self._round.add(seconds, self._width)
        if mean is None:
            return
        self._best = min(self._best, mean)
        if mean <= SLOW * self._best:
            self._width = min(self._most, self._width + 1 if self._was_refused else 2 * self._width)

    def _narrow(self, answer: Response, began: float) -> None:
        asked = retry_after(answer.headers)
        if began < self._narrowed:  # it was under way when another was refused: the same refusal, told once more
            if asked is not None:
                self._hold(asked, asked)
            return
        self._narrowed = self.monotonic()
        self._was_refused = True
        self._width = max(1, self._width // 2)
        self._round.clear()
        if answer.status_code == 429 or asked is not None:
            self._refusals += 1
            self._hold(self._backoff.pause(self._refusals, asked), asked)

    def _hold(self, pause: float | None, asked: float | None) -> None:
        """Let nothing through for so many seconds; None if that is more than anybody waits."""
        if pause is None or (asked is not None and asked > LONGEST_RETRY_AFTER):
            self.closed_for = asked or 0.0
        else:
            self._opens = max(self._opens, self.monotonic() + pause)


class _Round:
    """As many successes as may be under way at a time, and how long they took."""

    _count = 0
    _seconds = 0.0

    def add(self, seconds: float, size: int) -> float | None:
        """Add one; return the mean in seconds if that completes a round, and begin the next one."""
        self._count += 1
        self._seconds += seconds
        if self._count < size:
            return None
        mean = self._seconds / self._count
        self.clear()
        return mean

    def clear(self) -> None:
        """Begin again."""
        self._count = 0
        self._seconds = 0.0


def is_refusal(answer: Response) -> bool:
    """Tell whether a server says that it has too much to do (RFC 6585, 4; RFC 9110, 15.6.4)."""
    return answer.status_code in (429, 503)
