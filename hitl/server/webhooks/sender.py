"""One attempt to deliver: one request, to a checked address, that takes half a minute at most."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import h11

from hitl._version import __version__
from hitl.server.webhooks.connection import Connected, connected, post
from hitl.server.webhooks.egress_policy import ForbiddenTargetError, Target, Targets, UnknownHostError
from hitl.server.webhooks.signatures import delivery_headers

TIMEOUT: Final = 30.0
"""Seconds that a receiver has for its whole answer, as the vendor documents."""

MOST_EXCERPT: Final = 16 * 1024
"""Bytes of an answer that are read and kept."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at each attempt of one delivery.

    Attributes:
        delivery_id: The delivery's id, by which receivers know what they have seen.
        url: Where to.
        body: The exact bytes.
        secret: What they are signed with; None for a callback address, which has no secret.
    """

    delivery_id: str
    url: str
    body: bytes
    secret: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        status_code: What the receiver answered; None if no answer came.
        excerpt: The beginning of the answer's body, as text.
        error: Why no answer came.
        refused: Nothing was sent, because nothing may be sent to this address.
        duration: How long it took, in seconds of this machine.
    """

    status_code: int | None = None
    excerpt: str | None = None
    error: str | None = None
    refused: bool = False
    duration: float = 0.0


class Sender:
    """Sends deliveries, each over a connection of its own: no redirects, no cookies, no proxies, nothing kept."""

    def __init__(
        self,
        targets: Targets,
        *,
        wall: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        peer: Connected = socket.socket.getpeername,
    ) -> None:
        """Prepare to send.

        Args:
            targets: Says where may be sent to.
            wall: Returns the time of the signatures, in Unix seconds. It is not the sandbox's clock: receivers refuse
                a signature whose time is far from theirs, and theirs is not moved with the sandbox's.
            timeout: Seconds for one attempt.
            tls: Returns how https connections are encrypted, and whose certificates count.
            peer: Tells who is at the other end of a connection.
        """
        self._targets = targets
        self._wall = wall
        self._timeout = timeout
        self._tls = tls
        self._peer = peer
        self._context: ssl.SSLContext | None = None

    async def send(self, message: Message) -> Outcome:
        """Make one attempt; whatever the receiver does, there is an outcome."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                outcome = await self._exchange(await self._targets.locate(message.url), message)
        except ForbiddenTargetError as error:
            outcome = Outcome(error=str(error), refused=True)
        except TimeoutError:
            outcome = Outcome(error=f"there was no complete answer within {self._timeout:g} s")
        except (UnknownHostError, OSError, h11.ProtocolError) as error:
            outcome = Outcome(error=_told(error))
        return replace(outcome, duration=time.monotonic() - started)

    async def _exchange(self, target: Target, message: Message) -> Outcome:
        context = await self._secured() if target.is_secure else None
        async with connected(target, context, peer=self._peer) as (reader, writer):
            headers = self._headers(target, message)
            status_code, beginning = await post(
                target, headers, message.body, reader=reader, writer=writer, most=MOST_EXCERPT
            )
        return Outcome(status_code, beginning.decode(errors="replace"))

    def _headers(self, target: Target, message: Message) -> list[tuple[str, str]]:
        return [
            ("Host", target.host),
            ("User-Agent", f"hitl-sandbox/{__version__}"),
            ("Content-Type", "application/json"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),  # so that an excerpt is text, and a small answer stays small
            ("Connection", "close"),
            *delivery_headers(message.delivery_id, message.body, message.secret, int(self._wall())).items(),
        ]

    async def _secured(self) -> ssl.SSLContext:
        if self._context is None:
            # In a thread: loading the certificates takes long enough to be felt by the API.
            self._context = await asyncio.to_thread(self._tls)
        return self._context


def _told(error: Exception) -> str:
    """Return an error in words; those of the operating system come without what asyncio adds to them."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
