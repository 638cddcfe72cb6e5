"""How a data frame of pandas is converted to JSON: column by column where each cell is a single value.

A step of Python for each cell would take several times as long. Where a column holds more than single values, or
something is wrong, the rows are converted one by one, and an error has the path of its cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice, repeat
from json.encoder import encode_basestring
from math import isfinite, isnan
from types import NoneType
from typing import Any, Final

from hitl._content.conversion import UNREADABLE, Conversion
from hitl._interrupts import reraise_interrupt
from hitl._json import is_encodable

# Cells of these types are JSON as they are, but for floats that are not finite and texts with half a surrogate pair.
_SIMPLE: Final = frozenset({str, float, bool, NoneType})

# How many digits of a second numpy writes more than isoformat() does, where they are zeros; by the dtype of the times.
_SPARE_ZEROS: Final = {"datetime64[s]": "", "datetime64[us]": "", "datetime64[ns]": "000"}

_PIECE: Final = 16_384  # texts that are joined in one go, which stay in the cache of the processor

_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    str: encode_basestring,
    int: int.__repr__,
    float: float.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
}

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
        names = [f",{json.dumps(name, ensure_ascii=False)}:" for name in columns]
        names[0] = "},{" + names[0][1:]
        # A row is its names and cells by turns; a name is repeated without end.
        by_turns = chain.from_iterable(zip(map(repeat, names), map(_texts, columns.values()), strict=True))
        texts = chain.from_iterable(zip(*by_turns, strict=False))
        rows = b"".join(text.encode() for text in iter(lambda: "".join(islice(texts, _PIECE)), ""))
        return b"[%b}]" % rows[2:]
    except UNREADABLE as error:  # a ContentError is a ValueError
        reraise_interrupt(error)
        return None


def _texts(cells: list[Any]) -> Iterable[str]:
    """Return the JSON texts of the cells of a column."""
    kinds = set(map(type, cells))
    write = _WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
    return map(write, cells) if write else _lines_of(cells)[1:-1].split("\n")


def _columns(conversion: Conversion, frame: Any, labels: list[Any]) -> dict[str, list[Any]] | None:
    """Return the JSON form of the cells by the name of their column; None if they have to be converted row by row."""
    first = _row_by_row(conversion, frame, labels, frame.iloc[:1].itertuples(name=None))  # refuses wrong names
    if not first:
        return None
    levels = [frame.index.get_level_values(level) for level in range(len(labels))]
    cells = [_cells(conversion.apart(), each) for each in (*levels, *(column for _, column in frame.items()))]
    columns = {name: each for name, each in zip(first[0], cells, strict=True) if each is not None}
    return columns if len(columns) == len(cells) else None


def _cells(conversion: Conversion, column: Any) -> list[Any] | None:
    """Return the JSON form of the cells of a column; None if one is refused, or is more than a single value."""
    if (spare := _SPARE_ZEROS.get(str(column.dtype))) is not None:
        return _times(column.to_numpy(), spare)
    cells: list[Any] = column.tolist()
    kinds = set(map(type, cells))
    if kinds == {float} and isfinite(sum(cells)):  # a sum is not if one of its terms is not
        return cells
    if kinds <= _SIMPLE:
        if float in kinds:
            cells = [
                each if type(each) is not float or isfinite(each) else None if isnan(each) else conversion.convert(each)
                for each in cells
            ]
        texts = cells if kinds == {str} else (each for each in cells if type(each) is str)
        return cells if str not in kinds or is_encodable("".join(texts)) else None
    if kinds == {int} and column.dtype.kind in "iu":  # objects may be integers that are too long
        return cells
    try:
        plain = list(map(conversion.convert, cells))
    except UNREADABLE as error:
        reraise_interrupt(error)
        return None
    return plain if {dict, list}.isdisjoint(map(type, plain)) else None


def _times(column: Any, spare: str) -> list[str | None]:
    """Return the cells of an array of date-times without a zone as their `isoformat()`; a Timestamp has a slow one."""
    texts: list[str] = column.astype(str).tolist()
    return [None if each == "NaT" else each.removesuffix(spare).removesuffix(".000000") for each in texts]


def _row_by_row(conversion: Conversion, frame: Any, labels: list[Any], rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    names = [*labels, *frame.columns]

    def row_object(row: tuple[Any, ...]) -> dict[str, Any]:
        # Not to_dict(orient="records"), which loses all but one of several columns of equal name.
        label = row[0] if frame.index.nlevels > 1 else row[:1]
        return conversion.object_of(row, zip(names, (*label[: len(labels)], *row[1:]), strict=True))

    return conversion.array_of(frame, rows, convert=row_object)


def _label_names(index: Any) -> list[Any]:
    """Return the names of the levels of the row labels; none if they only count the rows."""
    is_position = index.inferred_type == "integer" and index.tolist() == list(range(len(index)))
    if is_position and all(name is None for name in index.names):
        return []
    unnamed = ["index"] if index.nlevels == 1 else [f"level_{level}" for level in range(index.nlevels)]
    return [other if name is None else name for name, other in zip(index.names, unnamed, strict=True)]
