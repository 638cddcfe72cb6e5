"""Running the application in this process or a thread, with limits on connections and on their silence."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl._clock import monotonic
from hitl._engine import is_loopback, is_unspecified
from hitl.server.http.connections import fast_event_loop, limited
from hitl.server.http.faults import DROP_EXTENSION
from hitl.server.http.host_check import in_url
from hitl.server.http.long_poll import Limits
from hitl.server.primitives import SetupError
from hitl.server.storage import ChangeNotifier

_GRACE: Final = 5
"""Seconds that requests in flight have to end when the server stops."""

_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that the client closes first and never
sends a request into a connection that is being closed."""

_HIGHEST_PORT: Final = 65_535

_BACKLOG: Final = 2048
"""Connections that may wait to be accepted, as many as uvicorn asks for by default."""


class Listener:
    """A listening socket, whose address is known, and accepts connections, before the server runs."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False) -> None:
        """Listen on a loopback address; port 0 takes a free one, and `allow_remote` accepts other addresses."""
        if not is_loopback(host) and not (allow_remote and host):
            raise SetupError(
                f"the sandbox listens on this machine only, and {host} can be reached from others; use 127.0.0.1, "
                "or allow it with --allow-remote (allow_remote=True)"
            )
        if not 0 <= port <= _HIGHEST_PORT:
            raise SetupError(f"a port is a number from 0 to {_HIGHEST_PORT}, not {port}")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise SetupError(
                f"cannot listen on {in_url(host)}:{port} ({_reason(error)}); stop what uses it, or choose another port"
            ) from error
        # Connections inherit this. asyncio sets it only on sockets that name TCP as their protocol, which
        # create_server's do not; without it, each answer waits 40 ms for an acknowledgement (Nagle, RFC 896).
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://{_in_link(host)}:{self.port}"

    @property
    def exposed_at(self) -> str | None:
        """Where other machines reach it; None if they do not."""
        if is_loopback(self.host):
            return None
        where = "any address of this machine" if is_unspecified(self.host) else self.host
        return f"{where}, port {self.port}"

    def close(self) -> None:
        """Give the port up; doing it twice is fine."""
        self.socket.close()


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
        listener: Listener,
        changes: ChangeNotifier,
        limits: Limits | None = None,
        *,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        control: Beside | None = None,
    ) -> None:
        """Prepare to serve; the coroutines of `beside` run in the same event loop and are cancelled at the end."""
        served = self._with_drop(app)
        super().__init__(_config(served if control is None else _either(served, control), limits or Limits()))
        self._control = control
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
        await super().startup(sockets)
        self._tasks = [asyncio.create_task(run()) for run in self._beside]
        await asyncio.sleep(0)  # each has started before the server is ready
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after waking the requests that wait for a review."""
        self._changes.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on a signal, without raising it again as uvicorn does.

        That would kill the process before the data file is closed, and turn an orderly end into a failure.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._stop_on) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _with_drop(self, app: ASGIApp) -> ASGIApp:
        """Give the application a way to cut a connection, which ASGI lacks."""

        async def extended(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP_EXTENSION] = partial(self._drop, scope["client"])
            await app(scope, receive, send)

        return extended

    def _drop(self, client: tuple[str, int]) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport.get_extra_info("peername")[:2] == client:
                connection.transport.abort()

    def _stop_on(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a signal handler
        if self.should_exit:  # the second signal does not wait for requests in flight
            self.force_exit = True
        self.stop()


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


def _config(app: ASGIApp, limits: Limits) -> uvicorn.Config:
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
        timeout_graceful_shutdown=_GRACE,
    )


def _in_link(host: str) -> str:
    """Return the host as a client can call it: nobody can call 0.0.0.0."""
    if is_unspecified(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return in_url(host)


def _reason(error: OSError) -> str:
    """Return the operating system's message, without the address that asyncio and socket add."""
    return os.strerror(error.errno) if error.errno else str(error)
