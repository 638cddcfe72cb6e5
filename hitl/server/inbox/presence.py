"""Who is looking at a review just now: in memory only, and for some minutes after the last sign of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hitl.server.primitives import name_key

LASTS: Final = timedelta(minutes=10)

_MOST = 10_000  # people and reviews; beyond that the earliest are forgotten


class Presence:
    """People and the reviews that they have open; any thread may call any method."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}

    def note(self, review_id: str, reviewer: str) -> None:
        """Note that somebody has a review open."""
        place = review_id, name_key(reviewer)
        self._seen.pop(place, None)
        self._seen[place] = reviewer, self._clock()
        if len(self._seen) > _MOST:
            self._seen.pop(next(iter(self._seen)), None)

    def forget(self, review_id: str, reviewer: str) -> None:
        """Note that somebody has answered a review."""
        self._seen.pop((review_id, name_key(reviewer)), None)

    def others(self, reviewer: str) -> dict[str, str]:
        """Return who else is looking at a review, by the review's id."""
        since, mine = self._clock() - LASTS, name_key(reviewer)
        seen = list(self._seen.items())
        return {review_id: name for (review_id, key), (name, at) in seen if key != mine and at > since}
