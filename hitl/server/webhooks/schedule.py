"""When a delivery is tried, and when it is given up: the vendor's documented schedule, as pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["delivered", "retry", "failed"]

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""How long to wait after the first failed attempt, the second and so on; the eighth attempt is the last."""

_WORTH_REPEATING: Final = frozenset({408, 429})  # the two of the 4xx that may go away by themselves


def verdict(status_code: int | None, *, refused: bool) -> Verdict:
    """Return what an attempt means.

    Args:
        status_code: What the receiver answered; None if no answer came.
        refused: Nothing was sent, because nothing may be sent to this address.
    """
    if refused:
        return "failed"
    if status_code is None:
        return "retry"
    if 200 <= status_code < 300:
        return "delivered"
    if 400 <= status_code < 500 and status_code not in _WORTH_REPEATING:
        return "failed"
    # A redirect is not followed: it could lead to an address that was never checked. It is a fault like any other.
    return "retry"


def next_attempt(tries: int, now: datetime) -> datetime | None:
    """Return when to try again after so many failed attempts; None if the last has been made."""
    return now + PAUSES[tries - 1] if tries <= len(PAUSES) else None
