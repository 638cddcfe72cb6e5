"""HTTP/1.1 as bytes, one exchange at a time: how requests are written and responses parsed. No socket is touched.

The parser is h11, the one inside httpx. Each exchange gets a parser of its own, so that nothing which a server sends
beyond its response can be taken for the response to the next request (RFC 9112, 9.3.2 leaves that to the client).
Simple responses take a fast path (`hitl._engine.fast_path`) to the same result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TypeAlias

import h11
from attrs import field, frozen

from hitl._engine.fast_path import FastPath, SimpleResponse
from hitl._json import MAX_BYTES, TOO_LARGE

# guard: interim-bound
MOST_INTERIM = 16  # 1xx responses before the final one; a server that sends more is stalling
# guard: head-bound
LONGEST_HEAD = 128 * 1024  # bytes of a status line with its headers, or of a chunk's header
# guard: body-bound
LARGEST_BODY = MAX_BYTES  # as sent and as decoded

CUT_OFF = "it was cut off"

Headers: TypeAlias = list[tuple[str, str]]  # names in lower case, in the order in which they came


class ProtocolError(Exception):
    """What came is not HTTP/1.1; the message says why."""


@frozen(slots=False)  # made quicker
class RawResponse:
    """A response with its transfer-encoding undone and nothing else; see `messages.Response`."""

    status_code: int
    headers: Headers
    body: bytes = field(repr=False)
    fault: str | None = None
    is_framed: bool = True
    may_reuse: bool = False  # True if the connection is ready for another exchange, with nothing left over


def request_head(method: str, target: str, fixed: str, headers: Iterable[tuple[str, str]], length: int | None) -> bytes:
    """Return the head of a request; everything in it was quoted or checked before.

    `fixed` are the lines that all requests have in common, each with its line break; without a body, `length` is None.
    """
    own = "".join([f"{name}: {value}\r\n" for name, value in headers])
    framing = "" if length is None else f"Content-Length: {length}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{fixed}{own}{framing}\r\n".encode("latin-1")


def decoded_headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers as text; each byte is a character (RFC 9110, 5.5)."""
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]


def require_unambiguous(version: bytes, names: Collection[str]) -> None:
    """Raise ProtocolError for a head that two parsers may understand differently (RFC 9112, 6.1)."""
    if not version.startswith(b"1."):
        raise ProtocolError("it is another version of HTTP")
    if "transfer-encoding" in names and ("content-length" in names or version < b"1.1"):
        raise ProtocolError("its length is given twice, with different values")


class ResponseParser:
    """Parses one response; bytes beyond it spoil the connection, not the next response."""

    def __init__(self, method: str, excerpt: int = 0) -> None:
        """Begin; a positive `excerpt` stops after that many bytes of the body, and keeps them."""
        self._method = method
        self._excerpt = excerpt
        self._limit = excerpt or LARGEST_BODY
        self._fast_path: FastPath | None = FastPath(method, self._limit)
        self._status_code = 0
        self._headers: Headers = []
        self._is_framed = False
        self._interim = 0
        self._body = bytearray()  # a list of many small chunks would take ten times as much
        self.has_begun = False

    def feed(self, data: bytes) -> RawResponse | None:
        """Take received bytes, b"" for the end of the connection; return the response once it is complete.

        Raises:
            ProtocolError: if it is not HTTP/1.1, or the connection ended in the middle.
        """
        self.has_begun = self.has_begun or bool(data)
        if self._fast_path is None:
            return self._by_h11(data)
        simple = self._fast_path.feed(data)
        if simple is None:
            return None
        if isinstance(simple, SimpleResponse):
            return RawResponse(*simple, may_reuse=True)
        self._fast_path = None
        response = self._by_h11(simple)
        return response if response is not None or data else self._by_h11(data)

    def _by_h11(self, data: bytes) -> RawResponse | None:
        try:
            self._parser.receive_data(data)
            return self._next()
        except h11.ProtocolError as error:
            if self._status_code >= 300:
                return self._response(CUT_OFF)  # the status says enough
            # What follows the colon quotes the server, which may have sent anything, even the request with its token.
            raise ProtocolError(str(error).partition(":")[0][:120]) from None

    @cached_property
    def _parser(self) -> h11.Connection:
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        # It needs to know the method, which the framing of the response depends on (RFC 9112, 6.3), and nothing else
        # of the request.
        parser.send(h11.Request(method=self._method, target="/", headers=[("Host", "-")]))
        parser.send(h11.EndOfMessage())
        return parser

    def _next(self) -> RawResponse | None:
        while True:
            match self._parser.next_event():
                case h11.Data() as part:
                    self._body += part.data
                    if len(self._body) > self._limit:
                        return self._response(TOO_LARGE)
                case h11.EndOfMessage():
                    return self._response(None)
                case h11.Response() as head:
                    self._take_head(head)
                    if self._announced_length() > self._limit and not self._excerpt:
                        return self._response(TOO_LARGE)
                    if self._method == "CONNECT" and head.status_code < 300:
                        return self._response(None)
                case h11.InformationalResponse():
                    self._interim += 1
                    if self._interim > MOST_INTERIM:
                        raise ProtocolError(f"more than {MOST_INTERIM} interim answers came before the real one")
                case h11.ConnectionClosed():
                    raise ProtocolError("the connection was closed before an answer came")
                case _:
                    return None  # NEED_DATA; PAUSED does not happen before the end of the response

    def _take_head(self, head: h11.Response) -> None:  # guard: framing
        self._status_code, self._headers = head.status_code, decoded_headers(head.headers)
        names = {name for name, _ in self._headers}
        require_unambiguous(head.http_version, names)
        has_no_body = self._method == "HEAD" or head.status_code in (204, 304)
        self._is_framed = has_no_body or not names.isdisjoint({"content-length", "transfer-encoding"})

    def _announced_length(self) -> int:
        return next((int(value) for name, value in self._headers if name == "content-length"), 0)

    def _response(self, fault: str | None) -> RawResponse:  # guard: surplus-bytes
        left_over, is_closed = self._parser.trailing_data
        is_complete = fault is None and self._is_framed and self._parser.their_state is h11.DONE
        return RawResponse(
            status_code=self._status_code,
            headers=self._headers,
            body=bytes(self._body if fault is None else self._body[: self._excerpt]),
            fault=fault,
            is_framed=self._is_framed,
            may_reuse=is_complete and not left_over and not is_closed,
        )
