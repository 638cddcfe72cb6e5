"""Running the application in this process or a thread, with limits on connections and on their silence."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl._clock import monotonic
from hitl.server.http.connections import fast_event_loop, limited
from hitl.server.http.faults import DROP_EXTENSION
from hitl.server.http.listeners import AnyListener
from hitl.server.http.long_poll import Limits
from hitl.server.http.responses import with_headers
from hitl.server.http.service import Service
from hitl.server.http.systemd import READY, STOPPING
from hitl.server.http.tls import Certificate, TlsServer
from hitl.server.storage import ChangeNotifier

_LOOK: Final = 0.02  # seconds between two looks at the connections that are left

_GRACE: Final = 5
"""Seconds that requests in flight have to end when the server stops."""

_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that the client closes first and never
sends a request into a connection that is being closed."""

if sys.platform == "win32":
    _SystemEventLoop = asyncio.ProactorEventLoop
else:
    _SystemEventLoop = asyncio.SelectorEventLoop


class _EventLoop(_SystemEventLoop):
    """An event loop whose timers go on while a test has frozen the clocks of its process."""

    def time(self) -> float:
        return monotonic()


@dataclass(frozen=True, slots=True)
class Beside:
    """A Unix socket that the server answers on, too, with an application of its own."""

    socket: socket.socket
    app: ASGIApp


class HttpServer(uvicorn.Server):
    """The HTTP server of one application; `ready` is set as soon as requests are answered."""

    def __init__(
        self,
        app: ASGIApp,
        listener: AnyListener,
        changes: ChangeNotifier,
        limits: Limits | None = None,
        *,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        control: Beside | None = None,
        service: Service | None = None,
    ) -> None:
        """Prepare to serve; the coroutines of `beside` run in the same event loop and are cancelled at the end."""
        served = self._extended(app)
        grace = _GRACE if service is None else service.grace
        self._limits = limits or Limits()
        super().__init__(_config(served if control is None else _either(served, control), self._limits, grace))
        self._control = control
        self._service = service
        self.ready = threading.Event()
        self._listener = listener
        self._changes = changes
        self._beside = beside
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked_to_stop = asyncio.Event()

    def serve_forever(self) -> None:
        """Serve in this thread until `stop`, Ctrl-C or SIGTERM; signals only reach the main thread."""
        try:
            with asyncio.Runner(loop_factory=fast_event_loop() or _EventLoop) as runner:
                runner.run(self.serve(sockets=self._sockets()))
        finally:
            self._listener.close()
            self.ready.set()  # nothing must wait for a server that failed to start

    def _sockets(self) -> list[socket.socket]:
        return [self._listener.socket, *([] if self._control is None else [self._control.socket])]

    def stop(self) -> None:
        """Ask the server to finish its requests and return; any thread may call this."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._asked_to_stop.set)

    async def main_loop(self) -> None:
        """Run until `stop`."""
        # uvicorn's own loop polls ten times a second, and every test would wait for that.
        self._loop = asyncio.get_running_loop()
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_stop.wait(), 0.1)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `ready`."""
        service = self._service
        secured = [self._listener.socket] if service and service.certificate else []
        await super().startup([each for each in sockets or [] if each not in secured])
        if service and service.certificate:
            self.servers.append(self._serve_tls(service, service.certificate))
        self._tasks = [asyncio.create_task(run()) for run in self._beside]
        if self._service:
            self._tasks.append(asyncio.create_task(self._service.manager.watch()))
        await asyncio.sleep(0)  # each has started before the server is ready
        self.ready.set()
        self._tell(READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after waking the requests that wait for a review."""
        self._tell(STOPPING)
        self._changes.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._service:
            await self._drain(self._service.drain)
        elif await self._close_idle(sockets or []):
            return
        await super().shutdown(sockets)

    def _serve_tls(self, service: Service, certificate: Certificate) -> asyncio.Server:
        server = TlsServer(
            self._listener.socket,
            certificate,
            self._make_protocol,
            open_connections=lambda: len(self.server_state.connections),
            most=self._limits.connections,
            handshake_seconds=service.handshake_seconds,
        )
        return cast("asyncio.Server", server)  # uvicorn closes it, and waits until it is closed

    def _make_protocol(self) -> asyncio.Protocol:
        # As uvicorn's own `startup` has it.
        make = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def _close_idle(self, sockets: Sequence[socket.socket]) -> bool:
        """Close what listens and what is idle; return whether nothing else is left.

        uvicorn's own `shutdown` sleeps for a tenth of a second even then, and every test would wait for that.
        """
        for server in self.servers:
            server.close()
        for each in sockets:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # the event loop tells the connections that they are closed
        return not self.server_state.connections and not self.server_state.tasks

    async def _drain(self, seconds: float) -> None:
        """Accept no more connections, and let those that there are bring their last request."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)  # what accepts lets go of its socket before that is closed
        now = asyncio.get_running_loop().time
        deadline = now() + seconds
        while self.server_state.connections and now() < deadline and not self.force_exit:  # noqa: ASYNC110 - uvicorn's
            await asyncio.sleep(_LOOK)

    def _tell(self, state: str) -> None:
        if self._service:
            self._service.manager.tell(state)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on a signal, without raising it again as uvicorn does.

        That would kill the process before the data file is closed, and turn an orderly end into a failure.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._stop_on) for each in (signal.SIGINT, signal.SIGTERM)}
        if self._service and hasattr(signal, "SIGHUP"):
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._reload_on)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _extended(self, app: ASGIApp) -> ASGIApp:
        """Give the application a way to cut a connection, which ASGI lacks, and let answers end theirs at the end."""

        async def extended(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP_EXTENSION] = partial(self._drop, scope["client"])
            await app(scope, receive, with_headers(send, self._last_headers) if self._service else send)

        return extended

    def _last_headers(self) -> Mapping[str, str]:
        return {"Connection": "close"} if self.should_exit else {}

    def _drop(self, client: tuple[str, int]) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport.get_extra_info("peername")[:2] == client:
                connection.transport.abort()

    def _stop_on(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a signal handler
        if self.should_exit:  # the second signal does not wait for requests in flight
            self.force_exit = True
        self.stop()

    def _reload_on(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as above
        if self._service:  # without a certificate there is nothing to load, and the signal is no reason to end
            self._service.reload()


def _either(app: ASGIApp, control: Beside) -> ASGIApp:
    """Return an application that tells by the socket of a connection which of two it is for."""
    address = control.socket.getsockname()

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        is_control = (scope.get("server") or ("",))[0] == address
        await (control.app if is_control else app)(scope, receive, send)

    return chosen


class BackgroundServer:
    """A server in a daemon thread."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="hitl-sandbox", daemon=True)

    def start(self) -> None:
        """Start, and return once requests are answered."""
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> None:
        """Stop, and return once the thread has ended."""
        self._server.stop()
        self._thread.join()


def _config(app: ASGIApp, limits: Limits, grace: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=limited(limits),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # they would change who the client is, by which its connection is found
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=round(grace),
    )
