"""Running the application: in this process until a signal comes, or in a thread until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from hitl.sandbox.changes import Changes
from hitl.sandbox.hosts import in_url, is_loopback
from hitl.sandbox.refusals import SetupError

_GRACE: Final = 5
"""Seconds that requests in flight have to end when the server stops."""

_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that the client closes first and never
sends a request into a connection that is being closed."""

_HIGHEST_PORT: Final = 65_535

_BACKLOG: Final = 2048
"""Connections that may wait to be accepted, as many as uvicorn asks for by itself."""


class Listener:
    """A listening socket, so that the address is known, and may be called, before the server runs."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on a loopback address; port 0 takes a free one.

        Raises:
            SetupError: The host is not this machine's own, or the port is taken.
        """
        if not is_loopback(host):
            raise SetupError(
                f"the sandbox listens on this machine only, and {host} can be reached from others; use 127.0.0.1"
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
        # Connections inherit this. asyncio sets it by itself only on sockets that name TCP as their protocol, which
        # create_server's do not; without it, each answer waits 40 ms for an acknowledgement (Nagle, RFC 896).
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://{in_url(host)}:{self.port}"

    def close(self) -> None:
        """Give the port up; doing it twice is fine."""
        self.socket.close()


class Server(uvicorn.Server):
    """The HTTP server of one application.

    Attributes:
        ready: Set as soon as requests are answered.
    """

    def __init__(self, app: ASGIApp, listener: Listener, changes: Changes) -> None:
        """Prepare to serve.

        Args:
            app: The application.
            listener: Where to listen; it is closed when the server has stopped.
            changes: Closed when the server stops, so that it need not wait for those who wait.
        """
        super().__init__(_config(app))
        self.ready = threading.Event()
        self._listener = listener
        self._changes = changes

    def serve_forever(self) -> None:
        """Answer requests in this thread until `stop`, Ctrl-C or SIGTERM; signals only reach the main thread."""
        try:
            self.run(sockets=[self._listener.socket])
        finally:
            self._listener.close()
            self.ready.set()  # nobody is to wait for a server that failed to start

    def stop(self) -> None:
        """Ask the server to end what it is doing and return; any thread may call this."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after letting those go who wait for a review."""
        self._changes.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on a signal, and leave it at that.

        uvicorn raises the signal once more after it has stopped, which would kill the process before the data file is
        closed and turn an orderly end into a failure.
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

    def _stop_on(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a signal handler
        if self.should_exit:  # the second signal does not wait for requests in flight
            self.force_exit = True
        self.stop()


class BackgroundServer:
    """A server in a thread of its own, which ends with the process at the latest."""

    def __init__(self, server: Server) -> None:
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


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )


def _reason(error: OSError) -> str:
    """Return what the operating system says, without the address that asyncio and socket add to it."""
    return os.strerror(error.errno) if error.errno else str(error)
