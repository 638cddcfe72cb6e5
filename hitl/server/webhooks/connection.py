"""One connection to one checked address: opened, asked who is at its other end, used once, and closed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias

import h11

from hitl.server.webhooks.egress_policy import Target

Connected: TypeAlias = Callable[[socket.socket], tuple[Any, ...]]
"""Returns the address at the other end of a connected socket, as `getpeername` does."""

_AT_ONCE: Final = 64 * 1024


class WrongPeerError(OSError):
    """The connection has led to another address than the one that was checked."""


@asynccontextmanager
async def connected(
    target: Target, tls: ssl.SSLContext | None, *, peer: Connected = socket.socket.getpeername
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Connect to a target for as long as the block runs.

    Args:
        target: Where to.
        tls: How to encrypt; None for plain http.
        peer: Tells who is at the other end.

    Raises:
        WrongPeerError: Somebody else is; nothing was sent.
        OSError: There is no connection.
    """
    reader, writer = await asyncio.open_connection(
        sock=await _connected_socket(target, peer), ssl=tls, server_hostname=target.server_name if tls else None
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # at once, also for whoever is cancelled


async def post(
    target: Target,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    most: int,
) -> tuple[int, bytes]:
    """Send a request and return the status of its answer and the first bytes of its body, `most` of them at most.

    Raises:
        h11.RemoteProtocolError: The answer is not HTTP, or it ends too early.
        OSError: The connection broke.
    """
    http = h11.Connection(h11.CLIENT)
    length = ("Content-Length", str(len(body)))
    request = h11.Request(method="POST", target=target.path, headers=[*headers, length])
    # In one piece: a receiver that answers before it has read everything, and closes, would take its answer back.
    writer.write(b"".join(http.send(event) or b"" for event in (request, h11.Data(body), h11.EndOfMessage())))
    with suppress(ConnectionError):  # a receiver may answer before it has read everything
        await writer.drain()
    return await _answer(http, reader, most)


async def _connected_socket(target: Target, peer: Connected) -> socket.socket:
    address = ipaddress.ip_address(target.address)
    opened = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        opened.settimeout(0)  # the event loop waits
        await asyncio.get_running_loop().sock_connect(opened, (target.address, target.port))
        _require(address, peer(opened)[0])
    except BaseException:
        opened.close()
        raise
    return opened


def _require(address: ipaddress.IPv4Address | ipaddress.IPv6Address, reached: str) -> None:
    if ipaddress.ip_address(reached) != address:
        raise WrongPeerError(f"the connection to {address} has led to {reached}; nothing was sent")


async def _answer(http: h11.Connection, reader: asyncio.StreamReader, most: int) -> tuple[int, bytes]:
    status, kept = 0, bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_AT_ONCE))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            kept += event.data
        elif not isinstance(event, h11.InformationalResponse):
            break  # the end of the message
        if len(kept) >= most:
            break
    return status, bytes(kept[:most])
