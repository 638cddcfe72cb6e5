"""Lengths of time as people write them: "72h", "1h30m", seconds, or a timedelta."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, TypeAlias

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
