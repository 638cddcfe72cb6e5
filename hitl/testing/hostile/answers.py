"""The faults of what is said: status, headers, framing, encoding and content of an answer."""

from __future__ import annotations

import functools
import gzip as _gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

from hitl.testing.hostile.faults import Ending, Fault, Rewrite, filter_bytes
from hitl.testing.hostile.messages import LongBody, Reply, Wire

MEGABYTE = 1_000_000
_END = b"{}"  # after any number of spaces, this is a JSON text


def answer(status: int | str, document: Any = None, *, reason: str | None = None, **headers: str) -> Fault:
    """Answer with a status, without doing what is asked.

    Args:
        status: What stands in the place of the status code, sensible or not.
        document: The JSON body; an error in the API's envelope if not given.
        reason: The reason phrase; the usual one if not given.
        headers: More headers; an underscore stands for a hyphen: `Retry_After="30"`.
    """
    error = {"code": "fault", "message": "the test asked for this fault", "details": None}
    reply = Reply.of({"success": False, "error": error} if document is None else document)
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    reply = replace(reply, status=status, reason=reason, headers=(*reply.headers, *named))
    return Fault(f"answer {status}", handles=False, rewrites=(lambda _honest: reply,))


def redirect(location: str, status: int = 307) -> Fault:
    """Send the client elsewhere, without doing what is asked."""
    return answer(status, {}, Location=location)


def status(code: int | str, reason: str | None = None) -> Fault:
    """Do what is asked, and put another status on the answer."""
    return _rewrite(f"status {code}", lambda reply: replace(reply, status=code, reason=reason))


def header(name: str, value: str) -> Fault:
    """Add a header, exactly as given: a value may have line breaks, and the name may be there already."""
    return _rewrite(f"header {name}", lambda reply: reply.with_header(name, value))


def headers(count: int, length: int = 10) -> Fault:
    """Add `count` headers of `length` characters."""
    more = tuple((f"X-{number}", "x" * length) for number in range(count))
    return _rewrite(f"{count} headers", lambda reply: replace(reply, headers=(*reply.headers, *more)))


def body(content: bytes, content_type: str | None = "application/json") -> Fault:
    """Do what is asked, and answer with another body; without a content type if it is None."""

    def other(reply: Reply) -> Reply:
        reply = replace(reply.without_header("Content-Type"), body=content)
        return reply if content_type is None else reply.with_header("Content-Type", content_type)

    return _rewrite(f"body {content[:40]!r}", other)


def document(value: Any) -> Fault:
    """Do what is asked, and answer with another JSON document."""
    return body(json.dumps(value).encode())


def change(**members: Any) -> Fault:
    """Change members of the review that is answered, or of all in a list; `...` leaves a member out."""

    def changed(review: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**review, **members}.items() if value is not ...}

    def rewrite(reply: Reply) -> Reply:
        told = json.loads(_content(reply))
        if "data" not in told:  # a refusal
            return reply
        is_list = isinstance(told["data"], list)
        told["data"] = [changed(each) for each in told["data"]] if is_list else changed(told["data"])
        return replace(reply, body=json.dumps(told).encode())

    return _rewrite(f"changed {', '.join(members)}", rewrite)


def text(rewrite: Callable[[bytes], bytes]) -> Fault:
    """Change the body's bytes by a function: `text(lambda body: body.decode().encode("utf-16"))`."""
    return _rewrite("changed text", lambda reply: replace(reply, body=rewrite(_content(reply))))


def content_length(value: str) -> Fault:
    """Put this in the place of the right Content-Length."""
    return _rewrite(
        f"Content-Length {value}", lambda reply: replace(reply, framing="none").with_header("Content-Length", value)
    )


def lie_about_length(by: int, ending: Ending | None = None) -> Fault:
    """Announce this many bytes more, or fewer, than are sent.

    With more announced the connection is closed where they should come, if no other ending is given.
    """

    def lie(reply: Reply) -> Reply:
        length = len(_content(reply)) + by
        return replace(reply, framing="none").with_header("Content-Length", str(length))

    return Fault(f"length off by {by}", rewrites=(lie,), ending=ending or ("close" if by > 0 else None))


def until_close() -> Fault:
    """Tell the end of the body by closing the connection, without any length (RFC 9112, 6.3)."""
    return Fault("until close", rewrites=(lambda reply: replace(reply, framing="close"),), ending="close")


def version(text: str) -> Fault:
    """Put this in the place of `HTTP/1.1`; after `HTTP/1.0` the connection is closed."""
    ending: Ending | None = "close" if text == "HTTP/1.0" else None
    return Fault(f"version {text}", rewrites=(lambda reply: replace(reply, version=text),), ending=ending)


def chunked(
    *,
    size: Callable[[int], str] = "{:x}".format,
    pieces: int = 3,
    end: bytes = b"0\r\n\r\n",
    ending: Ending | None = None,
) -> Fault:
    """Send the body in chunks.

    Args:
        size: Writes the size line of a chunk of that many bytes; tell lies here.
        pieces: In how many chunks.
        end: What comes after the last chunk; trailers belong here, and b"" leaves the end out.
        ending: What becomes of the connection; it is closed by default if the end is left out.
    """

    def chunks(wire: Wire) -> Wire:
        head, *parts = filter_bytes(wire)
        content = b"".join(parts)
        length = max(1, -(-len(content) // pieces))
        yield head
        for start in range(0, len(content), length):
            piece = content[start : start + length]
            yield f"{size(len(piece))}\r\n".encode() + piece + b"\r\n"
        yield end

    def announce(reply: Reply) -> Reply:
        return replace(reply, framing="none").with_header("Transfer-Encoding", "chunked")

    return Fault("chunked", rewrites=(announce,), deliveries=(chunks,), ending=ending or (None if end else "close"))


def gzip(
    *, keep: float = 1.0, crc: Literal["right", "wrong"] = "right", flip: int | None = None, after: bytes = b""
) -> Fault:
    """Send the body in gzip encoding, with a Content-Length that is right for what is sent.

    Args:
        keep: The share of the encoded bytes that are sent; less than 1 truncates them.
        crc: The check value at the end.
        flip: The place of a byte that is inverted.
        after: Bytes after the end of the gzip stream.
    """

    def encode(content: bytes) -> bytes:
        data = bytearray(_gzip.compress(content, mtime=0))
        if crc == "wrong":
            data[-8] ^= 0xFF
        if flip is not None:
            data[flip] ^= 0xFF
        return bytes(data[: int(len(data) * keep)]) + after

    return encoding("gzip", encode)


def encoding(name: str, encode: Callable[[bytes], bytes] = bytes) -> Fault:
    """Send the body in the encoding of that name, as the function makes it; by default it only says so."""

    def encoded(reply: Reply) -> Reply:
        return replace(reply, body=encode(_content(reply))).with_header("Content-Encoding", name)

    return _rewrite(f"encoding {name}", encoded)


def bomb(megabytes: int = 600) -> Fault:
    """Send JSON that begins with this many megabytes of spaces, compressed with gzip to a thousandth."""
    return _long(_bomb(megabytes), f"bomb of {megabytes} MB", ("Content-Encoding", "gzip"), framing="chunked")


def endless(megabytes: int = 512, *, framing: Literal["length", "chunked", "close"] = "chunked") -> Fault:
    """Send JSON that begins with this many megabytes of spaces, uncompressed.

    Args:
        framing: "length" announces the whole of it in Content-Length.
    """
    data = b" " * MEGABYTE
    named = ("Content-Length", str(megabytes * MEGABYTE + len(_END))) if framing == "length" else None
    return _long(lambda: iter([*[data] * megabytes, _END]), f"body of {megabytes} MB", named, framing=framing)


def _long(
    content: LongBody, name: str, named: tuple[str, str] | None, framing: Literal["length", "chunked", "close"]
) -> Fault:
    def other(reply: Reply) -> Reply:
        reply = replace(reply, body=content, framing=framing)
        return reply if named is None else reply.with_header(*named)

    return Fault(name, rewrites=(other,), ending="close")


def _bomb(megabytes: int) -> LongBody:
    # One megabyte is deflated once and sent again and again: after a full flush, deflate refers to nothing before it.
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(b" " * MEGABYTE) + deflate.flush(zlib.Z_FULL_FLUSH)
    last = deflate.compress(_END) + deflate.flush()

    def pieces() -> Iterator[bytes]:
        yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # RFC 1952, 2.3
        yield from [block] * megabytes
        size = (megabytes * MEGABYTE + len(_END)) % 2**32
        yield last + _crc(megabytes).to_bytes(4, "little") + size.to_bytes(4, "little")

    return pieces


@functools.cache
def _crc(megabytes: int) -> int:
    crc, spaces = 0, b" " * MEGABYTE
    for _ in range(megabytes):
        crc = zlib.crc32(spaces, crc)
    return zlib.crc32(_END, crc)


def _rewrite(name: str, rewrite: Rewrite) -> Fault:
    return Fault(name, rewrites=(rewrite,))


def _content(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else b"".join(reply.body())
