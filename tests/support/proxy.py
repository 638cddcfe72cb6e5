"""A working HTTP proxy on this machine: it forwards and tunnels, over TLS if it has a context, to one port."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """What it was asked, each with its head; `login` is what Proxy-Authorization must say after "Basic "."""

    upstream: int
    login: str = ""
    is_secure: bool = False
    port: int = 0
    heads: list[bytes] = field(default_factory=list[bytes])
    transports: list[asyncio.WriteTransport] = field(default_factory=list[asyncio.WriteTransport])

    def url(self, credentials: str = "") -> str:
        """Return its URL, with a user and a password before the @."""
        return f"{'https' if self.is_secure else 'http'}://{credentials}127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.transports.append(writer.transport)
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if self.login and f"Proxy-Authorization: Basic {self.login}\r\n".encode() not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            else:
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
                self.transports.append(up_writer.transport)
                if head.startswith(b"CONNECT "):
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    up_writer.write(_forwarded(head))
                await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))
        with suppress(OSError):
            writer.close()


def _forwarded(head: bytes) -> bytes:
    """Return the head for the server, which closes after its answer, so that each connection has one request."""
    method, url, rest = head.split(b" ", 2)
    lines = [line for line in rest.split(b"\r\n") if not line.lower().startswith((b"proxy-", b"connection:"))]
    lines.insert(1, b"Connection: close")
    return b" ".join((method, b"/" + url.split(b"/", 3)[3], b"\r\n".join(lines)))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


@contextmanager
def proxying(upstream: int, *, tls: ssl.SSLContext | None = None, login: str = "") -> Iterator[Proxy]:
    """Run a proxy that leads to a port of this machine, whatever server it is asked for."""
    proxy, started, stop = Proxy(upstream, login, tls is not None), threading.Event(), threading.Event()

    async def run() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", ssl=tls)
        proxy.port = server.sockets[0].getsockname()[1]
        started.set()
        await asyncio.to_thread(stop.wait)
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for transport in proxy.transports:
            transport.abort()
        await asyncio.sleep(0)  # which closes them

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    started.wait()
    try:
        yield proxy
    finally:
        stop.set()
        thread.join()
