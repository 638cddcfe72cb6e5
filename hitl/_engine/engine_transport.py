"""httpx transports for the generated client, which knows only httpx: over the engine, or through the user's objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import httpx

from hitl._clock import monotonic
from hitl._engine.codec import RequestCodec
from hitl._engine.connection import IOSteps
from hitl._engine.drivers import drive, drive_async
from hitl._engine.messages import Request, TransportFailure, TransportResult

# What the codec writes, and cookies, which the engine does not send.
_ENCODED = frozenset(
    {"host", "user-agent", "authorization", "accept", "accept-encoding", "connection", "content-length", "cookie"}
)
_UNDONE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class EngineTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets an httpx client of either kind use the connections of the engine."""

    def __init__(
        self, codec: RequestCodec, exchange: Callable[[Request, float], IOSteps[TransportResult]], timeout: float
    ) -> None:
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
        return monotonic() + (request.extensions.get("timeout", {}).get("read") or self._timeout)

    def _plain(self, request: httpx.Request, body: bytes) -> Request:
        _require_same_origin(self._codec, request)
        path = request.url.raw_path.decode("ascii").removeprefix(self._codec.origin.prefix)
        headers = {name: value for name, value in request.headers.items() if name not in _ENCODED}
        return Request(request.method, path, headers=headers, body=body or None)


class ForwardingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends through the user's transport or client, and closes neither.

    It adds the headers of every request, so that they are no attributes of the httpx client.
    """

    def __init__(self, codec: RequestCodec, send: Callable[..., Any]) -> None:
        self._codec, self._send = codec, send

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make an exchange."""
        return cast(httpx.Response, self._send(self._with_token(request)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make an exchange on the running event loop."""
        return cast(httpx.Response, await self._send(self._with_token(request)))

    def _with_token(self, request: httpx.Request) -> httpx.Request:
        _require_same_origin(self._codec, request)
        request.headers.update(self._codec.base_headers())
        return request


def _to_httpx(request: httpx.Request, result: TransportResult) -> httpx.Response:
    if isinstance(result, TransportFailure):
        raise _httpx_error(result)(result.message, request=request)
    if result.fault is not None:
        raise httpx.DecodingError(f"the body cannot be trusted: {result.fault}", request=request)
    headers = {name: value for name, value in result.headers.items() if name not in _UNDONE}
    return httpx.Response(result.status_code, headers=headers, content=result.content, request=request)


def _httpx_error(failure: TransportFailure) -> type[httpx.TransportError]:
    if failure.is_timeout:
        return httpx.ConnectTimeout if failure.sent == "no" else httpx.ReadTimeout
    if failure.sent == "no":
        return httpx.ConnectError
    is_cut_off = failure.kind == "stale" or failure.sent == "yes"
    return httpx.RemoteProtocolError if is_cut_off else httpx.ReadError


def _require_same_origin(codec: RequestCodec, request: httpx.Request) -> None:
    """Refuse to send the token to another server."""
    url = request.url
    if not codec.origin.is_same_origin(url.scheme, url.raw_host.decode("ascii"), url.port):
        raise httpx.UnsupportedProtocol(f"this client talks to {codec.origin.url} only", request=request)
