"""Points in time: aware datetimes inside, one fixed-width text on the wire and in the store."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# RFC 3339, section 5.6; its "T" and "Z" may be lower case.
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE)


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def to_wire(time: datetime) -> str:
    """Return `2026-11-23T11:30:00.123456Z`; of fixed width, so that strings sort as moments do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_wire(text: str) -> datetime:
    """Parse an RFC 3339 date-time into UTC; ValueError if it is none, or outside the years 1 to 9999."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"not an RFC 3339 date-time: {text[:40]!r}")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"outside the years 1 to 9999: {text[:40]!r}") from error
