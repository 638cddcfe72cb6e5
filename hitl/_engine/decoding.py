"""Content-Encoding, undone strictly and within bounds."""

from __future__ import annotations

import zlib

from hitl._engine.http1 import LARGEST_BODY, TOO_LARGE

ACCEPTED = "gzip"
"""The Accept-Encoding header of every request."""

_GZIP = 16 + zlib.MAX_WBITS  # zlib's window size for "with gzip's header and checksum"


class DamagedError(Exception):
    """The content cannot be trusted; the message says why."""


def decoded(body: bytes, encoding: str) -> bytes:  # guard: content-encoding
    """Return the content of a body.

    Args:
        body: The bytes after the headers.
        encoding: The Content-Encoding header, "" if there is none.

    Raises:
        DamagedError: if it is truncated, corrupt, followed by something else, in an encoding that was not accepted, or
            larger than 16 MiB. A bomb of 0.6 MB that unpacks to 600 MB is abandoned after 16 MiB.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise DamagedError(f"it is encoded as {encoding[:40]!r}, which was not asked for")
    return _unzipped(body) if body else b""  # a 204 or a response to HEAD may carry the header all the same


def _unzipped(body: bytes) -> bytes:  # guard: whole-gzip
    unzip = zlib.decompressobj(_GZIP)
    try:
        content = unzip.decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise DamagedError("its gzip encoding is damaged") from None
    if len(content) > LARGEST_BODY:
        raise DamagedError(TOO_LARGE)
    if not unzip.eof:
        # zlib accepts a truncated stream, which would look complete.
        raise DamagedError("its gzip encoding is cut off")
    if unzip.unused_data:
        raise DamagedError("something follows after its gzip encoding")
    return content
