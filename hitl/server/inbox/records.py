"""Which values are drawn as a table, and how many of its rows: records, flagged records, and data frames."""

from __future__ import annotations

from typing import Any

from hitl._json import is_list, is_object
from hitl.server.inbox.documents import Document
from hitl.server.inbox.flags import are_flagged, without_flags

MAX_ROWS = 200
"""Rows of a table, items of a list and keys of an object that are drawn; the JSON below the content has all of them."""

MAX_CELLS = 4_000
"""Of records with many columns fewer rows are drawn, but no fewer than `LEAST_ROWS`."""

LEAST_ROWS = 20


def most_rows(columns: int) -> int:
    """Return how many records of so many columns are drawn."""
    return max(LEAST_ROWS, min(MAX_ROWS, MAX_CELLS // max(columns, 1)))


def is_records(value: list[Any]) -> bool:
    """Return whether all items are objects with the same keys."""
    return (
        is_object(value[0])
        and 0 < len(value[0]) <= MAX_ROWS
        and all(is_object(row) and row.keys() == value[0].keys() for row in value)
    )


def is_table(value: list[Any]) -> bool:
    """Return whether an array is drawn as a table."""
    return is_flagged(value) or is_records(value)


def is_flagged(value: list[Any]) -> bool:
    """Return whether these are records of which some have flags."""
    return all(is_object(row) for row in value) and are_flagged(value) and is_records(list(map(without_flags, value)))


def is_frame(value: Document) -> bool:
    """Return whether this is what `DataFrame.to_dict()` makes: columns of cells under the same row names."""
    columns = list(value.values())
    if len(columns) > MAX_ROWS or not all(
        is_object(column) and column and column.keys() == columns[0].keys() for column in columns
    ):
        return False
    if any(is_object(cell) or is_list(cell) for column in columns for cell in column.values()):
        return False
    return len(columns) > 1 or all(name.isdecimal() for name in columns[0])
