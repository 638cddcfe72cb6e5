"""Large content is written without a step for each value, and comes out as if it were converted value by value."""

from __future__ import annotations

import collections
import datetime
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hitl._content import to_json, to_object
from hitl._json import EncodedObject, encode, encode_body
from hitl._review import with_metadata
from hitl.exceptions import ContentError


class Word(enum.StrEnum):
    HIGH = "high"


class Level(enum.IntEnum):
    ONE = 1


class Text(str):
    def __str__(self) -> str:
        return "another"


class Point(NamedTuple):
    x: int
    y: int


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


def circle() -> list[Any]:
    members: list[Any] = [1]
    members.append({"again": members})
    return members


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
HOSTILE: list[Any] = [
    *(float("nan"), -float("inf"), -0.0, 1e300, 10**4300, -(10**4299)),
    *("\ud83d", "\ude00", "\ud83d\ude00", "\u2028", "\x00", "é", Text("text"), Word.HIGH, Level.ONE),
    *(b"bytes", bytearray(b"bytes"), memoryview(b"bytes"), {1, 2}, frozenset(), 1j, ..., StopIteration, len, object()),
    *(
        Point(1, 2),
        (1, (2,)),
        collections.OrderedDict(a=1),
        collections.Counter("aa"),
        collections.deque([1]),
        range(2),
    ),
    *({1: "a"}, {1: "a", "1": "b"}, {True: 1, None: 2}, {1.5: 1}, {"\ud83d": 1}, {Text("a"): 1}, {Word.HIGH: 1}),
    *({Text("a"): 1, "a": 2}, {(1, 2): 3}, {frozenset(): 1}, {float("nan"): 1}, {b"a": 1}, {Level.ONE: 1, "1": 1}),
    *(datetime.date(2024, 1, 20), nested(90), nested(97), nested(98), nested(99), nested(200), circle()),
    *([], {}, (), [[]], [{}], {"": {}}, collections.UserDict(a=[1]), iter([1]), compile("1", "", "eval")),
]
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    PLAIN | st.sampled_from(range(len(HOSTILE))).map(lambda index: HOSTILE[index]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=4,
)


def small(value: Any) -> Any:
    return {"value": value}


def rows(value: Any) -> Any:
    return {"rows": [[number, {"a": "b"}] for number in range(3000)] + [[value]], "last": value}


def table(value: Any) -> Any:
    return {f"row {number}": {"a": number, "b": (None, True)} for number in range(3000)} | {"row": {"value": value}}


def wide(value: Any) -> Any:
    return {"values": [*range(9000), value], "more": {str(number): number for number in range(9000)}, "": (value,)}


def one_in_another(value: Any) -> Any:
    return {"only": [({"one": [*range(9000), value]},)]}


def text_of(convert: Callable[[], Any]) -> Any:
    """Return the text of what is sent, or what the error says."""
    try:
        return encode_body({"template_id": '"content":null', "content": convert(), "assignees": []})
    except ContentError as error:
        return str(error), error.path


@pytest.mark.parametrize("shape", [small, rows, table, wide, one_in_another])
@settings(max_examples=10, deadline=None)
@given(ANYTHING)
@example(nested(97))
def test_what_is_sent_is_what_each_value_alone_would_become(shape: Callable[[Any], Any], value: Any) -> None:
    content = shape(value)
    assert text_of(lambda: to_object(content)) == text_of(lambda: to_json(content))


@pytest.mark.parametrize("shape", [small, rows, table, wide, one_in_another])
@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_unusual_passes_in_large_content(shape: Callable[[Any], Any], value: Any) -> None:
    content = shape(value)
    assert text_of(lambda: to_object(content)) == text_of(lambda: to_json(content))


@pytest.mark.parametrize("value", [["a"] * 100, None, "text", 3, (1, 2), {1, 2}])
def test_only_an_object_is_content(value: Any) -> None:
    assert to_object(value) is None


@pytest.mark.parametrize("at", [1, datetime.date(2024, 1, 20)])
def test_what_is_sent_is_what_it_was_at_the_time_of_the_call(at: Any) -> None:
    value: Any = {"rows": [{"number": number, "at": [at]} for number in range(100)]}
    before = encode(to_json(value))
    found = to_object(value)
    value["rows"][0]["at"].append(2)
    value["rows"].pop()
    assert isinstance(found, EncodedObject)
    assert found.text == before
    assert encode_body({"content": found}) == b'{"content":' + before + b"}"


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1}, {"rows": [1] * 100}, {"rows": [1] * 100, "_hitl": {"other": 1}}, {str(n): n for n in range(50)}],
)
def test_metadata_is_added_to_large_content_as_to_small(value: dict[str, Any]) -> None:
    found = to_object(value)
    assert found is not None
    expected = with_metadata(value, {"run": "r-1"})
    assert encode_body({"content": with_metadata(found, {"run": "r-1"})}) == encode({"content": expected})


def test_an_empty_object_with_a_text_can_be_added_to() -> None:
    found = EncodedObject({}, b"{}").with_member("a", [1])
    assert (found, found.text) == ({"a": [1]}, b'{"a":[1]}')
