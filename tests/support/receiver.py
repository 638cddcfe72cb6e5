"""A program that receives webhooks, for tests: an HTTP server on a free port that keeps what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Delivered:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What the server at `url` was sent, and what it answers: the next of `statuses`, or 200 when there is none left.

    It holds its answers back until `hold` is set, if there is one; `arrived` is set by the first request.
    """

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[Delivered] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b'{"status":"ok"}'
    hold: threading.Event | None = None
    arrived: threading.Event = field(default_factory=threading.Event)

    def bodies(self) -> list[bytes]:
        return [delivered.body for delivered in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhook")
    server.RequestHandlerClass = _handler(lambda request: _receive(receiver, request))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(receive: Callable[[BaseHTTPRequestHandler], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receive(self)

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler


def _receive(receiver: Receiver, request: BaseHTTPRequestHandler) -> None:
    body = request.rfile.read(int(request.headers["Content-Length"]))
    receiver.received.append(Delivered(request.path, dict(request.headers), body))
    receiver.arrived.set()
    if receiver.hold is not None:
        receiver.hold.wait(30)
    request.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
    for name, value in receiver.headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(receiver.answer)
