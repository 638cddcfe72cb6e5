"""TLS by the server itself: every accepted socket counts, and one that shakes no hands is closed soon.

uvicorn makes its connection after the handshake, so that the limit on connections would not see those before it, and
asyncio waits a minute for them.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hitl.server.primitives import SetupError

HANDSHAKE_SECONDS: Final = 10.0

_PAUSE: Final = 1.0  # seconds until it tries again to accept a connection

_log = logging.getLogger("hitl.server")


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
            raise SetupError(f"the certificate cannot be loaded from {shown} ({why}); give files in PEM") from None
        return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; decrypt it, since nobody is there to type a password")


class TlsServer:
    """Accepts the connections of a socket, within a limit that counts those that still shake hands.

    It has the methods of `asyncio.Server` that end one.
    """

    def __init__(
        self,
        listener: socket.socket,
        certificate: Certificate,
        make: Callable[[], asyncio.Protocol],
        *,
        open_connections: Callable[[], int],
        most: int,
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        """Serve with the protocols that `make` returns; `open_connections` counts those after their handshake."""
        self._listener = listener
        self._certificate = certificate
        self._make = make
        self._open = open_connections
        self._most = most
        self._seconds = handshake_seconds
        self._shaking: set[asyncio.Task[None]] = set()
        listener.setblocking(False)  # noqa: FBT003 - as the standard library has it
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Accept no more; handshakes go on. Idempotent."""
        self._accepting.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is accepted and no hands are shaken any more."""
        await asyncio.gather(self._accepting, *self._shaking, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        with self._listener:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(self._listener)
                except OSError as error:  # no file is left, or the client has gone already
                    _log.error("a connection cannot be accepted: %s", error.strerror)
                    await asyncio.sleep(_PAUSE)
                    continue
                if self._open() + len(self._shaking) >= self._most:
                    accepted.close()  # before the handshake nothing can be answered
                    continue
                task = loop.create_task(self._shake(accepted))
                self._shaking.add(task)
                task.add_done_callback(self._shaking.discard)

    async def _shake(self, accepted: socket.socket) -> None:
        loop, context = asyncio.get_running_loop(), self._certificate.context
        # A failure is the client's, such as a port scan, and has closed the connection.
        with suppress(OSError, ssl.SSLError):
            await loop.connect_accepted_socket(self._make, accepted, ssl=context, ssl_handshake_timeout=self._seconds)
