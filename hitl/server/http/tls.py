"""TLS by the server itself: every accepted socket counts, and one that shakes no hands is closed soon.

uvicorn makes its connection after the handshake, so that the limit on connections would not see those before it, and
asyncio waits a minute for them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from hitl.server.primitives import SetupError

HANDSHAKE_SECONDS: Final = 10.0


class Certificate:
    """A certificate and its key, from files that may be renewed."""

    def __init__(self, certificate: str | Path, key: str | Path | None = None) -> None:
        """Load the files, in PEM; SetupError if they cannot be used. Without `key`, it is in the first file."""
        self._files = (certificate, key)
        self.context = self._load()

    def reload(self) -> None:
        """Use the present files for new connections; SetupError leaves the earlier ones in use."""
        self.context = self._load()

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(*self._files, password=_no_password)
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            shown = " and ".join(str(each) for each in self._files if each)
            raise SetupError(f"the certificate cannot be loaded from {shown} ({why})") from None
        return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; decrypt it, since nobody is there to type a password")


class TlsPort:
    """Accepts the connections of a port, within a limit that counts those that still shake hands."""

    def __init__(
        self,
        certificate: Certificate,
        make: Callable[[], asyncio.Protocol],
        *,
        open_connections: Callable[[], int],
        most: int,
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        """Serve with the protocols that `make` returns; `open_connections` counts those after their handshake."""
        self._certificate = certificate
        self._make = make
        self._open = open_connections
        self._most = most
        self._seconds = handshake_seconds
        self._shaking: set[asyncio.Task[None]] = set()

    def accept(self) -> asyncio.Protocol:
        """Return the protocol of a connection that is about to be accepted."""
        return _Accepted(self)

    def begin(self, transport: asyncio.Transport, accepted: _Accepted) -> None:
        """Shake hands, or close what is one too many: before the handshake nothing can be answered."""
        if self._open() + len(self._shaking) >= self._most:
            transport.abort()
            return
        transport.pause_reading()  # until TLS reads; a hello that is there already stays in the socket
        task = asyncio.get_running_loop().create_task(self._shake(transport, accepted))
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    async def _shake(self, transport: asyncio.Transport, accepted: _Accepted) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport, accepted, self._certificate.context, server_side=True, ssl_handshake_timeout=self._seconds
            )
        except (OSError, ssl.SSLError):  # also a timeout
            transport.abort()
            return
        if secured is not None and not accepted.is_lost:
            accepted.hand_over(secured, self._make())


class _Accepted(asyncio.Protocol):
    """A connection until its handshake is done; a request may come together with the end of that."""

    def __init__(self, port: TlsPort) -> None:
        self._port = port
        self._received: list[bytes] = []
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._port.begin(cast("asyncio.Transport", transport), self)

    def data_received(self, data: bytes) -> None:
        self._received.append(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the shape of a protocol
        self.is_lost = True

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let a protocol go on with the connection."""
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        for data in self._received:
            protocol.data_received(data)
