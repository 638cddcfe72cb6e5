"""A service that receives notifications, for tests: HTTP on a free port, in a mood that a test chooses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class MoodyReceiver:
    """What the server on `port` was sent, as paths and bodies.

    `mood` is a status such as "200", "hang", "drip" (a byte now and then, for ever), or "307", to its own `/elsewhere`.
    """

    port: int
    mood: str = "200"
    received: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def bodies(self) -> list[str]:
        return [body for _, body in self.received]


@contextmanager
def moody_receiving() -> Iterator[MoodyReceiver]:
    """Run a service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    receiver = MoodyReceiver(server.server_port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            with receiver.arrived:
                receiver.received.append((self.path, body))
                receiver.arrived.notify_all()
            _answer(self, receiver)

        def log_message(self, *arguments: Any) -> None:
            pass

    server.RequestHandlerClass = Handler
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, receiver: MoodyReceiver) -> None:
    if receiver.mood == "hang":
        receiver.over.wait(60)
    elif receiver.mood == "drip":
        with suppress(OSError):
            request.send_response(200)
            request.send_header("Content-Length", "100000")
            request.end_headers()
            while not receiver.over.wait(0.2):
                request.wfile.write(b" ")
    else:
        request.send_response(int(receiver.mood))
        if receiver.mood == "307":
            request.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"{}")
