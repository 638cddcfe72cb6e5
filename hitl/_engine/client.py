"""The engine's clients, blocking and awaiting: exchanges with one server over pooled connections."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack
from urllib.parse import unquote, urlsplit

from hitl._clock import monotonic
from hitl._engine.codec import RequestCodec
from hitl._engine.connection import (
    PROXY_LOGIN,
    Connection,
    DeadlineExceededError,
    IOSteps,
    NoConnectionError,
    Route,
    connect,
    exchange,
)
from hitl._engine.drivers import drive, drive_async
from hitl._engine.http1 import ProtocolError, ResponseParser
from hitl._engine.messages import Request, TransportFailure, TransportResult, no_connection
from hitl._engine.pool import LONGEST_IDLE, Pool
from hitl._engine.tls import tls_context
from hitl._engine.url import Origin
from hitl._interrupts import reraise_interrupt
from hitl._secret import Secret
from hitl._timers import move_on_after

if TYPE_CHECKING:
    import anyio  # loaded by programs that await

# Less than `LONGEST_IDLE` for requests that are not repeatable: many servers close after 5 seconds of silence, and a
# request that crosses the closing leaves its sender in doubt.
LONGEST_IDLE_FOR_ONCE = 4.0


class ClientOptions(TypedDict, total=False):
    """Options of a client."""

    headers: Mapping[str, str]  # in every request, beside Host and Accept-Encoding
    token: Secret | None  # for the Authorization header (RFC 6750); masked wherever a response repeats it
    proxy: Secret | None  # the URL of an HTTP proxy, with its credentials if it has some
    tls: Callable[[], ssl.SSLContext]  # called with the first connection, since making a context takes long
    # Bytes of a body that are read; a longer one is truncated, with a fault. Without it 16 MiB are read, and nothing of
    # a longer body is returned.
    excerpt: int


class EngineClient:
    """What both clients of one server share: an exchange as I/O steps. They connect with their first exchange."""

    def __init__(self, origin: Origin, **options: Unpack[ClientOptions]) -> None:
        self.codec = RequestCodec(origin, options.get("headers", {}), options.get("token"))
        proxy = options.get("proxy")
        self._route = _route(origin, proxy, options.get("tls", tls_context))
        # Without a tunnel the proxy reads each request, and takes the login away before it passes the request on.
        self._is_forwarded = proxy is not None and not origin.is_secure
        self._excerpt = options.get("excerpt", 0)
        self._pool = Pool()
        self._server = origin.url

    def steps(
        self, request: Request, deadline: float, *, is_repeatable: bool = False, fresh: bool = False
    ) -> IOSteps[TransportResult]:
        """Make an exchange; see `Client.send`."""
        encoded = self.codec.encode(
            request, absolute=self._is_forwarded, login=self._route.proxy_login if self._is_forwarded else None
        )
        connection = None if fresh else self._pool.take(LONGEST_IDLE if is_repeatable else LONGEST_IDLE_FOR_ONCE)
        parser = ResponseParser(request.method, self._excerpt)
        try:
            if connection is None:
                connection = yield from connect(self._route)
            self._pool.use(connection)
            raw = yield from exchange(connection.sock, encoded, parser, deadline)
        except NoConnectionError as error:
            return no_connection(self._server, error.kind, str(error))
        except (DeadlineExceededError, OSError, ProtocolError) as error:
            reraise_interrupt(error)
            return self._failure(error, connection, parser)
        else:
            if raw.may_reuse:
                self._pool.give_back(connection)
                connection = None
            if self._is_forwarded and raw.status_code == 407:  # a server has no use for it (RFC 9110, 15.5.8)
                return no_connection(self._server, "proxy", PROXY_LOGIN)
            return self.codec.response(raw)
        finally:
            if connection is not None:
                self._pool.drop(connection)

    def close(self) -> None:
        """Close the connections; those in use, when their exchange ends."""
        self._pool.close()

    def httpx_kwargs(self, timeout: float) -> dict[str, Any]:
        """Return the arguments of an httpx client that uses these connections; `timeout` is for one without its own."""
        from hitl._engine.engine_transport import EngineTransport

        return {"transport": EngineTransport(self.codec, self.steps, timeout)}

    def _failure(self, error: Exception, connection: Connection | None, parser: ResponseParser) -> TransportFailure:
        is_late, server = isinstance(error, DeadlineExceededError), self._server
        if connection is None:  # an OSError: such as no more descriptors in this process
            return no_connection(server, "timeout" if is_late else "refused", str(error))
        if is_late and parser.has_begun:
            return TransportFailure(f"{server} did not finish its answer in time", "yes", "timeout")
        if is_late:
            return TransportFailure(f"{server} did not answer in time", "maybe", "timeout")
        if parser.has_begun:
            why = f": {error}" if isinstance(error, ProtocolError) else ""
            return TransportFailure(f"the answer of {server} was cut off, or is no proper HTTP{why}", "yes")
        message = f"the connection to {server} broke before an answer came"
        return TransportFailure(message, "maybe", "stale" if connection.was_used else "broken")


class Client(EngineClient):
    """Blocking exchanges. Threads may share it: each exchange has a connection of its own. It survives forks."""

    def send(
        self, request: Request, deadline: float, *, is_repeatable: bool = False, fresh: bool = False
    ) -> TransportResult:
        """Make an exchange; network failures are returned, interrupts are raised.

        Args:
            request: What to send.
            deadline: For the whole exchange, on the monotonic clock.
            is_repeatable: Whether sending it twice does no more than sending it once.
            fresh: Whether to use a new connection.
        """
        return drive(self.steps(request, deadline, is_repeatable=is_repeatable, fresh=fresh), deadline)

    def interrupt(self, threads: Collection[int | None]) -> None:
        """End the exchanges of these threads; they return as broken."""
        self._pool.interrupt(threads)


class AsyncClient(EngineClient):
    """Awaitable exchanges on asyncio or trio. Connections belong to no event loop: each `asyncio.run` may use them."""

    def __init__(self, origin: Origin, *, concurrency: int = 100, **options: Unpack[ClientOptions]) -> None:
        """Prepare a client that makes `concurrency` exchanges at once on one event loop; further ones wait."""
        super().__init__(origin, **options)
        from anyio.lowlevel import RunVar

        self._concurrency = concurrency
        self._semaphores: RunVar[anyio.Semaphore | None] = RunVar("hitl_exchanges", None)

    async def send(
        self, request: Request, deadline: float, *, is_repeatable: bool = False, fresh: bool = False
    ) -> TransportResult:
        """Make an exchange; see `Client.send`."""
        import anyio

        semaphore = self._semaphore()
        try:
            semaphore.acquire_nowait()
        except anyio.WouldBlock:
            with move_on_after(deadline - monotonic()) as waiting:
                await semaphore.acquire()
            if waiting.cancelled_caught:
                message = f"{self._concurrency} other exchanges of this client did not end in time; start fewer at once"
                return TransportFailure(message, "no", "timeout")
        try:
            return await drive_async(self.steps(request, deadline, is_repeatable=is_repeatable, fresh=fresh), deadline)
        finally:
            semaphore.release()

    async def aclose(self) -> None:
        """Close the connections; see `close`, which needs no event loop."""
        self.close()

    def _semaphore(self) -> anyio.Semaphore:
        semaphore = self._semaphores.get()
        if semaphore is None:
            import anyio

            semaphore = anyio.Semaphore(self._concurrency, fast_acquire=True)
            self._semaphores.set(semaphore)
        return semaphore


def _route(origin: Origin, proxy: Secret | None, tls: Callable[[], ssl.SSLContext]) -> Route:
    context = tls if origin.is_secure else None
    if proxy is None:
        return Route(origin.host, origin.port, context, ip=origin.ip)
    parts = urlsplit(proxy.reveal())
    login = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = Secret(base64.b64encode(pair.encode()).decode("ascii"))
    is_secure = parts.scheme == "https"
    address = (parts.hostname or "", parts.port or (443 if is_secure else 80))
    return Route(origin.host, origin.port, context, address, login, proxy_tls=tls if is_secure else None)
