"""The rate limit: so many requests in a window for each caller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hitl.sandbox.refusals import Refusal


class RateLimit(NamedTuple):
    """How many requests a caller may make in how many seconds."""

    requests: int
    seconds: float


DEFAULT_RATE_LIMIT: Final = RateLimit(1000, 60.0)
"""The vendor's standard plan."""


@dataclass(slots=True)
class Budget:
    """One caller's window: it begins with the first request after the last window."""

    limit: RateLimit
    ends: float = -math.inf
    left: int = 0

    def spend(self, now: float) -> None:
        """Count one request.

        Raises:
            Refusal: Nothing is left in this window.
        """
        # The second condition is for a clock that was set back.
        if now >= self.ends or self.ends - now > self.limit.seconds:
            self.left = self.limit.requests
            self.ends = now + self.limit.seconds
        if self.left == 0:
            raise self._spent(now)
        self.left -= 1

    def headers(self) -> Mapping[str, str]:
        """Return the headers that tell the caller where it stands."""
        return {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(math.ceil(self.ends)),
        }

    def _spent(self, now: float) -> Refusal:
        seconds = max(1, math.ceil(self.ends - now))
        return Refusal(
            429,
            "rate_limit_exceeded",
            f"{self.limit.requests} requests in {self.limit.seconds:g} s are spent; try again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )


@dataclass(slots=True)
class Budgets:
    """A budget for each caller, made when it is first seen."""

    limit: RateLimit
    _by_owner: dict[str, Budget] = field(default_factory=dict[str, Budget])

    def of(self, owner: str) -> Budget:
        """Return the budget of one caller."""
        return self._by_owner.setdefault(owner, Budget(self.limit))
