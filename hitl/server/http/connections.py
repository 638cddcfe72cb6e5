"""The server's connections: uvicorn's, within limits, and with httptools and uvloop where these are installed.

The base classes are private to uvicorn, hence `uvicorn<1` in pyproject.toml; nothing public counts connections: its own
`limit_concurrency` answers without Retry-After, and ignores clients that connect and send nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from hitl.server.http.long_poll import Limits, no_room

IS_FAST: Final = find_spec("httptools") is not None and find_spec("uvloop") is not None
"""Whether the extra `sandbox-speed` is installed."""

_PATIENCE_WITHOUT_ROOM: Final = 1.0  # seconds; each of them holds one of the files that the process may open
_LONGEST_HEAD: Final = 64 * 1024  # bytes, as h11 has it


def limited(limits: Limits, *, fast: bool = IS_FAST) -> type[asyncio.Protocol]:
    """Return the protocol class for uvicorn."""
    base = _with_httptools() if fast else _H11Connection
    return cast("type[asyncio.Protocol]", type("Connection", (base,), {"limits": limits}))


def fast_event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return how to make uvloop's event loop, whose timers a frozen clock does not stop; None without the extra."""
    if not IS_FAST:
        return None
    import uvloop

    return uvloop.new_event_loop


if TYPE_CHECKING:
    _Base = H11Protocol  # what the two have in common
else:
    _Base = object


class _LimitedConnection(_Base):
    """A connection that enforces the limits."""

    limits: Limits
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, if only to refuse its requests."""
        super().connection_made(cast("asyncio.Transport", _JoinedWrites(transport, self.loop)))
        patience = self.limits.head_seconds
        if len(self.connections) > self.limits.connections:
            # It is heard, because a connection that is closed at once looks like a fault of the network.
            self.app = no_room
            patience = min(patience, _PATIENCE_WITHOUT_ROOM)
        self._patience = self.loop.call_later(patience, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release a connection."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        # uvicorn declares a request there from the beginning, and begins with None.
        if cast("object | None", self.cycle) is None:
            self.transport.close()


class _H11Connection(_LimitedConnection, H11Protocol):
    """Needs nothing but Python."""


def _with_httptools() -> type[asyncio.Protocol]:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Connection(_LimitedConnection, HttpToolsProtocol):  # type: ignore[misc]  # what the two bases share is alike
        """Reads requests in C. Unlike h11, httptools takes heads, trailers and chunk extensions of any size."""

        _unread = 0  # bytes since the parser last reported a part of a request
        _named = 0  # bytes of the address, headers and trailers of a request

        def data_received(self, data: bytes) -> None:
            self._unread += len(data)
            super().data_received(data)
            if max(self._unread, self._named) > _LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")

        def on_message_begin(self) -> None:
            self._named = 0
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            self._named += len(url)
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._named += len(name) + len(value)
            self._unread = 0
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._unread = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._unread = 0
            super().on_body(body)

    return Connection


class _JoinedWrites:
    """A transport that sends what is written in one turn of the event loop at once: the head and body of an answer."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._written:
            data, self._written = b"".join(self._written), []
            self._transport.write(data)
