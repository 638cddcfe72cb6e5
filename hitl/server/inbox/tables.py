"""The columns of records: which hold numbers or moments, how these line up, and in which order the rows stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

_TABLE, _COLUMN, _ORDER = "table", "by", "order"
_EXPORTED = "of"

_PLAIN: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.(\d{1,17}))?", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_UTC: Final = frozenset({"", "Z", "+00:00"})

Key: TypeAlias = tuple[int, float, str]


@dataclass(frozen=True, slots=True)
class Looking:
    """How a browser looks at a page, which table it has sorted, by which column, and from where it loads pictures."""

    query: tuple[tuple[str, str], ...] = ()
    hosts: frozenset[str] = frozenset()  # from which it loads pictures
    page: str = ""  # the address of the review or request whose tables can be exported; empty on other pages
    form: str = ""  # where a form is sent that is to be shown again, because a picture is loaded; empty without one

    def export(self, table: str) -> str:
        """Return the address of a table as a file, in the order in which it is shown."""
        kept = [(name, text) for name, text in self.query if name in (_TABLE, _COLUMN, _ORDER)]
        return f"{self.page}/table?" + urlencode([*kept, (_EXPORTED, table)], errors="replace")

    @property
    def exported(self) -> str:
        """The place of the table that is asked for as a file."""
        return dict(self.query).get(_EXPORTED, "")

    def order_of(self, table: str, column: str) -> str:
        """Return how a column is sorted, as `aria-sort` says it; empty if it is not."""
        asked = dict(self.query)
        if (asked.get(_TABLE), asked.get(_COLUMN)) != (table, column):
            return ""
        return "descending" if asked.get(_ORDER) == "descending" else "ascending"

    def link(self, table: str, column: str) -> str:
        """Return the address at which the table is sorted by the column; once more, in the other direction."""
        kept = [(name, text) for name, text in self.query if name not in (_TABLE, _COLUMN, _ORDER)]
        order = "descending" if self.order_of(table, column) == "ascending" else "ascending"
        return "?" + urlencode([*kept, (_TABLE, table), (_COLUMN, column), (_ORDER, order)], errors="replace")


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of a column are written: numbers by their points, moments as short as tells them apart."""

    name: str
    order: str = ""
    is_numeric: bool = False
    decimals: int = 0
    has_seconds: bool = False
    has_zones: bool = False
    has_moments: bool = False

    def padding(self, value: object) -> str:
        """Return what a number lacks for its point to stand below the others, to be drawn invisibly."""
        found = _PLAIN.fullmatch(str(value)) if self.decimals else None
        if not found:
            return ""
        return "0" * (self.decimals - len(found[1])) if found[1] else "." + "0" * self.decimals

    def moment(self, value: object) -> str:
        """Return a date or a time in the way of its column, "27 Nov 2026 20:03"; empty if the value is none."""
        found = _MOMENT.fullmatch(value) if self.has_moments and isinstance(value, str) else None
        if not found:
            return ""
        day, time, seconds, zone = found.groups(default="")
        parts = [_day(day), time + (seconds if self.has_seconds else ""), zone if self.has_zones else ""]
        return " ".join(part for part in parts if part)


def column(name: str, values: Sequence[Any], order: str = "") -> Column:
    """Describe a column by its values, of which some may be missing."""
    found = [value for value in values if value not in (None, "")]
    plain = [_PLAIN.fullmatch(str(value)) for value in found]
    decimals = max((len(match[1] or "") for match in plain if match), default=0)
    made = Column(name, order)
    if found and all(_is_number(value) for value in found):
        return replace(made, is_numeric=True, decimals=decimals)
    if not all(isinstance(value, str) for value in found):
        return made
    if decimals and all(plain):  # decimals, which are sent as texts, so that 129.90 does not become 129.9
        return replace(made, is_numeric=True, decimals=decimals)
    return _of_moments(made, found)


def sort_key(value: object) -> Key:
    """Return by what a value is sorted: numbers, then texts, then what is nested; what is missing is always last."""
    if isinstance(value, bool):
        return 1, 0, "yes" if value else "no"
    if isinstance(value, int | float):
        return 0, float(value), ""
    if isinstance(value, str):
        return (0, float(value), "") if _PLAIN.fullmatch(value) else (1, 0, value.casefold())
    return 2, 0, ""


def in_order(rows: Sequence[tuple[int, list[Any]]], place: int, *, descending: bool) -> list[tuple[int, list[Any]]]:
    """Sort numbered rows by one of their cells."""
    missing = [row for row in rows if row[1][place] in (None, "")]
    found = [row for row in rows if row[1][place] not in (None, "")]
    return [*sorted(found, key=lambda row: sort_key(row[1][place]), reverse=descending), *missing]


def is_plain_number(text: str) -> bool:
    """Return whether a text is a number as programs write it, such as -0.5."""
    return bool(_PLAIN.fullmatch(text))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_moments(column: Column, texts: Sequence[str]) -> Column:
    matches = [_MOMENT.fullmatch(text) for text in texts]
    found = [match for match in matches if match and _is_day(match[1])]
    if not found or len(found) < len(texts):
        return column
    zones = {match[4] or "" for match in found if match[2]}
    return replace(
        column,
        has_moments=True,
        has_seconds=any((match[3] or "").strip(":0.") for match in found),
        has_zones=not zones <= _UTC or ("" in zones and len(zones) > 1),
    )


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %b %Y}".lstrip("0")
