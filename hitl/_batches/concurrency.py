"""How many requests of a batch are in progress, and when none may be: one decision for all of its items.

The limit grows and shrinks as a TCP sender's window does (RFC 5681): it doubles with each round of responses until the
server first refuses, grows by one a round from then on, and is halved by a refusal. Like TCP Vegas it also stops
growing when responses take longer, since more requests would only queue.
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
SLOW: Final = 2.0  # times the best mean time of a round; beyond it the server is considered slow
PATIENCE: Final = 5  # pauses in a row without a single success between them, before a batch gives up
LONGEST_PAUSE: Final = 60.0  # seconds, where the server does not say how long
RETRY_SLOT: Final = 0.05  # seconds after which a request that waits for others asks again
PAUSES: Final = Backoff(PATIENCE, 1.0, LONGEST_PAUSE)


class ConcurrencyLimiter:
    """An adaptive concurrency limit (AIMD), shared by the items of one batch; may be used from any thread.

    Attributes:
        maximum: The maximum number of requests in progress.
        limit: How many may be in progress at present.
        stopped_for: Seconds that the server asked for, too many to wait, or 0.0 if it refused too often; None as long
            as the batch goes on.
    """

    def __init__(self, maximum: int, monotonic: Callable[[], float], backoff: Backoff = PAUSES) -> None:
        self.maximum = maximum
        self.limit = min(BEGIN, maximum)
        self.stopped_for: float | None = None
        self._monotonic = monotonic
        self._backoff = backoff
        self._was_refused = False
        self._in_progress = 0
        self._queue: dict[object, None] = {}  # who waits, in order of arrival
        self._opens = self._reduced = -math.inf
        self._refusals = 0  # pauses in a row
        self._round: list[float] = []  # the seconds of its successes; a round is as many as may be in progress
        self._best = math.inf  # the best mean of a round
        self._lock = Lock()

    def pause(self) -> float:
        """Return the seconds until requests may be sent again; 0 if they may."""
        return max(0.0, self._opens - self._monotonic())

    def acquire(self, who: object) -> float:
        """Admit a request and return 0; or return the seconds after which to ask again.

        When requests that were in progress together are refused together, they are more than may be in progress again:
        they go on in the order in which they ask, and before others.
        """
        with self._lock:
            self._queue.setdefault(who)
            if pause := self.pause():
                return pause
            if who not in islice(self._queue, max(0, self.limit - self._in_progress)):
                return RETRY_SLOT
            del self._queue[who]
            self._in_progress += 1
            return 0.0

    def release(self) -> None:
        with self._lock:
            self._in_progress -= 1

    def observe(self, response: Response, began: float) -> None:
        """Adapt to the response to a request that was sent at `began`."""
        with self._lock:
            if response.status_code in (429, 503):  # overloaded (RFC 6585, 4; RFC 9110, 15.6.4)
                self._decrease(response, began)
            else:
                self._increase(self._monotonic() - began)

    def _increase(self, seconds: float) -> None:
        self._refusals = 0
        self._round.append(seconds)
        if len(self._round) < self.limit:
            return
        mean = sum(self._round) / len(self._round)
        self._round.clear()
        self._best = min(self._best, mean)
        if mean <= SLOW * self._best:
            self.limit = min(self.maximum, self.limit + 1 if self._was_refused else 2 * self.limit)

    def _decrease(self, response: Response, began: float) -> None:
        asked = retry_after(response.headers)
        if began < self._reduced:  # it was in progress when another was refused: the same overload, reported again
            if asked is not None:
                self._hold(asked, asked)
            return
        self._reduced = self._monotonic()
        self._was_refused = True
        self.limit = max(1, self.limit // 2)
        self._round.clear()
        if response.status_code == 429 or asked is not None:
            self._refusals += 1
            self._hold(self._backoff.pause(self._refusals, asked), asked)

    def _hold(self, pause: float | None, asked: float | None) -> None:
        """Admit nothing for `pause` seconds; stop if that is None, or if the server asked for more than we wait."""
        if pause is None or (asked is not None and asked > LONGEST_RETRY_AFTER):
            self.stopped_for = asked or 0.0
        else:
            self._opens = max(self._opens, self._monotonic() + pause)
