"""An httpx transport over the engine's connections, for the generated client, which knows only httpx."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

import httpx

from hitl._engine.codec import RequestCodec
from hitl._engine.connection import IOSteps
from hitl._engine.drivers import drive, drive_async
from hitl._engine.messages import FailureKind, Request, TransportFailure, TransportResult
from hitl.exceptions import Sent


class _Exchange(Protocol):
    def __call__(self, request: Request, deadline: float) -> IOSteps[TransportResult]: ...


class EngineTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets an httpx client of either kind use the connections of the engine."""

    def __init__(self, codec: RequestCodec, exchange: _Exchange, timeout: float) -> None:
        self._codec, self._exchange, self._timeout = codec, exchange, timeout

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make an exchange."""
        deadline, plain = self._deadline(request), self._plain(request, request.read())
        return _to_httpx(request, drive(self._exchange(plain, deadline), deadline))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make an exchange on the running event loop."""
        deadline, plain = self._deadline(request), self._plain(request, await request.aread())
        return _to_httpx(request, await drive_async(self._exchange(plain, deadline), deadline))

    def _deadline(self, request: httpx.Request) -> float:
        """Return the deadline: httpx's read timeout, taken for the whole exchange."""
        return time.monotonic() + (request.extensions.get("timeout", {}).get("read") or self._timeout)

    def _plain(self, request: httpx.Request, body: bytes) -> Request:
        require_same_origin(self._codec, request)
        path = request.url.raw_path.decode("ascii").removeprefix(self._codec.origin.prefix)
        headers = {name: value for name, value in request.headers.items() if name not in _ENCODED}
        return Request(request.method, path, headers=headers, body=body or None)


# What the codec writes, and cookies, which the engine does not send.
_ENCODED = frozenset(
    {"host", "user-agent", "authorization", "accept", "accept-encoding", "connection", "content-length", "cookie"}
)


def _to_httpx(request: httpx.Request, result: TransportResult) -> httpx.Response:
    if isinstance(result, TransportFailure):
        raise _HTTPX_ERRORS.get((result.kind, result.sent), httpx.ReadError)(result.message, request=request)
    if result.fault is not None:
        raise httpx.DecodingError(f"the body cannot be trusted: {result.fault}", request=request)
    headers = {name: value for name, value in result.headers.items() if name not in _UNDONE}
    return httpx.Response(result.status_code, headers=headers, content=result.content, request=request)


_UNDONE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_HTTPX_ERRORS: Mapping[tuple[FailureKind, Sent], type[httpx.RequestError]] = {
    ("timeout", "no"): httpx.ConnectTimeout,
    ("timeout", "maybe"): httpx.ReadTimeout,
    ("timeout", "yes"): httpx.ReadTimeout,
    ("refused", "no"): httpx.ConnectError,
    ("unknown_host", "no"): httpx.ConnectError,
    ("tls", "no"): httpx.ConnectError,
    ("broken", "yes"): httpx.RemoteProtocolError,
    ("stale", "maybe"): httpx.RemoteProtocolError,
}


def require_same_origin(codec: RequestCodec, request: httpx.Request) -> None:
    """Refuse to send the token to another server."""
    url = request.url
    if not codec.origin.is_same_origin(url.scheme, url.raw_host.decode("ascii"), url.port):
        raise httpx.UnsupportedProtocol(f"this client talks to {codec.origin.url} only", request=request)
