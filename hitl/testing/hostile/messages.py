"""What goes over the wire: a request as received, a reply before it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

Framing: TypeAlias = Literal["length", "chunked", "close", "none"]
"""How the end of a body is marked: Content-Length, chunks, the end of the connection, or not at all (RFC 9112, 6)."""

Piece: TypeAlias = bytes | float
"""Bytes to be sent at once, or seconds to pause; `math.inf` is a pause that only the end of the connection ends."""

Wire: TypeAlias = Iterator[Piece]
"""An answer as a stream of pieces, of which the first bytes are the whole head."""

LongBody: TypeAlias = Callable[[], Iterator[bytes]]
"""A body that is made while it is sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived.

    Attributes:
        method: Such as "POST"; empty if not even the first line arrived whole.
        target: The path with its query, as received.
        headers: By lower-case name; several values of one name are joined with a comma.
        body: The body, its chunks put together.
        connection: The number of the connection that it came by; the first is 1.
        received_at: `time.monotonic()` when its last byte had arrived.
        is_whole: False if a fault ended the reading before the request's end.
        raw: All bytes that were read for it.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    connection: int
    received_at: float = field(repr=False)
    is_whole: bool = field(default=True, repr=False)
    raw: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key; None if there is none."""
        return self.headers.get("idempotency-key")

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is put on the wire; header names and values are sent as they are given.

    Attributes:
        status: What stands in the place of the status code.
        headers: Without those that tell the body's length, which `framing` adds.
        body: The body's bytes, or a function that returns them in pieces, for a body that does not fit into memory.
        framing: How the end of the body is marked.
        reason: The reason phrase; None for the usual one.
        version: What stands in the place of the HTTP version.
    """

    status: int | str = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | LongBody = b""
    framing: Framing = "length"
    reason: str | None = None
    version: str = "HTTP/1.1"

    @classmethod
    def of(cls, document: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """Return a reply with a JSON document."""
        return cls(status, (("Content-Type", "application/json"), *headers), json.dumps(document).encode())

    def with_header(self, name: str, value: str) -> Reply:
        """Return the reply with one more header, whatever it has already."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without_header(self, name: str) -> Reply:
        """Return the reply without any header of that name."""
        return replace(self, headers=tuple(each for each in self.headers if each[0].lower() != name.lower()))

    def head(self) -> bytes:
        """Return the status line and the headers, up to the empty line."""
        reason = _usual_reason(self.status) if self.reason is None else self.reason
        lines = [f"{self.version} {self.status} {reason}", *(f"{name}: {value}" for name, value in self.headers)]
        match self.framing:
            case "length" if isinstance(self.body, bytes):
                lines.append(f"Content-Length: {len(self.body)}")
            case "chunked":
                lines.append("Transfer-Encoding: chunked")
            case _:
                pass
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "surrogateescape")

    def wire(self) -> Wire:
        """Give the reply as it should be sent: the head, then the body in pieces."""
        yield self.head()
        body = iter([self.body] if self.body else []) if isinstance(self.body, bytes) else self.body()
        if self.framing != "chunked":
            yield from body
            return
        for piece in body:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"


def _usual_reason(status: int | str) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unnamed"
