"""When a delivery is tried, and when it is given up: the vendor's documented schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""The pauses after the first failed attempt, the second and so on; the eighth attempt is the last."""

_TRANSIENT: Final = frozenset({408, 429})  # the only transient errors among the 4xx


def classify(status_code: int | None, *, refused: bool) -> Literal["delivered", "retry", "failed"]:
    """Return what follows from an attempt; without an answer `status_code` is None."""
    if refused:
        return "failed"
    if status_code is None:
        return "retry"
    if 200 <= status_code < 300:
        return "delivered"
    if 400 <= status_code < 500 and status_code not in _TRANSIENT:
        return "failed"
    # A redirect is not followed, since its target was not checked; it counts as an error.
    return "retry"


def next_attempt(tries: int, now: datetime) -> datetime | None:
    """Return when to try again after so many failed attempts; None if the last has been made."""
    return now + PAUSES[tries - 1] if tries <= len(PAUSES) else None


def consequence(
    tries: int, status_code: int | None, now: datetime, *, refused: bool
) -> tuple[Literal["delivered", "pending", "failed"], datetime | None]:
    """Return the status of a delivery after this many attempts, and when the next one is due."""
    meaning = classify(status_code, refused=refused)
    if meaning != "retry":
        return meaning, None
    due_at = next_attempt(tries, now)
    return ("failed" if due_at is None else "pending"), due_at
