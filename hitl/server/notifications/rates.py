"""How many messages a second a lane takes, after a burst: a bucket for each lane, by the server's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from hitl.server.notifications.model import Limits


class Rates:
    """The buckets, in memory: after a restart, every lane may have its burst again."""

    def __init__(self, limits: Limits | None) -> None:
        """Without limits, every lane is always free."""
        self._limits = limits
        # When a lane would be full again. Each message moves that on by the time that it takes.
        self._full_at: dict[str, datetime] = {}

    def take(self, lane: str, now: datetime) -> None:
        """Count a message."""
        if self._limits is not None:
            pause = timedelta(seconds=1 / self._limits.per_second)
            self._full_at[lane] = max(self._full_at.get(lane, now), now) + pause

    def busy(self, now: datetime) -> list[str]:
        """Return the lanes that take nothing at present, and forget those that are full."""
        if self._limits is None:
            return []
        # None takes longer than this to be full, unless the clock was set back.
        latest = now + timedelta(seconds=self._limits.burst / self._limits.per_second)
        self._full_at = {lane: min(full_at, latest) for lane, full_at in self._full_at.items() if full_at > now}
        return [lane for lane in self._full_at if self._free_at(lane) > now]

    def next_free(self, now: datetime) -> datetime | None:
        """Return when the next busy lane is free."""
        return min((self._free_at(lane) for lane in self._full_at if self._free_at(lane) > now), default=None)

    def _free_at(self, lane: str) -> datetime:
        assert self._limits is not None  # noqa: S101 - without limits there are no lanes
        return self._full_at[lane] - timedelta(seconds=(self._limits.burst - 1) / self._limits.per_second)
