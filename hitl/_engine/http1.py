"""HTTP/1.1 as bytes, one exchange at a time: what is written, and how what comes back is read. No socket is touched.

The parser is h11, the one inside httpx. Each exchange gets a parser of its own, so that nothing which a server sends
beyond its answer can be taken for the answer to the next request (RFC 9112, 9.3.2 leaves that to the client). An answer
that has nothing unusual about it is recognised before (`hitl._engine.fast_path`), and read to the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeAlias

import h11
from attrs import field, frozen

from hitl._engine.fast_path import FastPath

# guard: interim-bound
MOST_INTERIM = 16  # 1xx answers before the real one; a server that sends more of them is playing for time
# guard: head-bound
LONGEST_HEAD = 128 * 1024  # bytes of a status line with its headers, or of a chunk's header
# guard: body-bound
LARGEST_BODY = 16 * 1024 * 1024  # bytes, as sent and as decoded

TOO_LARGE = f"it is larger than {LARGEST_BODY // (1024 * 1024)} MiB"

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


class ProtocolError(Exception):
    """What came is no HTTP/1.1; the text says in words what is wrong with it."""


@frozen
class RawResponse:
    """An answer as it came.

    Attributes:
        status_code: 200 to 999.
        headers: Lower-case names and values, in their order.
        body: The bytes after the headers, their transfer-encoding undone.
        fault: Why the body cannot be trusted; None if it can.
        is_framed: False if the body ended because the connection did.
        may_reuse: True if both sides are through and nothing was left over.
    """

    status_code: int
    headers: RawHeaders
    body: bytes = field(repr=False)
    fault: str | None
    is_framed: bool
    may_reuse: bool


def request_head(method: str, target: str, fixed: str, headers: Iterable[tuple[str, str]], length: int | None) -> bytes:
    """Return the head of a request.

    Args:
        method: Such as "GET".
        target: Path and query, already quoted.
        fixed: Lines that are the same in all requests, each with its line break.
        headers: Further headers; names and values were checked before.
        length: Bytes of the body; None if there is none.
    """
    own = "".join([f"{name}: {value}\r\n" for name, value in headers])
    framing = "" if length is None else f"Content-Length: {length}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{fixed}{own}{framing}\r\n".encode("latin-1")


class ResponseParser:
    """Reads one answer out of the bytes that come; what is left over spoils the connection, not the next answer."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._glance: FastPath | None = FastPath(method, LARGEST_BODY)
        self._status_code = 0
        self._headers: RawHeaders = []
        self._is_framed = False
        self._interim = 0
        self._body = bytearray()  # a list of many small chunks would take ten times as much
        self.has_begun = False

    def feed(self, data: bytes) -> RawResponse | None:
        """Take what came, b"" for the end of the connection; return the answer once it is whole.

        Raises:
            WireError: if it is no HTTP/1.1, or the connection ended in the middle.
        """
        self.has_begun = self.has_begun or bool(data)
        if self._glance is None:
            return self._by_h11(data)
        if (plain := self._glance.feed(data)) is not None:
            return RawResponse(*plain, fault=None, is_framed=True, may_reuse=True)
        if not self._glance.is_over:
            return None
        taken, self._glance = self._glance.taken, None
        answer = self._by_h11(taken)
        return answer if answer is not None or data else self._by_h11(data)

    def _by_h11(self, data: bytes) -> RawResponse | None:
        try:
            self._parser.receive_data(data)
            return self._read()
        except h11.ProtocolError as error:
            if self._status_code >= 300:
                return self._answer("it was cut off")  # the status of a refusal says enough
            raise ProtocolError(_words(error)) from None

    @cached_property
    def _parser(self) -> h11.Connection:
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        # The parser has to know the method, since the answer's framing depends on it (RFC 9112, 6.3). It is told
        # nothing else: the real head, which holds the key, is written elsewhere.
        parser.send(h11.Request(method=self._method, target="/", headers=[("Host", "-")]))
        parser.send(h11.EndOfMessage())
        return parser

    def _read(self) -> RawResponse | None:
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > LARGEST_BODY:
                    return self._answer(TOO_LARGE)
            elif isinstance(event, h11.EndOfMessage):
                return self._answer(None)
            elif isinstance(event, h11.Response):
                self._take_head(event)
                if self._announced() > LARGEST_BODY:
                    return self._answer(TOO_LARGE)
                if self._method == "CONNECT" and event.status_code < 300:
                    return self._answer(None)
            elif isinstance(event, h11.InformationalResponse):
                self._interim += 1
                if self._interim > MOST_INTERIM:
                    raise ProtocolError(f"more than {MOST_INTERIM} interim answers came before the real one")
            elif isinstance(event, h11.ConnectionClosed):
                raise ProtocolError("the connection was closed before an answer came")
            else:
                return None  # NEED_DATA; PAUSED does not happen before the end of the answer

    def _take_head(self, head: h11.Response) -> None:  # guard: framing
        self._status_code, self._headers = head.status_code, list(head.headers)
        if not head.http_version.startswith(b"1."):
            raise ProtocolError("it is another version of HTTP")
        names = {name for name, _ in self._headers}
        if b"transfer-encoding" in names and (b"content-length" in names or head.http_version < b"1.1"):
            # Two parsers may disagree about where such an answer ends (RFC 9112, 6.1).
            raise ProtocolError("its length is told in two ways that contradict each other")
        has_no_body = self._method == "HEAD" or head.status_code in (204, 304)
        self._is_framed = has_no_body or not names.isdisjoint({b"content-length", b"transfer-encoding"})

    def _announced(self) -> int:
        """Return the length that the head announces; 0 if it announces none."""
        return next((int(value) for name, value in self._headers if name == b"content-length"), 0)

    def _answer(self, fault: str | None) -> RawResponse:  # guard: surplus-bytes
        left_over, is_closed = self._parser.trailing_data
        is_through = fault is None and self._is_framed and self._parser.their_state is h11.DONE
        return RawResponse(
            status_code=self._status_code,
            headers=self._headers,
            body=bytes(self._body) if fault is None else b"",
            fault=fault,
            is_framed=self._is_framed,
            may_reuse=is_through and not left_over and not is_closed,
        )


def _words(error: h11.ProtocolError) -> str:
    # What follows the colon is what the server sent, which may be anything, the key of a mirrored request included.
    return str(error).partition(":")[0][:120]
