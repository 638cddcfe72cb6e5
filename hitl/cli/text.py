"""Text for a terminal. What people and servers wrote is shown, and never obeyed.

A review may hold escape sequences that move the cursor or rename the window, and characters that reverse the order of
what is read: whoever approves a review by what a terminal shows must see what is there.
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
    """Return text whose invisible characters are written out, as `\\x1b`; line breaks stay."""
    return "".join(c if _is_harmless(c) or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """Return printable text without line breaks."""
    return printable(" ".join(text.split()))


def shortened(text: str, longest: int = _LONGEST_CELL) -> str:
    """Return text as one line that fills at most so many columns."""
    line = one_line(text)
    while _columns(line) > longest:
        line = line[: longest - 1 if len(line) > longest else -2].rstrip("…") + "…"
    return line


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return a JSON value as text; what is invisible is escaped, so that it is the same value and safe to show."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(c if _is_harmless(c) or c == "\n" else json.dumps(c)[1:-1] for c in text)


def print_json(value: Any) -> None:
    """Print one JSON document, for programs and readable all the same."""
    click.echo(json_text(value, indent=2))


def print_json_line(value: Any) -> None:
    """Print one JSON document as one line."""
    click.echo(json_text(value))


def print_line(text: str) -> None:
    """Print text as one line."""
    click.echo(one_line(text))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under titles; every cell becomes one line."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(_columns, column)) for column in zip(titles, *cells, strict=True)]
    click.secho(_row(titles, widths), bold=True)
    for row in cells:
        click.echo(_row(row, widths))


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values one below the other; what is empty is left out, longer text is indented under its name."""
    width = max(len(name) for name, _ in facts) + len(_GAP)
    for name, value in facts:
        if value:
            lines = printable(value).splitlines()
            rest = "".join(f"\n{' ' * width}{line}" for line in lines[1:])
            click.echo(f"{name:{width}}{lines[0]}{rest}")


def moment_text(moment: datetime | None) -> str:
    """Return a moment to the minute, in UTC; nothing for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + " " * (width - _columns(cell)) for cell, width in zip(cells, widths, strict=True)]
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """Return how many columns of a terminal a line takes (Unicode Standard Annex 11)."""
    return sum(_width(c) for c in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


_SPACES: Final = re.compile(r"[^\S\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _is_harmless(character: str) -> bool:
    return character.isprintable() or _SPACES.fullmatch(character) is not None
