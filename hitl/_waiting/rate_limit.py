"""How soon the next poll may be sent: what the server leaves of its rate limit, less what others will need of it."""

from __future__ import annotations

import math

from attrs import define

from hitl._calls import Server

FLOOR = 2.0  # requests of each window that polling never uses
MARGIN = 1.1  # times what others are expected to send is kept for them
GREATEST_SHARE = 0.88  # of what is left may be kept for others, at most
PRIOR_SHARE = 0.1  # of an hour's limit is what others are assumed to use until more is known
PRIOR_SECONDS = 900.0  # of observation weigh as much as that first guess
MEMORY = 3600.0  # seconds after which an observation counts a third
LATE = 1.0  # seconds after a window's end at which the next one is assumed to have begun; the header has full seconds
LONGEST_WINDOW = 86_400.0  # seconds; a reset further off than that is a wrong clock
PENALTY = 10.0  # seconds between requests after a 429 without Retry-After; doubles with each further one
LONGEST_PENALTY = 60.0
RECOVERY = 0.9  # of the penalty is left after each response


class WaitBudgetWarning(UserWarning):
    """The server's rate limit makes answers arrive late; the message says how late, and what would help."""

    __module__ = "hitl"


@define
class RateLimitBudget:
    """What polling may spend of a rate limit that it shares with everything else that is sent with the same key.

    It learns from `server`, which every response updates. A fall of `remaining` that polling did not cause was caused
    by others: creations of this client, another process, another machine. `now` is in seconds since the epoch.
    """

    server: Server
    sharers: int = 1  # how many pollers there are at present: for reviews, for requests, on each event loop
    _others: float = 0.0
    _seconds: float = 0.0
    _prior_seconds: float = PRIOR_SECONDS
    _left: int | None = None
    _at: float = 0.0
    _own: int = 0
    _penalty: float = 0.0
    _refused_until: float = -math.inf

    def spent(self, now: float) -> None:
        """Record that one of our requests was answered."""
        self._own += 1
        self._penalty = 0.0 if self._penalty < 1.0 else self._penalty * RECOVERY
        left = self.server.remaining
        if left is None or left == self._left:
            return
        if self._left is not None and (used := self._left - left) > 0:  # otherwise a new window has begun
            self._observe(max(0, used - self._own), max(0.0, now - self._at))
        self._left, self._at, self._own = left, now, 0

    def refused(self, now: float, retry_after: float | None) -> None:
        """Record a 429: nothing is requested until it is over."""
        to_reset = self._to_reset(now)
        if retry_after is not None or (to_reset and self.server.remaining == 0):
            self._refused_until = now + (to_reset if retry_after is None else max(0.0, retry_after))
            return
        self._penalty = min(LONGEST_PENALTY, max(PENALTY, 2.0 * self._penalty))
        self._refused_until = now + self._penalty

    def interval(self, now: float) -> float:
        """Return the seconds between two requests of one poller, so that all spend it over the rest of the window."""
        to_reset = self._to_reset(now)
        if self.server.remaining is None or to_reset <= 0:
            return self._penalty
        return max(self._penalty, self.sharers * to_reset / max(1.0, self.server.remaining - self.reserve(now)))

    def reserve(self, now: float) -> float:
        """Return how many requests of this window are kept for others."""
        remaining, to_reset = self.server.remaining, self._to_reset(now)
        if remaining is None:
            return 0.0
        under_way = self.sharers - 1  # requests of other pollers, which the server has not counted yet
        return min(GREATEST_SHARE * remaining, FLOOR + under_way + MARGIN * self.others_rate() * to_reset)

    def others_rate(self) -> float:
        """Return how many requests a second others are expected to send."""
        prior = PRIOR_SHARE * (self.server.limit or 0) / 3600.0
        return (prior * self._prior_seconds + self._others) / (self._prior_seconds + self._seconds)

    def blocked_for(self, now: float) -> float:
        """Return for how many seconds nothing may be requested: after a 429, or because nothing is left to spend."""
        to_reset, refused = self._to_reset(now), max(0.0, self._refused_until - now)
        if self.server.remaining is None or to_reset <= 0 or self.server.remaining > FLOOR + self.sharers - 1:
            return refused
        return max(refused, to_reset + LATE)  # the rest belongs to others, so polling resumes in the next window

    def _to_reset(self, now: float) -> float:
        return min(self.server.to_reset(now) or 0.0, LONGEST_WINDOW)

    def _observe(self, others: int, seconds: float) -> None:
        fade = math.exp(-seconds / MEMORY)
        self._others = self._others * fade + others
        self._seconds = self._seconds * fade + seconds
        self._prior_seconds *= fade
