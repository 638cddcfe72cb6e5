"""Answers of datetime fields, and the earliest one that a field takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final

from hitl.server.primitives import Fault, from_wire
from hitl.server.primitives.validation import Checker

TODAY: Final = "today"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_date(text: str) -> datetime:
    """Return the time of a date-time with an offset, or the beginning in UTC of a date; ValueError for others."""
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
    return from_wire(text)


def date_check(earliest: str | None, now: datetime) -> Checker:
    """Accept a date or a date-time that is not before `earliest`: a date, a date-time or "today".

    Days begin and end in UTC, and a date without a time lies before nothing on its own day.
    """

    def check(place: str, value: object) -> Iterator[Fault]:
        try:
            found = read_date(str(value))
        except ValueError:
            yield Fault(place, "must be a date such as 2026-01-20, or a date-time such as 2026-01-20T18:00:00Z")
            return
        if earliest and found < _bound(earliest, now, whole_day=_DATE.fullmatch(str(value)) is not None):
            yield Fault(place, f"must not be before {earliest}")

    return check


def _bound(text: str, now: datetime, *, whole_day: bool) -> datetime:
    found = now if text == TODAY else read_date(text)
    if whole_day or text == TODAY:
        return found.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return found
