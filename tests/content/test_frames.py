"""The columns of a data frame, of any kind, become what its cells would become one by one."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pytest

from hitl._content import to_json, to_object
from hitl._json import encode, encode_body
from hitl.exceptions import ContentError

CELLS: dict[str, list[Any]] = {
    "whole": [3, -1, 0],
    "real": [0.5, -0.0, 1e300],
    "not a number": [1.5, float("nan"), None],
    "infinite": [float("inf"), -float("inf"), 1.0],
    "flag": [True, False, True],
    "text": ["a", "b", ""],
    "umlauts": ["ä", "ß", "😀"],
    "missing text": ["ä", None, numpy.nan],
    "text and numbers": ["ä", float("-inf"), 0.1],
    "flag and number": [True, float("nan"), 1e16],
    "too large to be summed": [1e308, 1e308, -1e308],
    "nothing": [None, None, None],
    "mixed": [1, "a", None],
    "long": [2**64, 10**4299, -(2**70)],
    "day": [datetime.date(2024, 1, 20), None, datetime.date(2024, 1, 21)],
    "exact": [Decimal("9.50"), Decimal("NaN"), None],
    "list": [[1, (2,)], [], None],
    "dict": [{"a": {1}}, {}, None],
    "numpy": [numpy.float32(0.5), numpy.int8(3), numpy.datetime64("2024-01-20")],
}
TYPED: dict[str, Any] = {
    **{dtype: pandas.array([1, 2, 3], dtype=dtype) for dtype in ("int8", "uint64", "int32", "float32", "float16")},
    **{f"missing {dtype}": pandas.array([1, None, 3], dtype=dtype) for dtype in ("Int64", "UInt8", "Float32")},
    "boolean": pandas.array([True, None, False], dtype="boolean"),
    "string": pandas.array(["a", None, "ä"], dtype="string"),
    "category": pandas.Categorical(["new", None, "old"]),
    "numbers of a category": pandas.Categorical([1, 2, 1]),
    "time": pandas.to_datetime(["2024-01-20T09:00:00.000000000", "NaT", "2024-01-21T10:00:00.000000001"]),
    **{
        f"time in {unit}": numpy.array(times, dtype=f"datetime64[{unit}]")
        for unit, times in {
            "s": ["2024-01-20T09:00:10", "NaT", "-0005-01-21T10:00:00"],
            "ms": ["2024-01-20T09:00:00.120", "NaT", "12000-01-01"],
            "us": ["2024-01-20T09:00:00.000123", "2024-01-20T09:00:00.123000", "12000-01-01T10:20:00"],
            "ns": ["2024-01-20T09:00:00.100", "2024-01-20T09:00:00.000001", "2024-01-20T09:00:00.000000100"],
        }.items()
    },
    "zone": pandas.to_datetime(["2024-01-20", "NaT", "2024-06-21"]).tz_localize("Europe/Prague"),
    "took": pandas.to_timedelta(["90s", "NaT", "-1h"]),
    "period": pandas.period_range("2024-01", periods=3, freq="M"),
    "interval": pandas.interval_range(0, 3),
    "sparse": pandas.arrays.SparseArray([0.0, numpy.nan, 2.0]),
    "complex text": numpy.array(["a", "b", "c"], dtype=object),
}
FRAMES = {
    **{name: pandas.DataFrame({"a": cells}) for name, cells in CELLS.items()},
    **{f"object {name}": pandas.DataFrame({"a": pandas.Series(cells, dtype=object)}) for name, cells in CELLS.items()},
    **{f"typed {name}": pandas.DataFrame({"a": cells}) for name, cells in TYPED.items()},
    "all": pandas.DataFrame({**CELLS, **TYPED}),
    "levels": pandas.DataFrame({"a": [1, 2]}, index=pandas.MultiIndex.from_tuples([("x", 1), ("y", None)])),
    "times": pandas.DataFrame({"a": [1, 2]}, index=pandas.to_datetime(["2024-01-20", "NaT"])),
    "equal objects": pandas.DataFrame({"a": [[1]] * 3}),
    "numbers as names": pandas.DataFrame([[1, 2.5], [3, 4.5]]),
    "no column": pandas.DataFrame(index=["a", "b"]),
    "many rows": pandas.DataFrame({"a": range(10_000), "b": ["ä"] * 10_000}),
    "no row": pandas.DataFrame({"a": []}),
}
REFUSED: dict[str, pandas.DataFrame] = {
    "bytes": pandas.DataFrame({"a": [1, 2], "b": ["x", b"y"]}),
    "half a character": pandas.DataFrame({"a": ["x", "\ud83d"]}, dtype=object),
    "half a character beside nothing": pandas.DataFrame({"a": ["x", "\ud83d", None]}, dtype=object),
    "too long": pandas.DataFrame({"a": [1, 10**4300]}, dtype=object),
    "deep": pandas.DataFrame({"a": [1, {"b": [lambda: None]}]}),
    "label": pandas.DataFrame({"a": [1, 2]}, index=pandas.Index(["x", b"y"])),
    "name": pandas.DataFrame({b"a": [1, 2]}),
    "equal names": pandas.DataFrame([[1, 2]], columns=["a", "a"]),
}


def text_of(content: Any) -> bytes:
    """Return the text of a content as it is sent."""
    found = to_object(content)
    assert found is not None
    return encode_body({"content": found}).removeprefix(b'{"content":')[:-1]


def one_by_one(frame: pandas.DataFrame) -> list[Any]:
    """Return the rows as dicts of the objects that a frame shows to whoever iterates over it."""
    rows = [dict(zip(frame.columns, cells, strict=True)) for cells in frame.itertuples(index=False, name=None)]
    if isinstance(frame.index, pandas.RangeIndex):
        return rows
    labels: list[Any] = [each if isinstance(each, tuple) else (each,) for each in frame.index]
    names = ["index"] if frame.index.nlevels == 1 else ["level_0", "level_1"]
    return [{**dict(zip(names, label, strict=True)), **row} for label, row in zip(labels, rows, strict=True)]


@pytest.mark.parametrize("name", FRAMES)
def test_a_column_becomes_what_its_cells_become_one_by_one(name: str) -> None:
    expected = to_json(one_by_one(FRAMES[name]))
    assert repr(to_json(FRAMES[name])) == repr(expected)  # also 1 and True, 0.0 and -0.0 are different
    content = {"before": {"rows": None}, "rows": FRAMES[name], "%s": "\n"}
    assert text_of(content) == encode({**content, "rows": expected})


@pytest.mark.parametrize("other", [1, "text", {"_hitl": {"other": [1]}}, {1: 2}, {"a": pandas.DataFrame({"a": [1]})}])
def test_frames_stand_beside_anything(other: Any) -> None:
    frame = pandas.DataFrame({'100 % \n"': ["a\nb", "%s"], "n": [1, 2]})
    content = {"first": frame, "other": other, "last": frame}
    assert text_of(content) == encode(to_json(content))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_in_a_frame_has_the_path_of_its_cell(name: str) -> None:
    path = {
        "bytes": "content['rows'][1]['b']",
        "half a character": "content['rows'][1]['a']",
        "half a character beside nothing": "content['rows'][1]['a']",
        "too long": "content['rows'][1]['a']",
        "deep": "content['rows'][1]['a']['b'][0]",
        "label": "content['rows'][1]['index']",
        "name": "content['rows'][0]",
        "equal names": "content['rows'][0]",
    }[name]
    for convert in (to_json, to_object):
        with pytest.raises(ContentError) as refused:
            convert({"rows": REFUSED[name]})
        assert refused.value.path == path


def test_a_circle_beside_a_frame_has_its_own_path() -> None:
    content: dict[str, Any] = {"frame": pandas.DataFrame({"a": [1]})}
    content["again"] = content
    with pytest.raises(ContentError) as refused:
        to_object(content)
    assert refused.value.path == "content['again']"


@pytest.mark.parametrize(("levels", "fits"), [(98, True), (99, False)])
def test_a_frame_is_two_levels(levels: int, *, fits: bool) -> None:
    value: Any = pandas.DataFrame({"a": ["x", "y"]})
    for _ in range(levels):
        value = [value]
    if fits:
        to_json(value)
        return
    with pytest.raises(ContentError, match="nested deeper"):
        to_json(value)
