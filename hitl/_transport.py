"""The transports: they carry out exchanges for the drivers of flows, over connections of their own or through httpx."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from hitl._config import Settings
from hitl._engine import Response, TransportResult, address
from hitl._flows import ApiCall
from hitl._secret import Secret
from hitl.exceptions import ConfigurationError

# Loaded when they are needed: connections, with TLS and the parser, by the first exchange; httpx by those who bring
# something of it, or use the generated client.
if TYPE_CHECKING:
    import httpx
    from hitl_api.client import AuthenticatedClient

_log = logging.getLogger("hitl")


class HttpTransport:
    """Blocking exchanges; safe to share between threads, and to use in a forked child.

    Each thread that is in the middle of an exchange has a connection of its own, so there are as many connections as
    there are threads that use the client at the same time.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.BaseTransport | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._settings = settings
        self._carriers: dict[str, _Carrier] = {}
        self._proxy = None
        if transport is None and http_client is None:
            self._proxy = _proxy(settings)
        else:
            self._carriers["one"] = _through(settings, transport, http_client)
        self._was_used = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.is_closed

    def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange. Interrupts pass through; every failure of the network comes back as data."""
        _refuse_closed(call, is_closed=self.is_closed)
        self._was_used = True
        carrier = self._carrier
        started = time.monotonic()
        outcome = carrier.send(call, started + _seconds(self._settings, call))
        _tell(call, outcome, started)
        return outcome

    def interrupt(self, threads: Collection[int | None]) -> None:
        """End the exchanges that these threads have under way; they come back as broken connections."""
        for carrier in tuple(self._carriers.values()):
            carrier.interrupt(threads)

    def close(self) -> None:
        """Close all connections."""
        self.is_closed = True
        for carrier in tuple(self._carriers.values()):
            carrier.close()

    def abandon(self) -> None:
        """Close what the garbage collector has found open."""
        self.close()

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client that uses these connections."""
        self._was_used = True
        return self._carrier.lent()

    @property
    def _carrier(self) -> _Carrier:
        if found := self._carriers.get("one"):
            return found
        from hitl._own_transport import EngineTransport

        # One step, so that all threads get the same.
        made = self._carriers.setdefault("one", EngineTransport(self._settings, self._proxy))
        if self.is_closed:
            made.close()  # whoever closed may have come a moment too early to see it
        return made


class AsyncHttpTransport:
    """Awaitable exchanges on asyncio or trio; connections of its own belong to no event loop."""

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._settings = settings
        self._carriers: dict[str, _AsyncCarrier] = {}
        self._proxy = None
        if transport is None and http_client is None:
            self._proxy = _proxy(settings)
        else:
            self._carriers["one"] = _through_async(settings, transport, http_client)
        self._was_used = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.is_closed

    async def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange. Cancellation passes through; every failure of the network comes back as data."""
        _refuse_closed(call, is_closed=self.is_closed)
        self._was_used = True
        carrier = self._carrier
        started = time.monotonic()
        outcome = await carrier.send(call, started + _seconds(self._settings, call))
        _tell(call, outcome, started)
        return outcome

    async def aclose(self) -> None:
        """Close all connections."""
        self.is_closed = True
        for carrier in tuple(self._carriers.values()):
            await carrier.aclose()

    def abandon(self) -> None:
        """Close what the garbage collector has found open; what needs an event loop stays."""
        self.is_closed = True
        for carrier in tuple(self._carriers.values()):
            carrier.abandon()

    def lent(self) -> dict[str, Any]:
        """Return the arguments of an httpx client that uses these connections."""
        self._was_used = True
        return self._carrier.lent()

    @property
    def _carrier(self) -> _AsyncCarrier:
        if found := self._carriers.get("one"):
            return found
        from hitl._own_transport import AsyncEngineTransport

        return self._carriers.setdefault("one", AsyncEngineTransport(self._settings, self._proxy))


# --- what carries the bytes ------------------------------------------------------------------------------------------


class _Carrier(Protocol):
    def send(self, call: ApiCall[Any], deadline: float) -> TransportResult: ...
    def interrupt(self, threads: Collection[int | None]) -> None: ...
    def close(self) -> None: ...
    def lent(self) -> dict[str, Any]: ...


class _AsyncCarrier(Protocol):
    async def send(self, call: ApiCall[Any], deadline: float) -> TransportResult: ...
    async def aclose(self) -> None: ...
    def abandon(self) -> None: ...
    def lent(self) -> dict[str, Any]: ...


def _proxy(settings: Settings) -> Secret | None:
    """Return the proxy of a client that is being made; what is wrong with it or the address is not left to its calls.

    Raises:
        ConfigurationError: if one of them cannot be used.
    """
    address(settings.base_url)
    return settings.proxy


def _through(settings: Settings, transport: httpx.BaseTransport | None, client: httpx.Client | None) -> _Carrier:
    from hitl._engine import HttpxTransport, RequestCodec

    return HttpxTransport(RequestCodec(settings), transport, client)


def _through_async(
    settings: Settings, transport: httpx.AsyncBaseTransport | None, client: httpx.AsyncClient | None
) -> _AsyncCarrier:
    from hitl._engine import AsyncHttpxTransport, RequestCodec

    return AsyncHttpxTransport(RequestCodec(settings), transport, client)


def _refuse_closed(call: ApiCall[Any], *, is_closed: bool) -> None:
    if is_closed:
        raise ConfigurationError(f"{call.operation}: this client was closed; make another one")


def _seconds(settings: Settings, call: ApiCall[Any]) -> float:
    return settings.timeout if call.timeout is None else max(call.timeout, 0.0)


def _tell(call: ApiCall[Any], outcome: TransportResult, started: float) -> None:
    """Log one line; neither query nor headers nor body, which may hold what people wrote."""
    if _log.isEnabledFor(logging.DEBUG):
        result = str(outcome.status_code) if isinstance(outcome, Response) else outcome.kind
        took = time.monotonic() - started
        _log.debug("%s: %s %s -> %s in %.3f s", call.operation, call.request.method, call.request.path, result, took)


# --- the generated client --------------------------------------------------------------------------------------------


class _Hidden(str):
    """A text whose repr does not show it, nor a text that it is put into; the generated client prints both.

    The header that the generated client makes of it is replaced on the way.
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

    # As arguments and not as an httpx client, which with_headers and its like would leave behind.
    return AuthenticatedClient(
        settings.base_url,
        token=_Hidden(settings.api_key.reveal()),
        timeout=httpx.Timeout(settings.timeout),
        raise_on_unexpected_status=True,
        httpx_args={**transport.lent(), "trust_env": False},
    )
