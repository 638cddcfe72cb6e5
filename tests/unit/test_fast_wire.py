"""The answer that is recognised at a glance: whatever is taken for one, h11 reads in the same way."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl._fast_wire import plain_answer
from hitl._wire import AnswerReader, WireAnswer, WireError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"


def by_h11(method: str, data: bytes) -> WireAnswer | None:
    """What h11 makes of it: what comes in two pieces is never taken for an answer at a glance."""
    reader = AnswerReader(method)
    return reader.feed(data[:1]) or reader.feed(data[1:])


def at_a_glance(method: str, data: bytes) -> WireAnswer | None:
    """What the glance makes of it."""
    plain = plain_answer(method, data)
    return None if plain is None else WireAnswer(*plain, fault=None, is_framed=True, may_reuse=True)


METHODS = ("GET", "POST", "HEAD", "CONNECT")
STATUS_LINES = (
    *(b"HTTP/1.1 %d OK\r\n" % status for status in (100, 103, 199, 200, 201, 204, 299, 304, 404, 503, 599, 600, 999)),
    b"HTTP/1.1 200\r\n",
    b"HTTP/1.1 200 \r\n",
    b"HTTP/1.1  200 OK\r\n",
    b"HTTP/1.0 200 OK\r\n",
    b"HTTP/2.0 200 OK\r\n",
    b"HTTP/1.1 200 O\xc3\x96\r\n",
    b"http/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\n",
    b"\r\nHTTP/1.1 200 OK\r\n",
)
NAMES = (
    *(b"Content-Length", b"content-length", b"Transfer-Encoding", b"TE", b"Trailer", b"Content-Type", b"X_y", b"X y"),
    *(b"Connection", b"connection", b"Keep-Alive", b"Proxy-Connection", b"Upgrade", b"", b":", b"X\xc3\xa9"),
)
SEPARATORS = (b": ", b":", b":  ", b" : ", b":\t")
VALUES = (
    *(b"2", b"02", b"3", b"+2", b"-2", b"2 ", b"2\t", b"", b" ", b"2, 2", b"1" * 25, b"chunked", b"CHUNKED", b"gzip"),
    *(b"close", b"Close", b"keep-alive", b"upgrade", b"a  b", b"\xc3\xa9", b"a\tb", b"a\x00b", b"a\rb", b"a\r\n b"),
)
ENDS = (b"\r\n", b"\n", b"\r\n ", b"\r\r\n")
LENGTHS = (b"Content-Length: 2\r\n", b"Content-Length: 02\r\n", b"content-length:2\r\n", b"")
BODIES = (b"{}", b"{", b"{} ", b"", b"{}\r\n", b"2\r\n{}\r\n0\r\n\r\n")


def agree(method: str, data: bytes) -> None:
    """Whatever is taken for an answer at a glance, h11 takes for the same."""
    ours = at_a_glance(method, data)
    if ours is not None:
        assert ours == by_h11(method, data), data


def test_whatever_one_header_says_a_glance_sees_no_more_than_h11() -> None:
    for name, separator, value, end in product(NAMES, SEPARATORS, VALUES, ENDS):
        line = name + separator + value + end
        agree("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + line + b"\r\n{}")
        agree("GET", b"HTTP/1.1 200 OK\r\n" + line + b"Date: now\r\n\r\n{}")


def test_whatever_the_status_the_length_and_the_body_are_a_glance_sees_no_more_than_h11() -> None:
    for method, status, length, body in product(METHODS, STATUS_LINES, LENGTHS, BODIES):
        agree(method, status + b"Date: now\r\n" + length + b"\r\n" + body)
        agree(method, status + length + b"\r\n" + body)


@given(st.sampled_from(["GET", "POST"]), st.binary(max_size=6), st.integers(0, len(HEAD)))
def test_a_plain_answer_with_something_put_into_it_is_still_what_h11_reads(method: str, odd: bytes, place: int) -> None:
    data = HEAD[:place] + odd + HEAD[place:] + b"{}"
    agree(method, data)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_usual_answer_is_recognised(method: str) -> None:
    assert at_a_glance(method, HEAD + b"{}") == by_h11(method, HEAD + b"{}")
    assert at_a_glance(method, HEAD + b"{}") is not None


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"{",
        HEAD + b"{}x",
        HEAD + b"{}" + HEAD + b"{}",
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{}",
    ],
)
def test_everything_unusual_is_left_to_h11(data: bytes) -> None:
    assert plain_answer("GET", data) is None


@pytest.mark.parametrize("method", ["HEAD", "CONNECT"])
def test_answers_whose_length_depends_on_the_request_are_left_to_h11(method: str) -> None:
    assert plain_answer(method, HEAD + b"{}") is None


def test_bytes_after_a_plain_answer_spoil_the_connection_as_ever() -> None:
    answer = AnswerReader("GET").feed(HEAD + b"{}surplus")
    assert answer is not None
    assert not answer.may_reuse


def test_what_only_looks_like_an_answer_is_refused_as_ever() -> None:
    with pytest.raises(WireError):
        AnswerReader("GET").feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
