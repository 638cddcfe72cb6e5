"""The transports: they carry out exchanges for the drivers of flows, over connections of their own or through httpx."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from hitl._config import Settings
from hitl._flow import Answer, Call, Failure, Outcome
from hitl._requests import Requests
from hitl._sockets import drive, drive_async
from hitl._wires import Wires
from hitl.exceptions import ConfigurationError

# anyio is loaded by programs that await; httpx by those who bring something of it, or use the generated client.
# `hitl._httpx` has whatever meets httpx, which takes longer to load than all the rest.
if TYPE_CHECKING:
    import anyio
    import httpx
    from hitl_api.client import AuthenticatedClient

MOST_AT_ONCE = 100
"""Exchanges that one asynchronous client has under way on one event loop; more of them wait for their turn."""

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
        requests = Requests(settings)
        is_own = transport is None and http_client is None
        self._settings = settings
        self._carrier: _Carrier = (
            _OwnConnections(settings, requests) if is_own else _through(requests, transport, http_client)
        )
        self._was_used = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.is_closed

    def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange. Interrupts pass through; every failure of the network comes back as data."""
        _refuse_closed(call, is_closed=self.is_closed)
        self._was_used = True
        started = time.monotonic()
        outcome = self._carrier.send(call, started + _seconds(self._settings, call))
        _tell(call, outcome, started)
        return outcome

    def interrupt(self, threads: Collection[int | None]) -> None:
        """End the exchanges that these threads have under way; they come back as broken connections."""
        self._carrier.interrupt(threads)

    def close(self) -> None:
        """Close all connections."""
        self.is_closed = True
        self._carrier.close()

    def abandon(self) -> None:
        """Close what the garbage collector has found open."""
        self.close()

    def lend_to(self, client: AuthenticatedClient) -> None:
        """Let a generated client use these connections."""
        self._was_used = True
        client.set_httpx_client(self._carrier.lent())


class AsyncHttpTransport:
    """Awaitable exchanges on asyncio or trio; connections of its own belong to no event loop."""

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        requests = Requests(settings)
        is_own = transport is None and http_client is None
        self._settings = settings
        self._carrier: _AsyncCarrier = (
            _OwnAsyncConnections(settings, requests) if is_own else _through_async(requests, transport, http_client)
        )
        self._was_used = False
        self.is_closed = False

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.is_closed

    async def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange. Cancellation passes through; every failure of the network comes back as data."""
        _refuse_closed(call, is_closed=self.is_closed)
        self._was_used = True
        started = time.monotonic()
        outcome = await self._carrier.send(call, started + _seconds(self._settings, call))
        _tell(call, outcome, started)
        return outcome

    async def aclose(self) -> None:
        """Close all connections."""
        self.is_closed = True
        await self._carrier.aclose()

    def abandon(self) -> None:
        """Close what the garbage collector has found open; what needs an event loop stays."""
        self.is_closed = True
        self._carrier.abandon()

    def lend_to(self, client: AuthenticatedClient) -> None:
        """Let a generated client use these connections."""
        self._was_used = True
        client.set_async_httpx_client(self._carrier.lent())


# --- what carries the bytes ------------------------------------------------------------------------------------------


class _Carrier(Protocol):
    def send(self, call: Call[Any], deadline: float) -> Outcome: ...
    def interrupt(self, threads: Collection[int | None]) -> None: ...
    def close(self) -> None: ...
    def lent(self) -> httpx.Client: ...


class _AsyncCarrier(Protocol):
    async def send(self, call: Call[Any], deadline: float) -> Outcome: ...
    async def aclose(self) -> None: ...
    def abandon(self) -> None: ...
    def lent(self) -> httpx.AsyncClient: ...


def _through(requests: Requests, transport: httpx.BaseTransport | None, client: httpx.Client | None) -> _Carrier:
    from hitl._httpx import ThroughHttpx

    return ThroughHttpx(requests, transport, client)


def _through_async(
    requests: Requests, transport: httpx.AsyncBaseTransport | None, client: httpx.AsyncClient | None
) -> _AsyncCarrier:
    from hitl._httpx import ThroughAsyncHttpx

    return ThroughAsyncHttpx(requests, transport, client)


class _OwnConnections:
    def __init__(self, settings: Settings, requests: Requests) -> None:
        self._wires = Wires(settings, requests)
        self._lent: httpx.Client | None = None
        self.interrupt = self._wires.pool.interrupt
        self.close = self._wires.pool.close

    def send(self, call: Call[Any], deadline: float) -> Outcome:
        flow = self._wires.fetch(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
        return drive(flow, deadline)

    def lent(self) -> httpx.Client:
        from hitl._httpx import PoolTransport, blocking_client

        self._lent = self._lent or blocking_client(self._wires.requests, PoolTransport(self._wires))
        return self._lent


class _OwnAsyncConnections:
    def __init__(self, settings: Settings, requests: Requests) -> None:
        self._wires = Wires(settings, requests)
        self._lent: httpx.AsyncClient | None = None
        self.abandon = self._wires.pool.close
        from anyio.lowlevel import RunVar

        self._turns: RunVar[anyio.Semaphore | None] = RunVar("hitl_turns", None)

    async def send(self, call: Call[Any], deadline: float) -> Outcome:
        import anyio

        turns = self._turns_of_this_loop()
        try:
            turns.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(deadline - time.monotonic()) as waiting:
                await turns.acquire()
            if waiting.cancelled_caught:
                told = f"{MOST_AT_ONCE} other exchanges of this client did not end in time; start fewer at once"
                return Failure(told, "no", "timeout")
        try:
            flow = self._wires.fetch(call.request, deadline, is_repeatable=call.is_repeatable, fresh=call.fresh)
            return await drive_async(flow, deadline)
        finally:
            turns.release()

    async def aclose(self) -> None:
        self._wires.pool.close()

    def lent(self) -> httpx.AsyncClient:
        from hitl._httpx import AsyncPoolTransport, awaiting_client

        self._lent = self._lent or awaiting_client(self._wires.requests, AsyncPoolTransport(self._wires))
        return self._lent

    def _turns_of_this_loop(self) -> anyio.Semaphore:
        turns = self._turns.get()
        if turns is None:
            import anyio

            turns = anyio.Semaphore(MOST_AT_ONCE, fast_acquire=True)
            self._turns.set(turns)
        return turns


def _refuse_closed(call: Call[Any], *, is_closed: bool) -> None:
    if is_closed:
        raise ConfigurationError(f"{call.operation}: this client was closed; make another one")


def _seconds(settings: Settings, call: Call[Any]) -> float:
    return settings.timeout if call.timeout is None else max(call.timeout, 0.0)


def _tell(call: Call[Any], outcome: Outcome, started: float) -> None:
    """Log one line; neither query nor headers nor body, which may hold what people wrote."""
    if _log.isEnabledFor(logging.DEBUG):
        result = str(outcome.status_code) if isinstance(outcome, Answer) else outcome.kind
        took = time.monotonic() - started
        _log.debug("%s: %s %s -> %s in %.3f s", call.operation, call.request.method, call.request.path, result, took)


# --- the generated client --------------------------------------------------------------------------------------------


class _Hidden(str):
    """A text whose repr does not show it; the generated client's repr prints its token."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def generated_client(settings: Settings, transport: HttpTransport | AsyncHttpTransport) -> AuthenticatedClient:
    """Return a client of the generated package that shares the transport's connections, key and timeouts."""
    import httpx
    from hitl_api.client import AuthenticatedClient

    client = AuthenticatedClient(
        settings.base_url,
        token=_Hidden(settings.api_key.reveal()),
        timeout=httpx.Timeout(settings.timeout),
        raise_on_unexpected_status=True,
    )
    transport.lend_to(client)
    return client
