"""Servers of a few lines over real sockets, for responses that no HTTP server sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(*each: Serve) -> Generator[tuple[str, int], None, None]:
    """Serve one connection after another with one function each; the last one serves all that follow."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def run() -> None:
        for number in range(1000):
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with sock, suppress(ConnectionError):
                sock.settimeout(10)
                each[min(number, len(each) - 1)](sock)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def url_of(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}"


def answering(response: bytes = OK, times: int = 1000) -> Serve:
    def serve(sock: socket.socket) -> None:
        for _ in range(times):
            if not sock.recv(65536):
                return
            sock.sendall(response)

    return serve


def silent(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def closing(sock: socket.socket) -> None:
    sock.recv(65536)
