from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitl.server.primitives.errors import ApiError
from hitl.server.primitives.strict_json import MAX_DEPTH, parse_object

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_every_object_arrives_as_it_was_sent(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"{", "the body is not valid JSON"),
        (b"[]", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": -Infinity}', "-Infinity is no JSON value"),
        (b'{"a": 1e999}', "the number 1e999 is too large"),
        (b'{"a": ' + b"1" * 5000 + b"}", "the body is not valid JSON"),
        (b'{"a": 1, "a": 2}', "the member 'a' stands twice in one object"),
        (b'{"a": "\xff"}', "the body is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "the body is not UTF-8"),
        (b'{"a": "\\ud800"}', "a text in the body holds half of a surrogate pair"),
        (nested(MAX_DEPTH + 1), "the body is nested deeper than 100 levels"),
        (nested(100_000), "the body is nested deeper than 100 levels"),
        (b'{"a":' + b"[" * 100_000, "the body is nested deeper than 100 levels"),
    ],
)
def test_what_is_no_strict_json_object_is_refused_with_the_reason(body: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_object(body)
    assert caught.value.status == 400
    assert caught.value.code == "validation_error"
    assert message in caught.value.message


def test_the_deepest_nesting_that_is_allowed_is_accepted() -> None:
    assert parse_object(nested(MAX_DEPTH))
