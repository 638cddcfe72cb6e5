"""Date-times of RFC 3339, read tolerantly: one reader for arguments, reviews, templates, webhooks and the server.

The generated package imports nothing of this one, nor webhooks the generated package; so `hitl_api.types.read_datetime`
says the same a second time, and a test compares the two.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hitl._interrupts import reraise_interrupt

_LEAP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:)60(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")


def read_moment(text: str) -> datetime:
    """Return the date-time that a text says, without a time zone if the text has none.

    Accepted are also small letters, a space for the `T`, fractions of any length, and the second 60 of a leap second,
    which is the first second of the next minute.

    Raises:
        ValueError: it is no date-time.
        TypeError: it is no text.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        reraise_interrupt(error)
        return _read_unusual(text.strip().upper())


def moment(text: str) -> datetime:
    """Return the date-time that a server's text says; one without a time zone is in UTC. Errors as `read_moment`."""
    try:
        found = datetime.fromisoformat(text)  # as most are: reviews arrive by the hundred, with four of them each
    except ValueError as error:
        reraise_interrupt(error)
        found = _read_unusual(text.strip().upper())
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _read_unusual(text: str) -> datetime:
    if leap := _LEAP.fullmatch(text):
        second_59 = datetime.fromisoformat(f"{leap[1]}59{leap[2] or ''}")
        try:
            return second_59 + timedelta(seconds=1)
        except OverflowError:
            raise ValueError(f"{text!r} is beyond the year 9999") from None
    return datetime.fromisoformat(text)
