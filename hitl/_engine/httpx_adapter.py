"""Exchanges through an httpx transport or client of the user's.

`docs/reference/transports.md` lists what they do not promise.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from functools import partial
from itertools import chain
from traceback import walk_tb
from types import CodeType
from typing import Any, Unpack, cast

import anyio
import httpx

from hitl._clock import LONGEST_SLEEP, monotonic
from hitl._engine.background import IdleThreads, in_background
from hitl._engine.client import ClientOptions
from hitl._engine.codec import DamagedError, RequestCodec
from hitl._engine.connection import DeadlineExceededError
from hitl._engine.engine_transport import ForwardingTransport
from hitl._engine.http1 import CUT_OFF, LARGEST_BODY, ProtocolError, RawResponse, decoded_headers, require_unambiguous
from hitl._engine.messages import Request, Response, TransportFailure, TransportResult, no_connection
from hitl._engine.url import Origin
from hitl._interrupts import reraise_interrupt
from hitl._json import TOO_LARGE
from hitl._timers import are_timers_frozen, move_on_after
from hitl.exceptions import ConfigurationError, Sent

# Raised before a byte of the request has left. Any other error may come after the request has reached the server.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)

# Whatever the user's client does otherwise: the request holds the token, which must not be sent to another host.
_AS_GIVEN: Mapping[str, Any] = {"stream": True, "auth": None, "follow_redirects": False}

_IN_MEMORY = (httpx.MockTransport, httpx.WSGITransport)  # no I/O that could outlast a deadline
_MARGIN = 0.02  # seconds by which httpx's timeouts come before the deadline: they know whether anything was sent

_UNREAD = "a hook of http_client raised before its body was read; have the hook call response.read() first"

_OWN_ERRORS = (DamagedError, DeadlineExceededError, ProtocolError)
# UnicodeError, which httpx lets escape from the resolver, is a ValueError.
_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, *_OWN_ERRORS)


class _HttpxSender:
    """What both kinds share: how requests are made, and what becomes of responses and errors."""

    _method: str
    _client_type: type[Any]

    def __init__(self, origin: Origin, transport: Any, http_client: Any, **options: Unpack[ClientOptions]) -> None:
        """Send through a transport or a client of httpx, which has its own proxy and TLS context."""
        _require_one(self._method, self._client_type, transport, http_client)
        self._codec = RequestCodec(origin, options.get("headers", {}), options.get("token"))
        self._transport, self._http_client = transport, http_client
        self._build: Callable[..., httpx.Request] = httpx.Request
        if http_client is None:
            self._send: Callable[..., Any] = getattr(transport, self._method)
        else:
            self._build = http_client.build_request
            self._send = partial(http_client.send, **_AS_GIVEN)
        self._is_in_memory = isinstance(transport, _IN_MEMORY)
        self._under_way: dict[Future[TransportResult], int] = {}  # and for which thread
        self._idle = IdleThreads()

    def httpx_kwargs(self, timeout: float) -> dict[str, Any]:  # noqa: ARG002
        """Return the arguments of an httpx client for the generated package."""
        return {"transport": ForwardingTransport(self._codec, self._send)}

    def _request(self, request: Request, deadline: float) -> httpx.Request:
        remaining = min(max(deadline - monotonic(), 0.001), LONGEST_SLEEP)
        # In a freeze, the timeouts of an event loop come too soon or never: only the deadline counts.
        is_frozen = self._client_type is httpx.AsyncClient and are_timers_frozen()
        timeout = httpx.Timeout(None if is_frozen else remaining - min(_MARGIN, remaining / 10))
        return self._build(
            request.method,
            self._codec.url(request),
            headers={**self._codec.base_headers(), **request.headers},
            content=request.body,
            extensions={"timeout": timeout.as_dict()},
        )

    def _from_memory(self, response: httpx.Response) -> Response:
        """Return a response that was made in memory, and that httpx has decoded already."""
        headers = [each for each in decoded_headers(response.headers.raw) if each[0] != "content-encoding"]
        return self._codec.response(RawResponse(response.status_code, headers, response.content))

    def _result(
        self, error: Exception, request: httpx.Request | None, response: httpx.Response | None
    ) -> TransportResult:
        """Return an error as data. The message of a library may quote the request, so only its class is named.

        What the caller's own code raised is raised again, except for a hook that calls `response.raise_for_status()`.
        """
        reraise_interrupt(error)
        if isinstance(error, httpx.HTTPStatusError) and error.request is request and not error.response.is_success:
            return self._refusal(error.response)
        if self._is_from_hook(error):
            raise error
        server, name = self._codec.origin.url, type(error).__name__
        if response is not None and isinstance(error, DamagedError):
            return self._codec.response(_raw(response, fault=str(error)))
        if response is not None and response.status_code >= 300 and isinstance(error, httpx.RemoteProtocolError):
            return self._codec.response(_raw(response, fault=CUT_OFF))  # the status says enough
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            return _no_connection(server, _root_cause(error))
        sent: Sent = "yes" if response is not None else "no" if isinstance(error, _NOT_SENT) else "maybe"
        if isinstance(error, ProtocolError):
            return TransportFailure(f"the answer of {server} was cut off, or is no proper HTTP: {error}", sent)
        if isinstance(error, DeadlineExceededError):
            return self._late(sent)
        if isinstance(error, httpx.TimeoutException):
            return TransportFailure(f"{server} did not answer in time ({name})", sent, "timeout")
        return TransportFailure(f"the connection to {server} broke ({name})", sent)

    def _refusal(self, response: httpx.Response) -> Response:
        """Return a response that a hook has refused; httpx has closed it meanwhile."""
        try:
            _ = response.content
        except httpx.ResponseNotRead:
            return self._codec.response(_raw(response, fault=_UNREAD))
        return self._from_memory(response)

    def _is_from_hook(self, error: Exception) -> bool:
        hooks = chain.from_iterable(getattr(self._http_client, "event_hooks", {}).values())
        codes = set(map(_code, hooks))
        return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))

    def _late(self, sent: Sent) -> TransportFailure:
        return TransportFailure(f"{self._codec.origin.url} did not finish its answer in time", sent, "timeout")


class HttpxTransport(_HttpxSender):
    """Blocking exchanges through httpx."""

    _method, _client_type = "handle_request", httpx.Client

    def send(self, request: Request, deadline: float, **_: bool) -> TransportResult:
        """Make an exchange, in a background thread if it may block: httpx restarts its timeout with each byte."""
        begun = threading.Event()
        exchange = partial(self._exchange, request, deadline, begun)
        if self._is_in_memory:
            return exchange()
        future: Future[TransportResult] = Future()
        self._under_way[future] = threading.get_ident()  # before it begins: it may be interrupted at once
        try:
            in_background(exchange, self._idle, future)
            # Not `result` with a timeout: its TimeoutError looks like that of a signal handler, or of the exchange.
            while not future.done() and (left := deadline - monotonic()) > 0:
                wait((future,), min(left, LONGEST_SLEEP))
            return future.result() if future.done() else self._late("yes" if begun.is_set() else "maybe")
        finally:
            del self._under_way[future]

    def interrupt(self, threads: Collection[int | None]) -> None:
        """Let these threads go on without a response."""
        failure = TransportFailure(f"the exchange with {self._codec.origin.url} was interrupted", "maybe")
        for future, thread in tuple(self._under_way.items()):
            if thread in threads:
                with suppress(InvalidStateError):  # it has just ended
                    future.set_result(failure)

    def close(self) -> None:
        """Close the transport; a client is the user's to close."""
        self._idle.close()
        if self._transport is not None:
            self._transport.close()

    def _exchange(self, request: Request, deadline: float, begun: threading.Event) -> TransportResult:
        built: httpx.Request | None = None
        response: httpx.Response | None = None
        try:
            built = self._request(request, deadline)
            response = cast(httpx.Response, self._send(built))
            begun.set()
            if response.is_stream_consumed:
                return self._from_memory(response)
            _check_head(response)
            content = bytearray()
            for part in response.iter_raw():
                _add(content, part, deadline)
            return self._codec.response(_raw(response, bytes(content)))
        except _ERRORS as error:
            return self._result(error, built, response)
        finally:
            if response is not None:
                response.close()


class AsyncHttpxTransport(_HttpxSender):
    """Awaitable exchanges through httpx."""

    _method, _client_type = "handle_async_request", httpx.AsyncClient

    async def send(self, request: Request, deadline: float, **_: bool) -> TransportResult:
        """Make an exchange."""
        built: httpx.Request | None = None
        response: httpx.Response | None = None
        try:
            built = self._request(request, deadline)
            with move_on_after(deadline - monotonic()):
                response = cast(httpx.Response, await self._send(built))
                if response.is_stream_consumed:
                    return self._from_memory(response)
                _check_head(response)
                content = bytearray()
                async for part in response.aiter_raw():
                    _add(content, part, deadline)
                return self._codec.response(_raw(response, bytes(content)))
        except _ERRORS as error:
            return self._result(error, built, response)
        finally:
            if response is not None:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        return self._late("maybe" if response is None else "yes")

    async def aclose(self) -> None:
        """Close the transport; a client is the user's to close."""
        if self._transport is not None:
            await self._transport.aclose()

    def close(self) -> None:
        """Do nothing: closing needs the event loop, which may be gone."""


def _code(hook: Any) -> CodeType | None:
    """Return the code that runs when a hook is called."""
    while isinstance(hook, partial):
        hook = hook.func
    return getattr(hook if hasattr(hook, "__code__") else type(hook).__call__, "__code__", None)


def _check_head(response: httpx.Response) -> None:
    """Refuse a head as strictly as `http1` does: one that is ambiguous, or that announces too large a body."""
    version = response.extensions.get("http_version", b"HTTP/1.1")
    if version not in (b"HTTP/2", b"HTTP/3"):
        require_unambiguous(version.removeprefix(b"HTTP/"), _names(response))
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > LARGEST_BODY:
        raise DamagedError(TOO_LARGE)


def _add(content: bytearray, part: bytes, deadline: float) -> None:
    """Add a part of a body, unless it is too much or too late."""
    content += part
    if len(content) > LARGEST_BODY:
        raise DamagedError(TOO_LARGE)
    if monotonic() > deadline:
        raise DeadlineExceededError


def _raw(response: httpx.Response, content: bytes = b"", fault: str | None = None) -> RawResponse:
    is_http2 = response.extensions.get("http_version") == b"HTTP/2"
    is_framed = is_http2 or not _names(response).isdisjoint({"content-length", "transfer-encoding"})
    return RawResponse(response.status_code, decoded_headers(response.headers.raw), content, fault, is_framed)


def _names(response: httpx.Response) -> set[str]:
    return {name for name, _ in decoded_headers(response.headers.raw)}


def _require_one(method: str, kind: type[Any], transport: object, http_client: object) -> None:
    """Raise ConfigurationError unless exactly what this client can send through is given."""
    if transport is not None and http_client is not None:
        raise ConfigurationError(
            "give transport or http_client, not both: an httpx client has a transport already, "
            "as in httpx.Client(transport=...)"
        )
    asynchronous = "Async" if kind is httpx.AsyncClient else ""
    if transport is not None and not callable(getattr(transport, method, None)):
        wanted = f"transport must be an httpx.{asynchronous}BaseTransport, such as httpx.{asynchronous}HTTPTransport()"
    elif http_client is not None and not isinstance(http_client, kind):
        wanted = f"http_client must be an httpx.{asynchronous}Client"
    else:
        return
    given = http_client if transport is None else transport
    # Passing the class itself is the likeliest slip.
    got = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    other = "HITLClient" if asynchronous else "AsyncHITLClient"
    raise ConfigurationError(f"{wanted}; got {got}. The other kind is for {other}")


def _no_connection(server: str, cause: BaseException) -> TransportFailure:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return no_connection(server, "tls", getattr(cause, "verify_message", "it is not trusted"))
    if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
        return no_connection(server, "unknown_host")
    return no_connection(server, "refused", getattr(cause, "strerror", None) or type(cause).__name__)


def _root_cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
