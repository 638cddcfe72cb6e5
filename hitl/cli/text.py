"""Safe output to a terminal: control characters and bidirectional overrides are escaped.

A review may hold escape sequences that move the cursor or rename the window, and characters that reverse the reading
order. People who approve a review by what their terminal shows must see what is there.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

_GAP: Final = "  "
_LONGEST_CELL: Final = 60


def printable(text: str) -> str:
    """Return text with its invisible characters escaped, as `\\x1b`; line breaks stay."""
    return "".join(c if _is_harmless(c) or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """Return printable text without line breaks."""
    return printable(" ".join(text.split()))


def shortened(text: str, longest: int = _LONGEST_CELL) -> str:
    """Return text as one line of at most `longest` columns."""
    line = one_line(text)
    while _columns(line) > longest:
        line = line[: longest - 1 if len(line) > longest else -2].rstrip("…") + "…"
    return line


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON text with its invisible characters escaped: the same value, and safe to show."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(c if _is_harmless(c) or c == "\n" else json.dumps(c)[1:-1] for c in text)


def print_json(value: Any) -> None:
    """Print one JSON document, indented."""
    click.echo(json_text(value, indent=2))


def print_json_line(value: Any) -> None:
    """Print one JSON document as one line."""
    click.echo(json_text(value))


def print_line(text: str) -> None:
    """Print text as one line."""
    click.echo(one_line(text))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under titles; a cell is one line."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(_columns, column)) for column in zip(titles, *cells, strict=True)]
    click.secho(_row(titles, widths), bold=True)
    for row in cells:
        click.echo(_row(row, widths))


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values one below the other, without empty values and with multi-line ones indented."""
    width = max(len(name) for name, _ in facts) + len(_GAP)
    for name, value in facts:
        if value:
            lines = printable(value).splitlines()
            rest = "".join(f"\n{' ' * width}{line}" for line in lines[1:])
            click.echo(f"{name:{width}}{lines[0]}{rest}")


def timestamp_text(timestamp: datetime | None) -> str:
    """Return a timestamp to the minute, in UTC; empty for None."""
    if timestamp is None:
        return ""
    try:
        return f"{timestamp.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    except OverflowError:  # in UTC it would be before the year 1 or after 9999
        return timestamp.isoformat()


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (width - _columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """Return the columns that a line takes on a terminal (Unicode Standard Annex 11)."""
    return sum(_width(c) for c in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


_SPACES: Final = re.compile(r"[^\S\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _is_harmless(character: str) -> bool:
    return character.isprintable() or _SPACES.fullmatch(character) is not None
