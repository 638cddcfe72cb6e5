"""HTTP/1.1 as bytes: what is read as an answer, what is refused, and when a connection may be used again."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from hitl._engine import http1
from hitl._engine.codec import DamagedError, decoded
from hitl._engine.http1 import LARGEST_BODY, MOST_INTERIM, ProtocolError, RawResponse, ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, *, at_a_time: int | None = None, closed: bool = True) -> RawResponse:
    """Feed the bytes, a few at a time or all at once, then the end of the connection."""
    reader = ResponseParser("GET")
    step = at_a_time or max(len(data), 1)
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    answers = (reader.feed(piece) for piece in (*pieces, *([b""] if closed else [])))
    return next(answer for answer in answers if answer is not None)


@pytest.mark.parametrize("at_a_time", [None, 1, 7])
def test_an_answer_is_the_same_however_its_bytes_arrive(at_a_time: int | None) -> None:
    answer = read(OK + b"Content-Length: 2\r\nX-A: 1\r\n\r\n{}", at_a_time=at_a_time)
    assert (answer.status_code, answer.body, answer.may_reuse) == (200, b"{}", True)
    assert ("x-a", "1") in answer.headers


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 1\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\n\r\n{}",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nmore",
    ],
)
def test_a_connection_with_surplus_bytes_is_not_used_again(data: bytes) -> None:
    answer = read(data)
    assert not answer.may_reuse


@pytest.mark.parametrize(
    ("head", "is_framed"),
    [
        (b"Content-Length: 2\r\nConnection: close\r\n\r\n{}", True),
        (b"Content-Type: text/plain\r\n\r\n{}", False),
    ],
)
def test_a_connection_that_the_server_closes_is_not_used_again(head: bytes, is_framed: bool) -> None:
    answer = read(OK + head)
    assert (answer.body, answer.may_reuse, answer.is_framed) == (b"{}", False, is_framed)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 0 OK\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: abc\r\n\r\n",
        OK + b"Content-Length: " + b"1" * 21 + b"\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        OK + b"Content-Length: 10\r\n\r\n{}",
        OK + b"X: " + b"a" * (http1.LONGEST_HEAD + 1),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        OK[:9],
    ],
)
def test_what_is_no_whole_answer_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(data)


def test_a_refusal_that_is_cut_off_is_a_refusal_still() -> None:
    answer = read(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{")
    assert (answer.status_code, answer.body, answer.may_reuse) == (404, b"", False)
    assert answer.fault == "it was cut off"


def test_some_interim_answers_are_passed_over_and_a_flood_of_them_is_refused() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    answer = read(interim * MOST_INTERIM + OK + b"Content-Length: 0\r\n\r\n")
    assert answer.status_code == 200
    with pytest.raises(ProtocolError, match="interim"):
        read(interim * (MOST_INTERIM + 1))


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_is_not_read_beyond_the_bound(announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "LARGEST_BODY", 1000)
    head = b"Content-Length: 1001\r\n" if announced else b"Connection: close\r\n"
    answer = read(OK + head + b"\r\n" + b"a" * 1001, closed=False)
    assert (answer.body, answer.may_reuse) == (b"", False)
    assert "larger" in str(answer.fault)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip ", "", "identity", "Identity"])
def test_a_gzip_encoding_is_undone_and_what_is_not_encoded_stays(encoding: str) -> None:
    assert decoded(gzip.compress(b"{}") if "gzip" in encoding.lower() else b"{}", encoding) == b"{}"
    assert decoded(b"", encoding) == b""


PACKED = gzip.compress(b'{"a": "' + b"b" * 500 + b'"}', mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding", "told"),
    [
        (PACKED[:-1], "gzip", "cut off"),
        (PACKED[: len(PACKED) // 2], "gzip", "cut off"),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "gzip", "damaged"),
        (b"{}", "gzip", "damaged"),
        (PACKED + b"more", "gzip", "follows"),
        (zlib.compress(b"{}"), "deflate", "not asked for"),
        (b"{}", "br", "not asked for"),
        (PACKED, "gzip, gzip", "not asked for"),
    ],
)
def test_an_encoding_that_cannot_be_trusted_is_refused(body: bytes, encoding: str, told: str) -> None:
    with pytest.raises(DamagedError, match=told):
        decoded(body, encoding)


def test_a_bomb_is_given_up_on_at_the_bound() -> None:
    with pytest.raises(DamagedError, match="larger than 16 MiB"):
        decoded(gzip.compress(b"\0" * (LARGEST_BODY + 1)), "gzip")


def test_a_body_of_many_small_chunks_takes_no_more_memory_than_its_bytes() -> None:
    reader = ResponseParser("GET")
    reader.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    tracemalloc.start()
    for _ in range(100):
        reader.feed(b"2\r\n{}\r\n" * 500)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 5 * 100_000
