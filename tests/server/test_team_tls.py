"""TLS by the server itself: connections that shake no hands count, and end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import httpx
import pytest
import trustme
import uvloop

from hitl.server.http.server import BackgroundServer
from hitl.server.http.tls import Certificate, TlsServer
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

MUTE, ROOM = 60, 20
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
Loop = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Certificate:
    return Certificate(write(authority, tmp_path / "both.pem"))


def write(authority: trustme.CA, file: Path) -> str:
    """Write a certificate for this machine and its key into one file."""
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    return str(file)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Greeting(asyncio.Protocol):
    """Says what it got."""

    open = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        type(self).open += 1
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        type(self).open -= 1


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def listen(certificate: Certificate, handshake_seconds: float) -> tuple[TlsServer, int]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2 * MUTE)
    server = TlsServer(
        listener,
        certificate,
        Greeting,
        open_connections=lambda: Greeting.open,
        most=ROOM,
        handshake_seconds=handshake_seconds,
    )
    return server, listener.getsockname()[1]


async def ended(stream: Stream) -> None:
    """Return when the server has closed a connection."""
    with suppress(ConnectionError):
        assert await stream[0].read() == b""
    await hang_up(stream[1])


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def greet(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    writer.write(b"hello")
    told = await reader.readexactly(5)
    await hang_up(writer)
    return told


@pytest.mark.parametrize("loop", LOOPS)
def test_mute_connections_take_no_more_room_than_others(
    loop: Loop, certificate: Certificate, authority: trustme.CA
) -> None:
    async def play() -> None:
        server, port = await listen(certificate, 3600)
        mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MUTE)]
        waiting = {asyncio.create_task(ended(each)): each for each in mute}
        left = set(waiting)
        while len(left) > ROOM:
            _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises((OSError, ssl.SSLError)):
            await greet(port, trusting(authority))
        freed = left.pop()
        waiting[freed][1].transport.abort()
        await asyncio.wait([freed])
        while True:  # the server learns of it at its next turn
            try:
                assert await greet(port, trusting(authority)) == b"hello"
                break
            except (OSError, ssl.SSLError):
                continue
        for each in left:
            waiting[each][1].transport.abort()
        await asyncio.wait(left)
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("loop", LOOPS)
def test_mute_connections_end_after_the_time_for_a_handshake(
    loop: Loop, certificate: Certificate, authority: trustme.CA
) -> None:
    async def play() -> None:
        server, port = await listen(certificate, 0.2)
        mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MUTE)]
        await asyncio.gather(*(ended(each) for each in mute))
        assert await greet(port, trusting(authority)) == b"hello"
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("loop", LOOPS)
def test_renewed_files_are_used_for_new_connections(
    loop: Loop, certificate: Certificate, authority: trustme.CA, tmp_path: Path
) -> None:
    other = trustme.CA()

    async def play() -> None:
        server, port = await listen(certificate, 3600)
        assert await greet(port, trusting(authority)) == b"hello"
        write(other, tmp_path / "both.pem")
        certificate.reload()
        assert await greet(port, trusting(other)) == b"hello"
        (tmp_path / "both.pem").write_text("half a file")
        with pytest.raises(SetupError, match="cannot be loaded"):
            certificate.reload()
        assert await greet(port, trusting(other)) == b"hello"
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("content", ["", "no certificate", None])
def test_files_that_are_no_certificate_are_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SetupError, match=str(file)):
        Certificate(file)


def test_a_server_with_a_certificate_needs_no_proxy(authority: trustme.CA, tmp_path: Path) -> None:
    files = (write(authority, tmp_path / "both.pem"), None)
    team = TeamSettings(public_url="https://localhost:8443", certificate=files)
    with ReviewServer(team=team) as site:
        background = BackgroundServer(site.server())
        background.start()
        with httpx.Client(verify=trusting(authority), headers={"Host": "localhost:8443"}) as http:
            address = f"https://{site.listens_on}"
            assert http.get(f"{address}/healthz").json() == {"status": "ok"}
            answer = http.get(f"{address}/inbox/", headers={"X-Forwarded-Proto": "http"})
            assert answer.status_code == 401  # nobody in front is believed
        background.stop()
