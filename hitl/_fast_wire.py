"""The answer that nearly all answers are, recognised at a glance: whole, plain, its length told once.

h11 takes more time than all the rest of a call that is ours. Most of what it looks for is not in an answer that came in
one piece and has nothing unusual about it; so such an answer is read here, and everything else by h11. This is no
second parser with an opinion of its own: what it accepts, h11 accepts and reads in the same way (the tests compare the
two), and what it does not know it leaves alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class PlainAnswer(NamedTuple):
    """An answer with nothing before or after it; the names of its headers are in lower case."""

    status_code: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


# A part of what RFC 9112 allows: no 1xx; values of visible ASCII and single spaces around nothing; no folded lines.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9]) [ -~]*\r\n((?:[A-Za-z][A-Za-z0-9-]*: [!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_HEADERS = re.compile(rb"([A-Za-z0-9-]+): ([ -~]+)\r\n")

# Whatever has to do with where an answer ends, or with what becomes of the connection, is for h11.
_UNUSUAL = frozenset({b"transfer-encoding", b"connection", b"upgrade", b"keep-alive", b"proxy-connection", b"trailer"})


def plain_answer(method: str, data: bytes) -> PlainAnswer | None:
    """Return the answer if the bytes are one plain answer and nothing else; None to have them read by h11.

    Args:
        method: Of the request.
        data: All that came, the first byte of the answer first.
    """
    if method in ("HEAD", "CONNECT") or (found := _HEAD.match(data)) is None:
        return None
    status_code = int(found[1])
    headers = [(name.lower(), value) for name, value in _HEADERS.findall(found[2])]
    lengths = [value for name, value in headers if name == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or len(lengths[0]) > 9 or status_code in (204, 304):
        return None
    if len(data) - found.end() != int(lengths[0]) or not _UNUSUAL.isdisjoint([name for name, _ in headers]):
        return None
    return PlainAnswer(status_code, headers, data[found.end() :])
