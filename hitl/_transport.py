"""The transports: they carry out the calls of flows, over the engine or through the user's httpx objects."""

from __future__ import annotations

import logging
import re
import sys
from abc import abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hitl import _engine
from hitl._clock import LONGEST_SLEEP, monotonic
from hitl._config import MOST_AT_ONCE, Settings
from hitl._flows import ApiCall
from hitl._once import Once
from hitl._secret import Secret
from hitl._version import __version__
from hitl.exceptions import ConfigurationError

# The engine's clients, with TLS and the parser, are loaded by the first exchange; httpx by users of its objects and of
# the generated client.
if TYPE_CHECKING:
    import ssl

    from hitl_api.client import AuthenticatedClient

_log = logging.getLogger("hitl")


S = TypeVar("S", "_engine.Client | _engine.HttpxTransport", "_engine.AsyncClient | _engine.AsyncHttpxTransport")


class _Transport(Generic[S]):
    """What both transports share; the sender is a client of the engine, or one of httpx.

    What cannot be used is refused when the transport is made, and not by its first exchange.
    """

    def __init__(self, settings: Settings, transport: object = None, http_client: object = None) -> None:
        self._settings = settings
        self._was_used = False
        self._proxy: Secret | None = None
        self.is_closed = False
        if transport is None and http_client is None:
            _, self._proxy = settings.origin, settings.proxy
            self._sender: Once[S] = Once()
        elif settings.verify is not None:
            raise ConfigurationError(
                "verify is for the client's own connections; leave it out, and give it to the httpx object: "
                "httpx.HTTPTransport(verify=...), httpx.Client(verify=...)"
            )
        else:
            self._sender = Once(self._make_sender(transport, http_client))

    @property
    def proxy_url(self) -> str | None:
        """The proxy that the environment names, without its login; None without one, or through httpx's objects."""
        return None if self._proxy is None else re.sub(r"(?<=//)[^/]*@", "", self._proxy.reveal())

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not closed."""
        return self._was_used and not self.is_closed

    def abandon(self) -> None:
        """Close what the garbage collector has found open, except what needs an event loop."""
        self.is_closed = True
        if (sender := self._sender.peek()) is not None:
            sender.close()

    def httpx_kwargs(self) -> dict[str, Any]:
        """Return the arguments of an httpx client that uses the same connections."""
        self._was_used = True
        return self._sender.get(self._make_sender).httpx_kwargs(self._settings.timeout)

    @abstractmethod
    def _make_sender(self, *httpx_objects: Any) -> S:
        """Return a sender through the user's transport or httpx client, or else through the engine."""

    def _open(self, call: ApiCall[Any]) -> S:
        if self.is_closed:
            raise ConfigurationError(f"{call.operation}: this client was closed; make another one")
        self._was_used = True
        sender = self._sender.get(self._make_sender)
        if self.is_closed:
            sender.close()  # another thread may have closed the transport before the sender was made
        return sender

    def _deadline(self, call: ApiCall[Any], started: float) -> float:
        return started + (self._settings.timeout if call.timeout is None else max(call.timeout, 0.0))

    def _options(self) -> _engine.ClientOptions:
        python = ".".join(map(str, sys.version_info[:3]))
        user_agent = self._settings.user_agent or f"hitl-python/{__version__} python/{python}"
        headers = {"User-Agent": user_agent, "Accept": "application/json"}
        return {"headers": headers, "token": self._settings.api_key, "proxy": self._proxy, "tls": self._tls}

    def _tls(self) -> ssl.SSLContext:
        verify = self._settings.verify
        return _engine.tls_context(*self._settings.authorities) if verify is None or verify is True else verify


class HttpTransport(_Transport["_engine.Client | _engine.HttpxTransport"]):
    """Blocking exchanges; safe to share between threads, and to use in a forked child.

    Each exchange has a connection of its own, so there are as many connections as threads that use the client at the
    same time.
    """

    def send(self, call: ApiCall[Any]) -> _engine.TransportResult:
        """Make one exchange; network failures are returned, interrupts are raised."""
        sender = self._open(call)
        started = monotonic()
        deadline = self._deadline(call, started)
        result = sender.send(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
        _log_exchange(call, result, started)
        return result

    def interrupt(self, threads: Collection[int | None]) -> None:
        """End the exchanges of these threads; they return as broken connections."""
        if (sender := self._sender.peek()) is not None:
            sender.interrupt(threads)

    def close(self) -> None:
        """Close all connections."""
        self.abandon()

    def _make_sender(self, *httpx_objects: Any) -> _engine.Client | _engine.HttpxTransport:
        origin, options = self._settings.origin, self._options()
        if httpx_objects:
            return _engine.HttpxTransport(origin, *httpx_objects, **options)
        return _engine.Client(origin, **options)


class AsyncHttpTransport(_Transport["_engine.AsyncClient | _engine.AsyncHttpxTransport"]):
    """Awaitable exchanges on asyncio or trio; the engine's connections belong to no event loop."""

    async def send(self, call: ApiCall[Any]) -> _engine.TransportResult:
        """Make one exchange; network failures are returned, cancellation is raised."""
        sender = self._open(call)
        started = monotonic()
        deadline = self._deadline(call, started)
        result = await sender.send(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
        _log_exchange(call, result, started)
        return result

    async def aclose(self) -> None:
        """Close all connections."""
        self.is_closed = True
        if (sender := self._sender.peek()) is not None:
            await sender.aclose()

    def _make_sender(self, *httpx_objects: Any) -> _engine.AsyncClient | _engine.AsyncHttpxTransport:
        origin, options = self._settings.origin, self._options()
        if httpx_objects:
            return _engine.AsyncHttpxTransport(origin, *httpx_objects, **options)
        return _engine.AsyncClient(origin, concurrency=MOST_AT_ONCE, **options)


def _log_exchange(call: ApiCall[Any], result: _engine.TransportResult, started: float) -> None:
    """Log one line without query, headers and body, which may hold what people wrote."""
    if _log.isEnabledFor(logging.DEBUG):
        came = str(result.status_code) if isinstance(result, _engine.Response) else result.kind
        took = monotonic() - started
        _log.debug("%s: %s %s -> %s in %.3f s", call.operation, call.request.method, call.request.path, came, took)


class _HiddenToken(str):
    """A string that neither its repr nor a formatted string shows: the generated client prints both.

    The header that the generated client makes of it is replaced before it is sent.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __format__(self, _spec: str) -> str:
        return "***"


def generated_client(settings: Settings, transport: HttpTransport | AsyncHttpTransport) -> AuthenticatedClient:
    """Return a client of the generated package that shares the transport's connections, key and timeouts."""
    import httpx
    from hitl_api.client import AuthenticatedClient

    # Not as an httpx client, which copies made by with_headers and the like would not use.
    return AuthenticatedClient(
        settings.base_url,
        token=_HiddenToken(settings.api_key.reveal()),
        timeout=httpx.Timeout(min(settings.timeout, LONGEST_SLEEP)),
        raise_on_unexpected_status=True,
        httpx_args={**transport.httpx_kwargs(), "trust_env": False},
    )
