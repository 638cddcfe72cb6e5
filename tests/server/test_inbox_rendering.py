"""Free JSON becomes blocks: texts, words, pairs, lists and tables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.inbox.diffing import Stretch
from hitl.server.inbox.json_texts import pretty
from hitl.server.inbox.rendering import (
    MAX_BLOCKS,
    MAX_DEPTH,
    MAX_ROWS,
    NOTHING,
    Block,
    Compared,
    Items,
    Json,
    Pairs,
    Table,
    Text,
    Word,
    block,
    subject,
)
from hitl.server.inbox.tables import Looking


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ("words", Text("words")),
        (3, Word("3", number=True)),
        (0.95, Word("0.95", number=True)),
        (True, Word("Yes")),
        (False, Word("No")),
        (None, NOTHING),
        ("", Word('""', empty=True)),
        ([], Word("[]", empty=True)),
        ({}, Word("{}", empty=True)),
        (" \n\u00a0", Word('" \\n\\u00a0"', empty=True)),
        ("null", Text("null")),
        ("[]", Text("[]")),
        (["a", 1], Items([Text("a"), Word("1", number=True)])),
        ({"a": 1}, Pairs([("a", Word("1", number=True))])),
    ],
)
def test_a_value_is_drawn_by_its_shape(value: Any, drawn: object) -> None:
    assert block(value) == drawn


def test_a_text_is_long_if_it_needs_more_than_a_line() -> None:
    assert not Text("a line").long
    assert Text("two\nlines").long
    assert Text("x" * 200).long


def cells(table: object) -> list[list[Block]]:
    """Return what a table draws while nobody has sorted it."""
    assert isinstance(table, Table)
    return [[cell for _, cell, _ in row.cells] for row in table.rows(table.columns(Looking()))]


def test_records_with_the_same_keys_are_a_table() -> None:
    table = block([{"id": 1, "name": "a"}, {"name": "b", "id": 2}])
    assert table == Table(["id", "name"], [[1, "a"], [2, "b"]])
    assert cells(table) == [[Word("1", True), Text("a")], [Word("2", True), Text("b")]]


def test_cells_are_drawn_by_their_shape_and_their_number() -> None:
    deep = {"a": {"b": 1}}
    assert cells(block([{"deep": deep}, {"deep": None}])) == [
        [Pairs([("a", Pairs([("b", Word("1", True))], folded=True))])],
        [NOTHING],
    ]


def test_a_cell_of_too_many_blocks_is_shown_as_json_when_its_row_is_sorted_to_the_top() -> None:
    heavy = [[0] * 100] * 100
    table = block([*({"n": n, "v": 0} for n in range(MAX_ROWS + 1)), {"n": 999, "v": heavy}], "t")
    assert isinstance(table, Table)
    looking = Looking((("table", "t"), ("by", "n"), ("order", "descending")))
    assert table.rows(table.columns(looking))[0].cells[1] == (heavy, Json(heavy), False)


@pytest.mark.parametrize("keys", [("before", "after"), ("old", "new"), ("original", "proposed")])
def test_two_texts_before_and_after_are_compared(keys: tuple[str, str]) -> None:
    drawn = block({"edit": dict(zip(keys, ("a b", "a c"), strict=True))})
    assert isinstance(drawn, Pairs)
    assert drawn.items == [("edit", Compared(keys, ("a b", "a c")))]
    assert Compared(keys, ("a b", "a c")).sides == [
        (keys[0], [Stretch("a "), Stretch("b", "removed")]),
        (keys[1], [Stretch("a "), Stretch("c", "added")]),
    ]


@pytest.mark.parametrize(
    "value", [{"after": "a", "before": "b"}, {"before": "a", "after": 1}, {"old": "a", "after": "b"}]
)
def test_other_objects_are_not_compared(value: Any) -> None:
    assert isinstance(block({"edit": value, "x": 1}), Pairs)
    assert not any(isinstance(item, Compared) for _, item in block({"edit": value, "x": 1}).items)  # type: ignore[union-attr]


def test_objects_nested_deeper_than_two_levels_start_closed() -> None:
    content: Any = block({"a": {"b": {"c": {"d": 1}}}})
    second = content.items[0][1]
    third = second.items[0][1]
    assert [content.folded, second.folded, third.folded] == [False, False, True]
    assert third.gist == "c"


def test_records_with_different_keys_are_a_list() -> None:
    assert isinstance(block([{"id": 1}, {"name": "b"}]), Items)


def test_the_dict_of_a_data_frame_is_a_table_with_its_index() -> None:
    table = block({"price": {"0": 1.5, "1": None}, "country": {"0": "NL", "1": "DE"}})
    assert isinstance(table, Table)
    assert table.index
    assert table.names == ["", "price", "country"]
    assert cells(table) == [
        [Text("0"), Word("1.5", True), Text("NL")],
        [Text("1"), NOTHING, Text("DE")],
    ]


def test_a_frame_of_one_column_is_recognised_by_its_numbered_rows() -> None:
    assert isinstance(block({"price": {"0": 1, "1": 2}}), Table)
    assert isinstance(block({"metadata": {"source": "gpt-4"}}), Pairs)


def test_an_object_of_unlike_objects_is_no_frame() -> None:
    assert isinstance(block({"a": {"x": 1}, "b": {"y": 1}}), Pairs)
    assert isinstance(block({"a": {"x": [1]}, "b": {"x": [1]}}), Pairs)


def test_a_long_table_and_a_long_list_say_how_much_they_leave_out() -> None:
    rows = block([{"n": n} for n in range(MAX_ROWS + 5)])
    items = block(list(range(MAX_ROWS + 7)))
    frame = block({"n": {str(n): n for n in range(MAX_ROWS + 9)}})
    pairs = block({str(n): n for n in range(MAX_ROWS + 3)})
    assert isinstance(rows, Table)
    assert isinstance(items, Items)
    assert isinstance(frame, Table)
    assert isinstance(pairs, Pairs)
    assert [rows.hidden, items.hidden, frame.hidden, pairs.hidden] == [5, 7, 9, 3]
    assert len(cells(rows)) == len(items.items) == len(cells(frame)) == len(pairs.items) == MAX_ROWS


@pytest.mark.parametrize(("columns", "drawn"), [(1, 200), (20, 200), (40, 100), (200, 20), (1_000, 20)])
def test_of_wide_records_fewer_rows_are_drawn(columns: int, drawn: int) -> None:
    rows = [{f"c{place}": row for place in range(columns)} for row in range(300)]
    table = block(rows)
    if columns > 200:
        assert table == Json(rows)
    else:
        assert isinstance(table, Table)
        assert (len(cells(table)), table.hidden) == (drawn, 300 - drawn)


def test_what_is_nested_too_deep_is_shown_as_json() -> None:
    value: Any = {"leaf": 1}
    for _ in range(MAX_DEPTH):
        value = {"k": value}
    drawn: Any = block(value)
    for _ in range(MAX_DEPTH):
        drawn = drawn.items[0][1]
    assert drawn == Json({"leaf": 1})
    assert "".join(token.text for token in Json({"leaf": 1}).tokens) == '{\n  "leaf": 1\n}'


def test_a_value_of_too_many_blocks_is_shown_as_json() -> None:
    value = [[[0] * 100] * 100]
    assert block(value) == Json(value)
    assert isinstance(block([0] * MAX_BLOCKS), Items)  # most of it is hidden anyway


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"text": "A title\nand more"}, "A title"),
        ({"text": "\n\n  padded  \nmore"}, "padded"),
        (
            {"metadata": {"source": "gpt-4"}, "notes": "the first text of the top level"},
            "the first text of the top level",
        ),
        ({"n": 1, "deep": {"list": [{"text": "found"}]}}, "found"),
        ({"blank": "  ", "n": 1}, ""),
        ({}, ""),
    ],
)
def test_a_review_is_about_the_first_line_of_its_first_text(content: dict[str, Any], line: str) -> None:
    assert subject(content) == line


def test_a_long_subject_is_cut() -> None:
    line = subject({"text": "word " * 100})
    assert len(line) <= 140
    assert line.endswith("word…")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
def test_every_json_value_can_be_drawn_and_printed(value: Any) -> None:
    assert block(value).kind in {"text", "word", "pairs", "items", "table"}
    assert json.loads(pretty(value)) == value


@given(st.dictionaries(st.text(), _JSON))
def test_every_content_has_a_subject_of_one_line(content: dict[str, Any]) -> None:
    assert "\n" not in subject(content)
