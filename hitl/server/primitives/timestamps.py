"""Points in time: aware datetimes inside, one fixed-width string on the wire and in the store; and lengths of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from hitl._moments import read_moment

# RFC 3339, section 5.6; its "T" and "Z" may be lower case.
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:[0-5]\d)", re.ASCII | re.IGNORECASE)


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def to_wire(time: datetime) -> str:
    """Return `2026-11-23T11:30:00.123456Z`; of fixed width, so that strings sort as moments do."""
    return f"{time.astimezone(UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def from_wire(text: str) -> datetime:
    """Parse an RFC 3339 date-time into UTC; ValueError if it is none, or outside the years 1 to 9999."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"not an RFC 3339 date-time: {text[:40]!r}")
    try:
        return read_moment(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"outside the years 1 to 9999: {text[:40]!r}") from error


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Return the microseconds since 1970, exactly."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the moment so many microseconds after 1970."""
    return _EPOCH + number * _MICROSECOND


Duration: TypeAlias = str | float | timedelta

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)
_WHOLE = re.compile(rf"\s*(?:{_PART.pattern}\s*)+", re.ASCII)


def duration(length: Duration) -> timedelta:
    """Return a length of time: a timedelta, seconds, or a string with the units s, m, h, d, w such as "1h30m".

    ValueError if it is none of these, is negative, or is longer than a timedelta can be.
    """
    try:
        found = _read(length)
    except OverflowError as error:
        raise ValueError(f"{length!r} is longer than any clock can go") from error
    if found < timedelta(0):
        raise ValueError(f"{length!r} is negative, and time does not run backwards")
    return found


def _read(length: Duration) -> timedelta:
    if isinstance(length, timedelta):
        return length
    if not isinstance(length, str):
        return timedelta(seconds=length)
    if not _WHOLE.fullmatch(length):
        raise ValueError(f"{length!r} is no length of time; write for example '90s', '72h' or '1h30m'")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(length)))
