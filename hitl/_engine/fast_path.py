"""The answer that nearly all answers are, recognised at a glance: plain, with its length told once.

h11 takes more time than all the rest of a call that is ours. Most of what it looks for is not in an answer that has
nothing unusual about it; so such an answer is read here, and everything else by h11. This is no second parser with an
opinion of its own: what it accepts, h11 accepts and reads in the same way (the tests compare the two), and what it does
not know it leaves alone, from the first byte on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_LOOKS = 16  # at an answer that comes in pieces; one that takes more is no plain one, and each costs a copy
MOST_CHUNKS = 256  # servers send some dozen; nobody looks at the time between them


class SimpleResponse(NamedTuple):
    """An answer with nothing before or after it; the names of its headers are in lower case."""

    status_code: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


# A part of what RFC 9112 allows: no 1xx; values of visible ASCII and single spaces around nothing; no folded lines.
# What is possessive (`*+`) is never tried twice, so the time does not depend on what a server puts there.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*+)?+\r\n((?:[A-Za-z][A-Za-z0-9_-]*+: [!-~][ -~]*+(?<! )\r\n)++)\r\n"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_CHUNK_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}\r?")
_LAST_CHUNK = b"0\r\n\r\n"

# Whatever has to do with where an answer ends, or with what becomes of the connection, is for h11 to read, save for the
# two usual ways to tell a length, and for the usual word about the connection, which says what is so without it.
_ABOUT_THE_END = frozenset(
    {b"content-length", b"transfer-encoding", b"trailer", b"connection", b"upgrade", b"proxy-connection"}
)
_KEPT = frozenset({(b"connection", b"keep-alive"), (b"connection", b"Keep-Alive")})


class FastPath:
    """Takes an answer as it comes, in one piece or in a few.

    Attributes:
        taken: All that came, as soon as `is_over`.
        is_over: True once it is known not to be plain, or not whole at its end; it is for h11 to read.
    """

    __slots__ = ("_lacks", "_looks", "_method", "_most", "_unfinished", "is_over", "taken")

    def __init__(self, method: str, most: int) -> None:
        """Begin; `most` is the bytes of the largest body."""
        self._method, self._most = method, most
        self._unfinished: bytearray | None = None
        self._lacks = self._looks = 0
        self.taken = b""
        self.is_over = False

    def feed(self, data: bytes) -> SimpleResponse | None:
        """Take what came, b"" for the end of the connection; return the answer once it is whole."""
        taken = data  # most answers come in one piece
        if self._unfinished is not None:
            self._unfinished += data
            self._lacks -= len(data)
            if data and self._lacks > 0:
                return None
            taken = bytes(self._unfinished)
        self._looks += 1
        found = parse_simple(self._method, taken, self._most) if data and self._looks <= MOST_LOOKS else None
        if isinstance(found, SimpleResponse):
            return found
        if found is None:
            self.taken, self.is_over = taken, True
        else:
            self._unfinished, self._lacks = self._unfinished or bytearray(taken), found
        return None


def parse_simple(method: str, data: bytes, most: int) -> SimpleResponse | int | None:
    """Return the answer if the bytes are one plain answer and nothing else.

    Args:
        method: Of the request.
        data: All that came, the first byte of the answer first.
        most: Bytes of the largest body.

    Returns:
        The answer; the bytes that it lacks at the least, if its head is whole and the rest is plain so far; None to
        have it read by h11.
    """
    if method in ("HEAD", "CONNECT") or (found := _HEAD.match(data)) is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    for line in found[2].removesuffix(b"\r\n").split(b"\r\n"):
        name, _, value = line.partition(b": ")
        headers.append((name.lower(), value))
    status_code, begin = int(found[1]), found.end()
    match [each for each in headers if each[0] in _ABOUT_THE_END and each not in _KEPT]:
        case [(b"content-length", length)] if status_code not in (204, 304):
            body = _measured(data, begin, length, most)
        case [(b"transfer-encoding", b"chunked")] if status_code not in (204, 304):
            body = _chunked(data, begin, most)
        case _:
            return None
    return SimpleResponse(status_code, headers, body) if isinstance(body, bytes) else body


def _measured(data: bytes, begin: int, length: bytes, most: int) -> bytes | int | None:
    """Return the body whose length is told in advance; see `parse_simple`."""
    if not length.isdigit() or len(length) > 9 or int(length) > most:
        return None
    lacks = begin + int(length) - len(data)
    if lacks == 0:
        return data[begin:]
    return lacks if lacks > 0 else None


def _chunked(data: bytes, at: int, most: int) -> bytes | int | None:
    """Return the body that comes in chunks (RFC 9112, 7.1), without extensions and trailers; see `parse_simple`."""
    parts: list[bytes] = []
    while (found := _CHUNK.match(data, at)) is not None and len(parts) < MOST_CHUNKS:
        begin, end = found.end(), found.end() + int(found[1], 16)
        if end > most or not b"\r\n".startswith(data[end : end + 2]):
            return None
        at = end + 2
        if at > len(data):
            return at - len(data) + (len(_LAST_CHUNK) if end > begin else 0)
        if end == begin:
            return b"".join(parts) if at == len(data) else None
        parts.append(data[begin:end])
    if found is not None or _CHUNK_BEGUN.fullmatch(data, at) is None:
        return None
    return max(1, len(_LAST_CHUNK) - (len(data) - at))
