"""The hours in which a reader is not disturbed, in his own time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hitl.server.notifications.model import Reader
from hitl.server.primitives import invalid

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def zone_of(name: str | None) -> ZoneInfo:
    """Return a time zone by its IANA name; UTC for none, or for one that this machine no longer knows."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def checked_zone(name: str) -> str:
    """Return a time zone's name; 400 if it is unknown."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise invalid(f"{name[:40]!r} is not the name of a time zone, such as Europe/Berlin", "zone") from error
    return name


def checked_hours(text: str) -> tuple[str, str]:
    """Return the ends of "22:00-07:00"; 400 if these are no two times."""
    begin, found, end = text.partition("-")
    if not found or not _TIME.fullmatch(begin) or not _TIME.fullmatch(end) or begin == end:
        raise invalid("must be two times, such as 22:00-07:00", "quiet")
    return begin, end


def quiet_until(reader: Reader, now: datetime) -> datetime | None:
    """Return when a reader's quiet hours end; None if he may be disturbed now."""
    if reader.quiet_from is None or reader.quiet_to is None:
        return None
    zone = zone_of(reader.zone)
    begin, end = time.fromisoformat(reader.quiet_from), time.fromisoformat(reader.quiet_to)
    local = now.astimezone(zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        starts = datetime.combine(day, begin, zone)
        ends = datetime.combine(day if begin < end else day + timedelta(days=1), end, zone)
        # In UTC, since two times of one zone are compared and subtracted as if clocks were never changed.
        if starts.astimezone(UTC) <= now < ends.astimezone(UTC):
            return ends.astimezone(UTC)
    return None
