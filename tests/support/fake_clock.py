"""A clock that stands still until a test sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """Shows noon until a test sets or advances it; with a `step`, each reading moves it."""

    def __init__(self) -> None:
        self.now = NOON
        self.step = timedelta(0)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)
