"""The content of an answer: its content-encoding undone, strictly and within bounds."""

from __future__ import annotations

import zlib

from hitl._engine.http1 import LARGEST_BODY, TOO_LARGE

ACCEPTED = "gzip"
"""What the Accept-Encoding header of every request says."""

_GZIP = 16 + zlib.MAX_WBITS  # zlib's way of saying "with gzip's header and checksum"


class DamagedError(Exception):
    """The content cannot be trusted; the text says why, in words."""


def decoded(body: bytes, encoding: str) -> bytes:  # guard: content-encoding
    """Return the content of a body.

    Args:
        body: The bytes after the headers.
        encoding: The Content-Encoding header, "" if there is none.

    Raises:
        DamagedError: if it is cut off, damaged, followed by something else, encoded in a way that was not asked for, or
            larger than 16 MiB. A 600 MB bomb of 0.6 MB is given up on after 16 MiB.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise DamagedError(f"it is encoded as {encoding[:40]!r}, which was not asked for")
    if not body:
        return body  # a 204 or an answer to HEAD may carry the header all the same
    return _unzipped(body)


def _unzipped(body: bytes) -> bytes:  # guard: whole-gzip
    unzip = zlib.decompressobj(_GZIP)
    try:
        content = unzip.decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise DamagedError("its gzip encoding is damaged") from None
    if len(content) > LARGEST_BODY:
        raise DamagedError(TOO_LARGE)
    if not unzip.eof:
        # zlib does not complain about a stream that stops in the middle: the half of it would pass for the whole.
        raise DamagedError("its gzip encoding is cut off")
    if unzip.unused_data:
        raise DamagedError("something follows after its gzip encoding")
    return content
