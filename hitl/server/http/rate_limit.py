"""The rate limit: a number of requests in a window of time, for each caller."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from hitl.server.primitives import ApiError, SetupError, to_wire


class RateLimit(NamedTuple):
    """A number of requests in a number of seconds."""

    requests: int
    seconds: float


DEFAULT_RATE_LIMIT: Final = RateLimit(1000, 60.0)
"""The vendor's standard plan."""

NO_RATE_LIMIT: Final = RateLimit(1_000_000_000, 86_400.0)
"""More than can arrive in a day, so that nothing is refused and the headers keep their form."""

_SECONDS: Final = {"second": 1.0, "minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
_RATE_LIMIT = re.compile(rf"([1-9]\d{{0,8}})/({'|'.join(_SECONDS)})", re.ASCII)


def rate_limit(text: str) -> RateLimit:
    """Parse "100/hour", per second, minute, hour or day, or "none"; SetupError for anything else."""
    if text == "none":
        return NO_RATE_LIMIT
    match = _RATE_LIMIT.fullmatch(text)
    if match is None:
        raise SetupError(f"a rate limit is none, or a number per {', '.join(_SECONDS)} such as 100/hour; not {text!r}")
    return RateLimit(int(match[1]), _SECONDS[match[2]])


_MOST_STRANGERS: Final = 10_000  # addresses; beyond that the one that was silent for longest begins anew

RateLimitEvent: TypeAlias = Literal["quota_warning", "limit_exceeded"]

_WARNING: Final = 0.2
"""The share of the limit at which a warning is due."""


@dataclass(slots=True)
class RateLimitWindow:
    """One caller's window, which begins with the first request after the previous one."""

    limit: RateLimit
    on_event: Callable[[RateLimitEvent, RateLimitWindow], None] | None = None
    ends: float = -math.inf
    left: int = 0
    _reported: set[RateLimitEvent] = field(default_factory=set[RateLimitEvent])

    def spend(self, now: float) -> None:
        """Count one request; ApiError 429 if nothing is left in this window."""
        # The second condition is for a clock that was set back.
        if now >= self.ends or self.ends - now > self.limit.seconds:
            self.left = self.limit.requests
            self.ends = now + self.limit.seconds
            self._reported.clear()
        if self.left == 0:
            self._report("limit_exceeded")
            raise self._spent(now)
        self.left -= 1
        if self.left <= self.limit.requests * _WARNING:
            self._report("quota_warning")

    def headers(self, ahead: float = 0.0) -> Mapping[str, str]:
        """Return the headers for the caller, whose clock is `ahead` seconds behind that of `spend`."""
        return {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(math.ceil(self.ends - ahead)),
        }

    def reset_at(self) -> str:
        """Return when the window ends, in wire form and whole seconds, as in the header."""
        return to_wire(datetime.fromtimestamp(math.ceil(self.ends), UTC))

    def usage(self) -> dict[str, Any]:
        """Return the state of the window, in the terms of generation B's documented 429."""
        return {
            "usage_count": self.limit.requests - self.left,
            "usage_limit": self.limit.requests,
            "remaining": self.left,
            "reset_at": self.reset_at(),
        }

    def _report(self, event: RateLimitEvent) -> None:
        if self.on_event is not None and event not in self._reported:
            self._reported.add(event)
            self.on_event(event, self)

    def _spent(self, now: float) -> ApiError:
        seconds = max(1, math.ceil(self.ends - now))
        return ApiError(
            429,
            "rate_limit_exceeded",
            f"{self.limit.requests} requests in {self.limit.seconds:g} s are spent; try again in {seconds} s",
            self.usage(),
            headers={"Retry-After": str(seconds)},
        )


@dataclass(slots=True)
class RateLimiter:
    """A window for each caller. `on_event` is called once in each window for each event."""

    limit: RateLimit
    on_event: Callable[[str, RateLimitEvent, RateLimitWindow], None] | None = None
    _by_owner: dict[str, RateLimitWindow] = field(default_factory=dict[str, RateLimitWindow])
    _strangers: dict[str, RateLimitWindow] = field(default_factory=dict[str, RateLimitWindow])

    def of(self, owner: str, address: str = "") -> RateLimitWindow:
        """Return the window of one caller: of a key, or of an address for all that come from there without one."""
        if not owner:
            return self._of_strangers(address)
        if owner not in self._by_owner:
            on_event = self.on_event and partial(self.on_event, owner)
            self._by_owner[owner] = RateLimitWindow(self.limit, on_event)
        return self._by_owner[owner]

    def _of_strangers(self, address: str) -> RateLimitWindow:
        window = self._strangers.pop(address, None) or RateLimitWindow(self.limit)
        self._strangers[address] = window
        if len(self._strangers) > _MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]
        return window
