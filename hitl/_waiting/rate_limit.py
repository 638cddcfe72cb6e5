"""How soon one may ask again: what the server leaves of its rate limit, less what others will need of it."""

from __future__ import annotations

import math

from attrs import define

from hitl._calls import Server

FLOOR = 2.0  # requests of each window that polling never touches
MARGIN = 1.1  # of what others are expected to send, so much is kept for them
GREATEST_SHARE = 0.85  # of what is left, at most so much is kept for others
PRIOR_SHARE = 0.1  # of an hour's limit, which others are taken to use until more is known
PRIOR_SECONDS = 900.0  # how long that first guess weighs as much as what is observed
MEMORY = 3600.0  # seconds after which an observation counts a third
LATE = 1.0  # seconds after a window's end at which the next one is taken to have begun; the header has full seconds
LONGEST_WINDOW = 86_400.0  # a reset further off than that is a wrong clock
CAUTION = 10.0  # seconds between requests after a 429 that does not say how long to wait; doubles with each further one
MOST_CAUTION = 60.0
RECOVERY = 0.9  # what is left of that caution after each answer


class WaitBudgetWarning(UserWarning):
    """The server's rate limit makes answers arrive late; the message says how late, and what would help."""

    __module__ = "hitl"


@define
class RateLimitBudget:
    """What polling may spend of a rate limit that it shares with everything else that is sent with the same key.

    It learns from `server`, which every answer updates. A fall of `remaining` that polling did not cause was caused
    by others: creations of this client, another process, another machine.
    """

    server: Server
    _others: float = 0.0
    _seconds: float = 0.0
    _prior_seconds: float = PRIOR_SECONDS
    _left: int | None = None
    _at: float = 0.0
    _own: int = 0
    _caution: float = 0.0
    _refused_until: float = -math.inf

    def spent(self, now: float) -> None:
        """Take note that one request of ours was answered, at this moment of the epoch."""
        self._own += 1
        self._caution = 0.0 if self._caution < 1.0 else self._caution * RECOVERY
        left = self.server.remaining
        if left is None or left == self._left:
            return
        used = None if self._left is None else self._left - left
        if used is not None and used > 0:  # otherwise a new window has begun
            self._observe(max(0, used - self._own), max(0.0, now - self._at))
        self._left, self._at, self._own = left, now, 0

    def refused(self, now: float, retry_after: float | None) -> None:
        """Take note of a 429: until it is over, nothing is asked for."""
        to_reset = self._to_reset(now)
        if retry_after is not None or (to_reset and self.server.remaining == 0):
            self._refused_until = now + max(retry_after or 0.0, to_reset if retry_after is None else 0.0)
            return
        self._caution = min(MOST_CAUTION, max(CAUTION, 2.0 * self._caution))
        self._refused_until = now + self._caution

    def pace(self, now: float) -> float:
        """Return the seconds between two requests that spread what may be spent over the rest of the window."""
        to_reset = self._to_reset(now)
        if self.server.remaining is None or to_reset <= 0:
            return self._caution
        return max(self._caution, to_reset / max(1.0, self.server.remaining - self.reserve(now)))

    def reserve(self, now: float) -> float:
        """Return how many requests of this window are kept for others."""
        remaining, to_reset = self.server.remaining, self._to_reset(now)
        if remaining is None:
            return 0.0
        return min(GREATEST_SHARE * remaining, FLOOR + MARGIN * self.others() * to_reset)

    def others(self) -> float:
        """Return how many requests a second others are expected to send."""
        prior = PRIOR_SHARE * (self.server.limit or 0) / 3600.0
        return (prior * self._prior_seconds + self._others) / (self._prior_seconds + self._seconds)

    def suspended(self, now: float) -> float:
        """Return for how many seconds more nothing may be asked: the server said so, or nothing is left to spend."""
        to_reset, asked = self._to_reset(now), max(0.0, self._refused_until - now)
        if self.server.remaining is None or to_reset <= 0 or self.server.remaining - self.reserve(now) >= 1.0:
            return asked
        return max(asked, to_reset + LATE)  # what is left belongs to the others; the next window is waited for

    def _to_reset(self, now: float) -> float:
        return min(self.server.to_reset(now) or 0.0, LONGEST_WINDOW)

    def _observe(self, others: int, seconds: float) -> None:
        fade = math.exp(-seconds / MEMORY)
        self._others = self._others * fade + others
        self._seconds = self._seconds * fade + seconds
        self._prior_seconds *= fade
