"""How often forms may be sent before and after signing in, counted in memory."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hitl.server.http.rate_limit import RateLimit, RateLimitWindow
from hitl.server.primitives import ApiError, Clock

_LIMITS: Final[Mapping[str, tuple[RateLimit, ...]]] = MappingProxyType(
    {
        "signin": (RateLimit(5, 60), RateLimit(20, 3600)),  # sign-in forms from one address
        "person": (RateLimit(3, 3600),),  # sign-in links for one person
        "guest": (RateLimit(60, 60),),  # other forms from one address, such as codes
        "form": (RateLimit(60, 60),),  # forms of one session
    }
)

_MOST_WINDOWS: Final = 10_000


class Limits:
    """The windows of one server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], list[RateLimitWindow]] = {}

    def spend(self, kind: str, key: str) -> None:
        """Count one use by a caller; ApiError 429 if there were too many."""
        now = self._clock().timestamp()
        windows = self._windows.get((kind, key))
        if windows is None:
            self._forget(now)
            windows = self._windows[kind, key] = [RateLimitWindow(limit) for limit in _LIMITS[kind]]
        for window in windows:
            window.spend(now)

    def allows(self, kind: str, key: str) -> bool:
        """Count one use by a caller, and return whether it was not too much."""
        try:
            self.spend(kind, key)
        except ApiError:
            return False
        return True

    def _forget(self, now: float) -> None:
        """Forget the windows that have ended, and if that is not enough the oldest ones."""
        if len(self._windows) < _MOST_WINDOWS:
            return
        self._windows = {key: each for key, each in self._windows.items() if any(window.ends > now for window in each)}
        while len(self._windows) >= _MOST_WINDOWS:
            del self._windows[next(iter(self._windows))]
