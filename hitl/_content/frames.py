"""How a data frame of pandas is converted to JSON: column by column where each cell is a single value.

A step of Python for each cell would take several times as long. Where a column holds more than single values, or
something is wrong, the rows are converted one by one, and an error has the path of its cell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from hitl._content.conversion import UNREADABLE, Conversion
from hitl._interrupts import reraise_interrupt

# No text of JSON has a line break in it, so that of a column can be split at them.
_lines_of: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=("\n", ":")).encode


def frame_rows(conversion: Conversion, frame: Any) -> list[Any]:
    """Return the rows of a frame as objects."""
    labels = _label_names(frame.index)
    columns = _columns(conversion, frame, labels)
    if columns is None:
        return _row_by_row(conversion, frame, labels, frame.itertuples(name=None))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def frame_text(conversion: Conversion, frame: Any) -> bytes | None:
    """Return the JSON text of the rows of a frame; None if they have to be converted one by one, or are refused."""
    try:
        columns = _columns(conversion, frame, _label_names(frame.index))
        if not columns:
            return None
        names = (json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in columns)
        row = "{" + ",".join(f"{name}:%s" for name in names) + "}"
        cells = (_lines_of(each)[1:-1].split("\n") for each in columns.values())
        return f"[{','.join(map(row.__mod__, zip(*cells, strict=True)))}]".encode()
    except UNREADABLE as error:  # a ContentError is a ValueError
        reraise_interrupt(error)
        return None


def _columns(conversion: Conversion, frame: Any, labels: list[Any]) -> dict[str, list[Any]] | None:
    """Return the JSON form of the cells by the name of their column; None if they have to be converted row by row."""
    first = _row_by_row(conversion, frame, labels, islice(frame.itertuples(name=None), 1))  # refuses wrong names
    if not first:
        return None
    levels = [frame.index.get_level_values(level) for level in range(len(labels))]
    cells = [_cells(conversion.apart(), each) for each in (*levels, *(column for _, column in frame.items()))]
    columns = {name: each for name, each in zip(first[0], cells, strict=True) if each is not None}
    return columns if len(columns) == len(cells) else None


def _cells(conversion: Conversion, column: Any) -> list[Any] | None:
    """Return the JSON form of the cells of a column; None if one is refused, or is more than a single value."""
    cells: list[Any] = column.tolist()
    kinds = set(map(type, cells))
    if kinds == {float}:
        return [each if math.isfinite(each) else conversion.convert(each) for each in cells]
    is_short = kinds == {int} and column.dtype.kind in "iu"  # objects may be integers that are too long
    if is_short or kinds == {bool} or (kinds == {str} and all(map(str.isascii, cells))):
        return cells
    try:
        plain = list(map(conversion.convert, cells))
    except UNREADABLE as error:
        reraise_interrupt(error)
        return None
    return plain if {dict, list}.isdisjoint(map(type, plain)) else None


def _row_by_row(conversion: Conversion, frame: Any, labels: list[Any], rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    names = [*labels, *frame.columns]

    def row_object(row: tuple[Any, ...]) -> dict[str, Any]:
        # Not to_dict(orient="records"), which loses all but one of several columns of equal name.
        label = row[0] if frame.index.nlevels > 1 else row[:1]
        return conversion.object_of(row, zip(names, (*label[: len(labels)], *row[1:]), strict=True))

    return conversion.array_of(frame, rows, convert=row_object)


def _label_names(index: Any) -> list[Any]:
    """Return the names of the levels of the row labels; none if they only count the rows."""
    is_position = index.inferred_type == "integer" and list(index) == list(range(len(index)))
    if is_position and all(name is None for name in index.names):
        return []
    unnamed = ["index"] if index.nlevels == 1 else [f"level_{level}" for level in range(index.nlevels)]
    return [other if name is None else name for name, other in zip(index.names, unnamed, strict=True)]
