"""Where this package meets httpx.

Clients and transports of the user's are sent through; the generated client, which knows only httpx, is given the
connections of this package.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Mapping
from typing import Any, Final

import anyio
import httpx

from hitl._engine.client import EngineClient
from hitl._engine.codec import RequestCodec
from hitl._engine.drivers import drive, drive_async
from hitl._engine.http1 import LARGEST_BODY, TOO_LARGE
from hitl._engine.messages import FailureKind, Request, Response, TransportFailure, TransportResult
from hitl._flows import ApiCall
from hitl.exceptions import Sent

# Raised before a byte of the request has left. Everything else may have reached the server.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)

# Whatever a client of the user's does otherwise: the key is in the request, and must not travel to another host.
_AS_THEY_ARE: Final[Mapping[str, Any]] = {"auth": None, "follow_redirects": False}


class HttpxTransport:
    """Exchanges over a blocking httpx client: the user's own, or one around the user's transport."""

    def __init__(
        self, requests: RequestCodec, transport: httpx.BaseTransport | None, http_client: httpx.Client | None
    ) -> None:
        self._requests = requests
        self._is_ours = http_client is None
        self.http = http_client or httpx.Client(**_set_up(requests), transport=transport)

    def send(self, call: ApiCall[Any], deadline: float) -> TransportResult:
        """Make one exchange until then, as far as the transport lets itself be interrupted."""
        try:
            request = _request(self.http, self._requests, call, deadline)
            response = self.http.send(request, stream=True, **_AS_THEY_ARE)
            try:
                if response.is_stream_consumed:
                    return _read_already(self._requests, response)
                return _answer(self._requests, response, _within_bounds(response.iter_raw(), deadline))
            finally:
                response.close()
        except _TooLongError:
            return _late(self._requests.name, "yes")
        except _FAILURES as error:
            return _failure(self._requests.name, error)
        finally:
            if self._is_ours:
                self.http.cookies.clear()

    def interrupt(self, threads: Collection[int | None]) -> None:
        """Do nothing: httpx has no way to end what another thread has under way."""

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client for the generated package."""
        return {"transport": _Sending(self.http), "auth": _Key(self._requests)}

    def close(self) -> None:
        """Close the client unless it is the user's."""
        if self._is_ours:
            self.http.close()


class AsyncHttpxTransport:
    """Exchanges over an asynchronous httpx client; see `HttpxTransport`."""

    def __init__(
        self, requests: RequestCodec, transport: httpx.AsyncBaseTransport | None, http_client: httpx.AsyncClient | None
    ) -> None:
        self._requests = requests
        self._is_ours = http_client is None
        self.http = http_client or httpx.AsyncClient(**_set_up(requests), transport=transport)

    async def send(self, call: ApiCall[Any], deadline: float) -> TransportResult:
        """Make one exchange until then."""
        response: httpx.Response | None = None
        try:
            with anyio.move_on_after(deadline - time.monotonic()):
                request = _request(self.http, self._requests, call, deadline)
                response = await self.http.send(request, stream=True, **_AS_THEY_ARE)
                if response.is_stream_consumed:
                    return _read_already(self._requests, response)
                return _answer(self._requests, response, await _within_bounds_async(response.aiter_raw()))
        except _FAILURES as error:
            return _failure(self._requests.name, error)
        finally:
            if response is not None:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
            if self._is_ours:
                self.http.cookies.clear()
        return _late(self._requests.name, "maybe" if response is None else "yes")

    def abandon(self) -> None:
        """Do nothing: closing needs the event loop, which may be gone."""

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client for the generated package."""
        return {"transport": _AsyncSending(self.http), "auth": _Key(self._requests)}

    async def aclose(self) -> None:
        """Close the client unless it is the user's."""
        if self._is_ours:
            await self.http.aclose()


_FRAMING = frozenset({"content-length", "transfer-encoding"})


class _TooLongError(Exception):
    """The deadline passed between two parts of a body."""


def _set_up(requests: RequestCodec) -> dict[str, Any]:
    return {"base_url": requests.name, "timeout": requests.timeout, "trust_env": False}


class _Key(httpx.Auth):
    """Adds this client's headers when a request is sent; they are no attributes of the httpx client."""

    def __init__(self, requests: RequestCodec) -> None:
        self._requests = requests

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _require_own(self._requests, request)
        request.headers.update(self._requests.own_headers())
        yield request


class _Sending(httpx.BaseTransport):
    """Sends through a client of the user's."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._http.send(request, stream=True, **_AS_THEY_ARE)


class _AsyncSending(httpx.AsyncBaseTransport):
    """Sends through a client of the user's."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._http.send(request, stream=True, **_AS_THEY_ARE)


def _request(
    http: httpx.Client | httpx.AsyncClient, requests: RequestCodec, call: ApiCall[Any], deadline: float
) -> httpx.Request:
    return http.build_request(
        call.request.method,
        requests.url(call.request),
        headers={**requests.own_headers(), **call.request.headers},
        content=call.request.body,
        timeout=max(deadline - time.monotonic(), 0.001),
    )


def _within_bounds(parts: Iterator[bytes], deadline: float) -> bytes | None:
    """Return the body, or None if it is too large."""
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > LARGEST_BODY:
            return None
        if time.monotonic() > deadline:
            raise _TooLongError
    return bytes(body)


async def _within_bounds_async(parts: AsyncIterator[bytes]) -> bytes | None:
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _read_already(requests: RequestCodec, response: httpx.Response) -> Response:
    """Return an answer that was made up in memory, which httpx has decoded already."""
    headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
    return requests.answer(response.status_code, headers, response.content)


def _answer(requests: RequestCodec, response: httpx.Response, body: bytes | None) -> Response:
    is_framed = response.http_version == "HTTP/2" or not _FRAMING.isdisjoint(response.headers)
    fault = TOO_LARGE if body is None else None
    return requests.answer(response.status_code, response.headers.raw, body or b"", fault, is_framed=is_framed)


def _failure(name: str, error: Exception) -> TransportFailure:
    sent: Sent = "no" if isinstance(error, _NOT_SENT) else "maybe"
    # The text of the library's errors may quote the request's headers, so only the cause's kind is told.
    if isinstance(error, httpx.TimeoutException):
        return TransportFailure(f"{name} did not answer in time ({type(error).__name__})", sent, "timeout")
    if not isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return TransportFailure(f"the connection to {name} broke ({type(error).__name__})", sent)
    match _cause(error):
        case ssl.SSLCertVerificationError() as cause:
            why = getattr(cause, "verify_message", "it is not trusted")
            return TransportFailure(f"{name} could not prove who it is ({why})", sent, "tls")
        case socket.gaierror() as cause if cause.errno != socket.EAI_AGAIN:
            return TransportFailure(
                f"the name of {name} is unknown to the resolver; is base_url right?", sent, "unknown_host"
            )
        case cause:
            what = getattr(cause, "strerror", None) or type(cause).__name__
            told = f"no connection to {name} could be made ({what}); is the server running there?"
            return TransportFailure(told, sent, "refused")


def _late(name: str, sent: Sent) -> TransportFailure:
    return TransportFailure(f"{name} did not finish its answer in time", sent, "timeout")


def _cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


# --- the other way round: the generated client over the connections of this package -----------------------------------


class PoolTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Lets an httpx client of either kind use the connections of a client."""

    def __init__(self, wires: EngineClient) -> None:
        self._wires = wires

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make the exchange."""
        deadline = _deadline(self._wires.requests, request)
        plain = _plain(self._wires.requests, request, request.read())
        return _response(request, drive(self._wires.fetch(plain, deadline, is_repeatable=False), deadline))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make the exchange on the running event loop."""
        deadline = _deadline(self._wires.requests, request)
        plain = _plain(self._wires.requests, request, await request.aread())
        return _response(request, await drive_async(self._wires.fetch(plain, deadline, is_repeatable=False), deadline))


def _deadline(requests: RequestCodec, request: httpx.Request) -> float:
    """Return when to stop: httpx's longest silence is taken as the time for the whole exchange."""
    timeouts = request.extensions.get("timeout", {})
    return time.monotonic() + (timeouts.get("read") or requests.timeout)


def _require_own(requests: RequestCodec, request: httpx.Request) -> None:
    """Refuse to send this client's key to another server."""
    url = request.url
    if not requests.is_about(url.scheme, url.raw_host.decode("ascii"), url.port):
        raise httpx.UnsupportedProtocol(f"this client talks to {requests.name} only", request=request)


def _plain(requests: RequestCodec, request: httpx.Request, body: bytes) -> Request:
    _require_own(requests, request)
    path = request.url.raw_path.decode("ascii").removeprefix(requests.prefix)
    kept = {name: value for name, value in request.headers.items() if name not in _ON_THE_WIRE}
    return Request(request.method, path, headers=kept, body=body or None)


# These are written by this package's own requests.
_ON_THE_WIRE = frozenset(
    {"host", "user-agent", "authorization", "accept", "accept-encoding", "connection", "content-length", "cookie"}
)


def _response(request: httpx.Request, outcome: TransportResult) -> httpx.Response:
    if isinstance(outcome, TransportFailure):
        raise _ERRORS.get((outcome.kind, outcome.sent), httpx.ReadError)(outcome.message, request=request)
    if outcome.fault is not None:
        raise httpx.DecodingError(f"the body cannot be trusted: {outcome.fault}", request=request)
    headers = {name: value for name, value in outcome.headers.items() if name not in _UNDONE}
    return httpx.Response(outcome.status_code, headers=headers, content=outcome.content, request=request)


_UNDONE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_ERRORS: Mapping[tuple[FailureKind, Sent], type[httpx.RequestError]] = {
    ("timeout", "no"): httpx.ConnectTimeout,
    ("timeout", "maybe"): httpx.ReadTimeout,
    ("timeout", "yes"): httpx.ReadTimeout,
    ("refused", "no"): httpx.ConnectError,
    ("unknown_host", "no"): httpx.ConnectError,
    ("tls", "no"): httpx.ConnectError,
    ("broken", "yes"): httpx.RemoteProtocolError,
    ("stale", "maybe"): httpx.RemoteProtocolError,
}
