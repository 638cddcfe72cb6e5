"""The fast path: a simple response, complete and with nothing unusual about it, is parsed by a regular expression.

h11 takes longer than the rest of our part of a call. Everything else is left to h11, from the first byte on. What this
accepts, h11 accepts with the same result; the tests compare the two.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_PARSES = 16  # of a response that arrives in pieces; each costs a copy
MOST_CHUNKS = 256  # servers send some dozen; the deadline is not checked between them


class SimpleResponse(NamedTuple):
    """A response with nothing before or after it; the names of its headers are in lower case."""

    status_code: int
    headers: list[tuple[str, str]]
    body: bytes


# A subset of RFC 9112: no 1xx, values of printable ASCII, one space after the colon, no folded lines.
# Possessive quantifiers (`*+`) do not backtrack, so the time is linear in the size of the head.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*+)?+\r\n((?:[A-Za-z][A-Za-z0-9_-]*+: [!-~][ -~]*+(?<! )\r\n)++)\r\n"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_CHUNK_START = re.compile(rb"[0-9A-Fa-f]{0,8}\r?")
_LAST_CHUNK = b"0\r\n\r\n"

# What decides where a response ends, or what becomes of the connection, is for h11 to read, except for the two usual
# ways of framing and for keep-alive, which is HTTP/1.1's default anyway.
_FRAMING = frozenset({"content-length", "transfer-encoding", "trailer", "connection", "upgrade", "proxy-connection"})
_KEEP_ALIVE = frozenset({("connection", "keep-alive"), ("connection", "Keep-Alive")})


class FastPath:
    """Takes a response, in one piece or in a few, whose body is no larger than `limit` bytes."""

    __slots__ = ("_limit", "_method", "_missing", "_parses", "_unfinished")

    def __init__(self, method: str, limit: int) -> None:
        self._method, self._limit = method, limit
        self._unfinished: bytearray | None = None
        self._missing = self._parses = 0

    def feed(self, data: bytes) -> SimpleResponse | bytes | None:
        """Take received bytes, b"" for the end of the connection; return the response once it is complete.

        If it is not simple, return all bytes so far, which h11 has to parse.
        """
        received = data  # most responses arrive in one piece
        if self._unfinished is not None:
            self._unfinished += data
            self._missing -= len(data)
            if data and self._missing > 0:
                return None
            received = bytes(self._unfinished)
        self._parses += 1
        found = parse_simple(self._method, received, self._limit) if data and self._parses <= MOST_PARSES else None
        if not isinstance(found, int):
            return found or received
        self._unfinished, self._missing = self._unfinished or bytearray(received), found
        return None


def parse_simple(method: str, data: bytes, limit: int) -> SimpleResponse | int | None:
    """Return the response if the bytes, all so far, are one simple response and nothing else.

    If the head is complete and simple so far, return the least number of bytes that are missing; else None, which
    leaves it to h11.
    """
    if method in ("HEAD", "CONNECT") or (found := _HEAD.match(data)) is None:
        return None
    headers: list[tuple[str, str]] = []
    framing: list[tuple[str, str]] = []
    for line in found[2].decode("ascii").removesuffix("\r\n").split("\r\n"):
        name, _, value = line.partition(": ")
        header = (name.lower(), value)
        headers.append(header)
        if header[0] in _FRAMING and header not in _KEEP_ALIVE:
            framing.append(header)
    status_code, begin = int(found[1]), found.end()
    match framing:
        case [("content-length", length)] if status_code not in (204, 304):
            body = _sized(data, begin, length, limit)
        case [("transfer-encoding", "chunked")] if status_code not in (204, 304):
            body = _chunked(data, begin, limit)
        case _:
            return None
    return SimpleResponse(status_code, headers, body) if isinstance(body, bytes) else body


def _sized(data: bytes, begin: int, length: str, limit: int) -> bytes | int | None:
    """Return the body of a known length; see `parse_simple`."""
    if not length.isdigit() or len(length) > 9 or int(length) > limit:
        return None
    missing = begin + int(length) - len(data)
    if missing == 0:
        return data[begin:]
    return missing if missing > 0 else None


def _chunked(data: bytes, at: int, limit: int) -> bytes | int | None:
    """Return a body in chunks (RFC 9112, 7.1) without extensions and trailers; see `parse_simple`."""
    parts: list[bytes] = []
    while (found := _CHUNK.match(data, at)) is not None and len(parts) < MOST_CHUNKS:
        begin, end = found.end(), found.end() + int(found[1], 16)
        if end > limit or not b"\r\n".startswith(data[end : end + 2]):
            return None
        at = end + 2
        if at > len(data):
            return at - len(data) + (len(_LAST_CHUNK) if end > begin else 0)
        if end == begin:
            return b"".join(parts) if at == len(data) else None
        parts.append(data[begin:end])
    if found is not None or _CHUNK_START.fullmatch(data, at) is None:
        return None
    return max(1, len(_LAST_CHUNK) - (len(data) - at))
