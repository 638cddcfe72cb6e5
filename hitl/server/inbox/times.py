"""Moments as a reviewer reads them: relative to now, or in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hitl._moments import moment as moment_of

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_SOON = 2 * _HOUR


@dataclass(frozen=True, slots=True)
class Due:
    """When a review should be answered; `urgency` is "later", "soon" or "overdue"."""

    moment: datetime
    text: str
    urgency: str


def span(seconds: float) -> str:
    """Write a duration in its largest whole unit: "5 min", "3 h", "2 d". `inbox.js` does the same."""
    seconds = abs(seconds)
    if seconds < _MINUTE:
        return "under 1 min"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} d"


def took(seconds: float) -> str:
    """Write how long something took, in seconds if it took less than a minute."""
    return f"{max(0, int(seconds))} s" if seconds < _MINUTE else span(seconds)


def age(stamp: str, now: datetime) -> str:
    """Write how long ago something was."""
    seconds = (now - moment_of(stamp)).total_seconds()
    return "just now" if seconds < _MINUTE else f"{span(seconds)} ago"


def due(stamp: str | None, now: datetime) -> Due | None:
    """Return the time left or overdue; None without a due date."""
    if not stamp:
        return None
    moment = moment_of(stamp)
    left = (moment - now).total_seconds()
    if left < 0:
        return Due(moment, f"{span(left)} overdue", "overdue")
    return Due(moment, f"due in {span(left)}", "soon" if left <= _SOON else "later")


def full(stamp: str | datetime) -> str:
    """Write a moment in full: 23 Nov 2026, 11:30 UTC."""
    moment = moment_of(stamp) if isinstance(stamp, str) else stamp
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M} UTC".lstrip("0")
