"""What passes for JSON on the wire, and what does not."""

from __future__ import annotations

import gc
import json
import os
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl._json import MAX_VALUES, canonical, decode, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_as_it_was(value):
    assert decode(encode(value)) == value
    assert decode(json.dumps(value, indent=1).encode()) == value  # with every other character escaped


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"{}{}", b"{'a': 1}", b'"a\nb"'),
        *(b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"1e999", b"[-1e999]", b"1" + b"0" * 5000),
        *(b'{"a": 1, "a": 1}', b'[{"deep": {"a": 1, "b": 2, "a": 3}}]', b'{"a": 1, "\\u0061": 2}'),
        *(rb'"\ud800"', rb'["\uDC00\uD800"]', rb'{"\udfff": 1}'),
        *('{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-16-le"), '{"a": "é"}'.encode("latin-1")),
        *(b"\xef\xbb\xbf{}", b'"\xed\xa0\x80"'),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_not_strict_json_is_a_value_error(text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - of whichever kind
        decode(text)
    assert len(str(caught.value)) < 500


def test_whole_surrogate_pairs_are_characters():
    assert decode(rb'"\ud83d\ude00 \\ud800"') == "😀 \\ud800"


@given(
    st.lists(
        st.sampled_from([r"\ud83d", r"\uDBff", r"\ude00", r"\uDFFF", r"\ud7ff", r"\\", r"\"", "ud83d", "de00", "d"])
    )
)
def test_each_half_of_a_surrogate_pair_needs_the_other(parts):
    text = f'"{"".join(parts)}"'
    try:
        json.loads(text).encode()
    except UnicodeEncodeError:
        with pytest.raises(ValueError, match="surrogate"):
            decode(text.encode())
    else:
        assert decode(text.encode()) == json.loads(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_value_error(content):
    with suppress(ValueError):
        decode(content)


def test_equal_values_have_one_canonical_form():
    assert canonical(b'{"b": [1.0, "\\u00e9"], "a": {"d": 1, "c": 2}}') == canonical(
        '{"a":{"c":2,"d":1},"b":[1.0,"é"]}'.encode()
    )
    assert canonical(b"[1, 2]") != canonical(b"[2, 1]")


@pytest.mark.parametrize("value", [b"1", b"{}", b"[]", b'{"a":1}', b'""'])
def test_more_values_than_can_be_read_quickly_are_refused_before_they_are_read(value):
    with pytest.raises(ValueError, match="more than 500000 values"):
        decode(b"[" + (value + b",") * MAX_VALUES + b"1]")


def test_the_limits_are_those_of_the_caller():
    assert decode(b"[" * 3 + b"]" * 3, max_depth=3) == [[[]]]
    with pytest.raises(ValueError, match="nested too deeply: more than 2 levels"):
        decode(b"[" * 3 + b"]" * 3, max_depth=2)
    with pytest.raises(ValueError, match="more than 2 values"):
        decode(b"[1,1,1,1]", max_values=2)


@pytest.mark.parametrize("text", ["a,b,[c],{d}\n", '"', "\\", '\\"', '",', "\\\\,", '\\",[', "é,"])
def test_what_stands_inside_of_texts_is_not_counted(text):
    value = {text: [text * MAX_VALUES, 1], "b": [text] * 9}
    assert decode(encode(value)) == value


@pytest.mark.parametrize("value", ['"a,b"', '"\\\\"', '"\\""', '""', '{",":1}'])
def test_values_between_texts_are_counted(value):
    content = "[" + ",".join([value] * MAX_VALUES)
    with pytest.raises(ValueError, match="more than 500000 values"):
        decode(f"{content},1]".encode())


def test_a_long_text_is_no_heap_of_values():
    text = "Yes, it is. " * (MAX_VALUES // 12)
    assert decode(encode([text])) == [text]


MANY_OBJECTS = b"[" + b'{"a":[]},' * 60_000 + b"1]"


@pytest.fixture
def collections():
    """The runs of the garbage collector; it is switched on, whatever other tests have done."""
    found = []
    gc.enable()
    gc.callbacks.append(lambda phase, _: found.append(phase == "start"))
    yield found
    gc.callbacks.pop()
    gc.enable()


@pytest.mark.parametrize("end", [b"", b"}"])
def test_many_objects_are_read_without_a_run_of_the_garbage_collector_for_each_few_hundred(collections, end):
    collections.clear()
    with suppress(ValueError):
        decode(MANY_OBJECTS + end)
    assert sum(collections) <= 1
    assert gc.isenabled()


def test_a_garbage_collector_that_is_switched_off_stays_so(collections):
    gc.disable()
    decode(MANY_OBJECTS)
    assert not gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_child_that_is_forked_meanwhile_collects_its_garbage(collections):
    children = []

    def fork(*_):
        if not children and not gc.isenabled():
            children.append(os.fork())
            if not children[0]:
                os._exit(0 if gc.isenabled() else 1)

    sys.setprofile(fork)
    try:
        decode(MANY_OBJECTS)
    finally:
        sys.setprofile(None)
    assert os.waitpid(children[0], 0)[1] == 0
    assert gc.isenabled()
