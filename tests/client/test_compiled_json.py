"""The compiled reader of JSON says of any bytes what Python's says, or leaves them to that."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitl._compiled_json import IN_DOUBT, read
from hitl._json import decode

PARTS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b'"', b"\\", b"\x00", b"\x0c", b"\xef\xbb\xbf", b"/", b"#"),
    *(b'{"a":1,"a":1}', b'{"a":', b',"a":', b',"b":', b'"a"', b'"\\u0061"', b'"":', b'{"\\"":1,"":"\\u0022"}', b'":"'),
    *(b"0", b"-0", b"01", b"1.", b".5", b"1e5", b"1E+05", b"-0.0", b"1e-400", b"1e400", b"-1e999", b"5e-324", b"1e23"),
    *(b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809", b"9007199254740993.0", b"1" * 310),
    *(b"1" * 4300, b"1" * 4301, b"0." + b"1" * 400, b"2.2250738585072011e-308", b"1.7976931348623159e308"),
    *(b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity", b"nul", b"True"),
    *(rb"\ud83d", rb"\ude00", rb"\u0022", rb"\u00e9", rb"\u0000", rb"\"", rb"\\", rb"\/", rb"\n", rb"\x41", rb"\u12"),
    *("é😀\u2028".encode(), b"\x7f", b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
]


def nested(leaves: st.SearchStrategy[Any], texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return values that are made of these."""
    return st.recursive(
        st.none() | st.booleans() | leaves | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


WRITTEN = st.builds(
    lambda value, separators, indent, *, is_ascii: json.dumps(
        value, separators=separators, indent=indent, ensure_ascii=is_ascii
    ).encode("utf-8", "surrogatepass"),
    nested(st.integers() | st.floats(), st.text(max_size=3)),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]),
    st.sampled_from([None, 1]),
    is_ascii=st.booleans(),
)


@st.composite
def almost_json(draw: st.DrawFn) -> bytes:
    """Return the text of a value in which something is another thing, or is there twice."""
    text = draw(WRITTEN)
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 9)))
    return text[:start] + draw(st.sampled_from(PARTS) | st.just(text[start:end] * 2)) + text[end:]


ANY_BYTES = (
    st.binary(max_size=40) | st.lists(st.sampled_from(PARTS), max_size=8).map(b"".join) | WRITTEN | almost_json()
)


def pythons(content: bytes) -> tuple[str, Any]:
    """Return what Python's reader says, which is the one for short texts; 1, True and 1.0 are different."""
    try:
        return "is", repr(decode(content))
    except ValueError:
        return "refused", None


@given(ANY_BYTES)
@example(b'{"a":"\\"","a":"\\u0022\\u0022\\u0022"}')
@example(b'{"a" :1,"a":":"}')
@example(b'[{"a":{"b":1}},{"a":{"b":1},"a":{"b":1}}]')
@example(b"[" * 100_000 + b"]" * 100_000)
def test_both_readers_say_the_same_of_any_bytes(content: bytes) -> None:
    found = read(content)
    assert found is IN_DOUBT or ("is", repr(found)) == pythons(content)


@given(nested(st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False), st.text("aé\\\n😀")))
def test_what_most_servers_send_is_not_left_to_python(value: Any) -> None:
    for content in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert repr(read(content.encode())) == repr(value)


@pytest.mark.parametrize("size", [0, 100_000, 5_000_000])
def test_texts_of_any_length_are_read_as_strictly(size: int) -> None:
    room = b'"' + b"a" * size + b'"'
    assert decode(b'{"a": %b, "b": [1.0, %d]}' % (room, 2**64)) == {"a": "a" * size, "b": [1.0, 2**64]}
    for wrong in (b'{"a": %b, "a": 1}', b"[%b, NaN]", b"[%b, 1e999]", rb'[%b, "\ud800"]', b"[%b", b'[%b, "\xff"]'):
        with pytest.raises(ValueError, match=r"twice|NaN|too large|surrogate|Expecting|codec"):
            decode(wrong % room)


def test_nothing_needs_the_compiled_reader() -> None:
    program = (
        "import sys; sys.modules['msgspec'] = None\n"
        "from hitl._compiled_json import IN_DOUBT, read; from hitl._json import decode\n"
        "assert read(b'[]') is IN_DOUBT and decode(b'[' + b'1,' * 20_000 + b'1]') == [1] * 20_001"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_short_texts_load_no_compiled_reader() -> None:
    program = "import sys; from hitl._json import decode; decode(b'[' + b'1,' * 1_000 + b'1]'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "msgspec" not in loaded
