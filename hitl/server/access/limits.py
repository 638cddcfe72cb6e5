"""How often forms may be sent before and after signing in, counted in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hitl.server.http.rate_limit import RateLimit, RateLimiter
from hitl.server.primitives import ApiError, Clock

_LIMITS: Final[Mapping[str, tuple[RateLimit, ...]]] = MappingProxyType(
    {
        "signin": (RateLimit(5, 60), RateLimit(20, 3600)),  # sign-in forms from one address
        "person": (RateLimit(3, 3600),),  # sign-in links for one person
        "guest": (RateLimit(60, 60),),  # other forms from one address, such as codes
        "form": (RateLimit(60, 60),),  # forms of one session
    }
)


class Limits:
    """The limits of one server; any thread may call any method.

    Beyond some thousands, the callers that were silent for longest are forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limiters = {kind: [RateLimiter(limit) for limit in limits] for kind, limits in _LIMITS.items()}

    def spend(self, kind: str, key: str) -> None:
        """Count one use by a caller; ApiError 429 if there were too many."""
        now = self._clock().timestamp()
        with self._lock:
            for limiter in self._limiters[kind]:
                limiter.of("", key).spend(now)  # as those of addresses: no key of the API is involved

    def allows(self, kind: str, key: str) -> bool:
        """Count one use by a caller, and return whether it was not too much."""
        try:
            self.spend(kind, key)
        except ApiError:
            return False
        return True
