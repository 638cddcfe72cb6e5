"""The fast path: whatever it accepts, h11 accepts with the same result."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl._engine import http1
from hitl._engine.fast_path import MOST_CHUNKS, MOST_PARSES, FastPath, SimpleResponse, parse_simple
from hitl._engine.http1 import LARGEST_BODY, ProtocolError, RawResponse, ResponseParser

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def by_h11(method: str, data: bytes) -> RawResponse | None:
    """What h11 makes of it: the fast path declines what begins with less than a head."""
    reader = ResponseParser(method)
    return reader.feed(data[:1]) or reader.feed(data[1:])


def on_the_fast_path(method: str, *pieces: bytes) -> RawResponse | None:
    """What the fast path makes of it."""
    path = FastPath(method, LARGEST_BODY)
    plain = [answer for piece in pieces if isinstance(answer := path.feed(piece), SimpleResponse)]
    return RawResponse(*plain[0], may_reuse=True) if plain else None


def come_to(method: str, pieces: Iterable[bytes]) -> RawResponse | None:
    """What comes of the pieces and the end of the connection; None if they are refused."""
    reader = ResponseParser(method)
    try:
        return next(answer for piece in (*pieces, b"") if (answer := reader.feed(piece)) is not None)
    except ProtocolError:
        return None


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in pieces; an empty one would be the end of the connection."""
    bounds = sorted({0, len(data), *(place for place in places if place < len(data))})
    return [data[begin:end] for begin, end in pairwise(bounds)]


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
CHUNKS = (
    *(b"2\r\n{}\r\n", b"02\r\n{}\r\n", b"1\r\n{\r\n", b"A\r\n0123456789\r\n", b"2;a=b\r\n{}\r\n", b"2 \r\n{}\r\n"),
    *(b"2\n{}\n", b"2\r\n{}", b"2\r\n{}x\r\n", b"-2\r\n{}\r\n", b"0x2\r\n{}\r\n", b"\r\n", b"3\r\n{}\r\n"),
    b"FFFFFFFFF\r\n",
)
LAST_CHUNKS = (b"0\r\n\r\n", b"000\r\n\r\n", b"0\r\nX-A: 1\r\n\r\n", b"0\r\n\r\n0", b"0\r\n", b"0\r\n\r", b"")


def agree(method: str, data: bytes) -> None:
    """What the fast path accepts, h11 accepts with the same result."""
    ours = on_the_fast_path(method, data)
    if ours is not None:
        assert ours == by_h11(method, data), data


def test_whatever_one_header_says_the_fast_path_accepts_no_more_than_h11() -> None:
    for name, separator, value, end in product(NAMES, SEPARATORS, VALUES, ENDS):
        line = name + separator + value + end
        agree("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + line + b"\r\n{}")
        agree("GET", b"HTTP/1.1 200 OK\r\n" + line + b"Date: now\r\n\r\n{}")


def test_whatever_the_status_the_length_and_the_body_are_the_fast_path_accepts_no_more_than_h11() -> None:
    for method, status, length, body in product(METHODS, STATUS_LINES, LENGTHS, BODIES):
        agree(method, status + b"Date: now\r\n" + length + b"\r\n" + body)
        agree(method, status + length + b"\r\n" + body)


def test_whatever_the_chunks_are_the_fast_path_accepts_no_more_than_h11() -> None:
    for first, second, last in product((*CHUNKS, b""), (*CHUNKS, b""), LAST_CHUNKS):
        agree("GET", CHUNKED + first + second + last)


@given(
    st.sampled_from([HEAD + b"{}", CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"]),
    st.sampled_from([b"", b"0", b"\r\n", b"\r", b"x", HEAD]) | st.binary(max_size=6),
    st.integers(0, 120),
    st.sets(st.integers(1, 120), max_size=4),
    st.integers(0, 120),
)
def test_an_answer_in_pieces_comes_to_what_h11_makes_of_it(
    data: bytes, odd: bytes, place: int, places: set[int], lost: int
) -> None:
    data = data[:place] + odd + data[place:]
    for whole in (data, data[:lost]):
        assert come_to("GET", cut(whole, places)) == come_to("GET", cut(whole, {1, *places}))
        assert come_to("GET", cut(whole, ())) == come_to("GET", cut(whole, {1}))


# The first three as they were received, the others put together from what is known of them.
SERVERS = {
    "uvicorn": b"date: Mon, 23 Nov 2026 17:51:10 GMT\r\nserver: uvicorn\r\ncontent-type: application/json\r\n",
    "Node.js": b"Content-Type: application/json\r\nDate: Mon, 23 Nov 2026 17:51:13 GMT\r\nConnection: keep-alive\r\n"
    b"Keep-Alive: timeout=5\r\n",
    "nginx": b"Server: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 17:51:13 GMT\r\nContent-Type: application/json\r\n"
    b"Connection: keep-alive\r\n",
    "Apache": b"Date: Mon, 23 Nov 2026 17:51:13 GMT\r\nServer: Apache/2.4.62 (Debian)\r\n"
    b"Keep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\nContent-Type: application/json\r\n",
    "Cloudflare": b"Date: Mon, 23 Nov 2026 17:51:13 GMT\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"
    b"CF-Ray: 8f2b5d3e7c1a2b3c-FRA\r\nCF-Cache-Status: DYNAMIC\r\nVary: Accept-Encoding\r\nServer: cloudflare\r\n"
    b'NEL: {"success_fraction":0,"report_to":"cf-nel","max_age":604800}\r\nalt-svc: h3=":443"; ma=86400\r\n'
    b"Set-Cookie: a=b; path=/; HttpOnly\r\nSet-Cookie: c=d; path=/; Secure\r\n",
}
LENGTH_AND_BODY = (
    b"Content-Length: 2\r\n\r\n{}",
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("rest", LENGTH_AND_BODY)
def test_what_usual_servers_send_is_recognised_also_in_pieces(server: str, rest: bytes) -> None:
    data = b"HTTP/1.1 201 Created\r\n" + SERVERS[server] + rest
    body = data.index(b"\r\n\r\n") + 4
    expected = by_h11("POST", data)
    assert expected is not None
    assert (expected.body, expected.may_reuse) == (b"{}", True)
    assert on_the_fast_path("POST", data) == expected
    for first in range(body, len(data)):
        assert on_the_fast_path("POST", data[:first], data[first:]) == expected
        assert on_the_fast_path("POST", *cut(data, {first, first + 2})) == expected


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_usual_answer_is_recognised(method: str) -> None:
    assert on_the_fast_path(method, HEAD + b"{}") == by_h11(method, HEAD + b"{}") is not None


UNUSUAL = (
    HEAD + b"{}x",
    HEAD + b"{}" + HEAD + b"{}",
    b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{}",
)


@pytest.mark.parametrize(
    ("method", "data"), [*(("GET", data) for data in UNUSUAL), ("HEAD", HEAD + b"{}"), ("CONNECT", HEAD + b"{}")]
)
def test_everything_unusual_is_left_to_h11(method: str, data: bytes) -> None:
    assert parse_simple(method, data, LARGEST_BODY) is None


@pytest.mark.parametrize(
    ("data", "lacks"),
    [
        (HEAD, 2),
        (HEAD + b"{", 1),
        (CHUNKED, 5),
        (CHUNKED + b"2", 4),
        (CHUNKED + b"2\r\n", 9),
        (CHUNKED + b"2\r\n{}\r", 6),
        (CHUNKED + b"2\r\n{}\r\n", 5),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", 2),
        (CHUNKED + b"2\r\n{}\r\n0\r\n\r", 1),
        (CHUNKED + b"00000000\r", 1),
    ],
)
def test_what_a_plain_answer_lacks_is_told(data: bytes, lacks: int) -> None:
    assert parse_simple("GET", data, LARGEST_BODY) == lacks


def test_what_is_larger_than_the_bound_is_left_to_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "LARGEST_BODY", 1000)
    chunks = b"190\r\n" + b"a" * 400 + b"\r\n"
    for data in (HEAD.replace(b"2", b"1001", 1), CHUNKED + b"3e9\r\n", CHUNKED + chunks * 3):
        assert parse_simple("GET", data, 1000) is None
    answer = ResponseParser("GET").feed(CHUNKED + chunks * 3)
    assert answer is not None
    assert "larger" in str(answer.fault)


def test_very_many_chunks_are_left_to_h11_and_read_to_the_same_result() -> None:
    data = CHUNKED + b"1\r\n1\r\n" * (MOST_CHUNKS + 1) + b"0\r\n\r\n"
    assert parse_simple("GET", data, LARGEST_BODY) is None
    assert parse_simple("GET", data.replace(b"1\r\n1\r\n" * 2, b"", 1), LARGEST_BODY) is not None
    assert come_to("GET", [data]) == come_to("GET", cut(data, {1}))


def test_an_answer_in_very_many_pieces_is_left_to_h11_and_read_to_the_same_result() -> None:
    pieces = [CHUNKED, *[b"1\r\n1\r\n"] * MOST_PARSES, b"0\r\n\r\n"]
    assert on_the_fast_path("GET", *pieces) is None
    answer = come_to("GET", pieces)
    assert answer is not None
    assert (answer.body, answer.may_reuse) == (b"1" * MOST_PARSES, True)
    assert on_the_fast_path("GET", HEAD, b"{", b"}") is not None  # a body whose length is known takes two looks at most
