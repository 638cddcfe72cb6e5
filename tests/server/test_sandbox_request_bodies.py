"""What a request body must be; `tests/client/test_json.py` proves what strict JSON is."""

from __future__ import annotations

import pytest

from hitl.server.http.requests import MAX_DEPTH, parse_object
from hitl.server.primitives.errors import ApiError


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "the body must be a JSON object"),
        (b'{"a": NaN}', "the body is not valid JSON: NaN is not JSON"),
        (b'{"a": 1e999}', "the body is not valid JSON: the number 1e999 is too large"),
        (b'{"a": 1, "a": 2}', "the body is not valid JSON: an object has the same name twice: 'a'"),
        (b'{"a": "\xff"}', "the body is not UTF-8"),
        (b'{"a": "\\ud800"}', "contains half of a surrogate pair"),
        (nested(MAX_DEPTH + 1), "the body is not valid JSON: it is nested too deeply: more than 105 levels"),
        (b'{"a":' + b"[" * 100_000, "the body is not valid JSON: it is nested too deeply: more than 105 levels"),
        (b'{"a": [' + b"1," * 400_000 + b"1]}", "the body is not valid JSON: it holds more than 400000 values"),
    ],
)
def test_a_body_that_is_not_a_strict_json_object_is_refused_with_the_reason(body: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_object(body)
    assert (caught.value.status, caught.value.code) == (400, "validation_error")
    assert message in caught.value.message


def test_the_deepest_nesting_that_is_allowed_is_accepted() -> None:
    assert parse_object(nested(MAX_DEPTH))
