"""One attempt to deliver: one request, to a checked address, that takes half a minute at most."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hitl._clock import monotonic
from hitl._engine import AsyncClient, Origin, Request, Response
from hitl._version import __version__
from hitl.server.webhooks.egress_policy import ForbiddenTargetError, Targets, UnknownHostError
from hitl.server.webhooks.payloads import delivery_headers

TIMEOUT: Final = 30.0
"""Seconds that a receiver has for its whole response, as the vendor documents."""

MOST_EXCERPT: Final = 16 * 1024
"""Bytes of a response that are read and kept."""

# "identity", so that an excerpt is readable, and a small response stays small.
_HEADERS: Final = {
    "User-Agent": f"hitl-sandbox/{__version__}",
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What each attempt of one delivery sends; `secret` signs it, None for a callback address, which has no secret.

    From the store comes the secret as it is kept, perhaps sealed; the deliverer opens it.
    """

    delivery_id: str
    url: str
    body: bytes
    secret: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt: the response's status and beginning, or the `error` that prevented one.

    `refused` if nothing may be sent to this address; `duration` is in seconds of this machine.
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
    ) -> None:
        """Prepare to send; `timeout` is in seconds, for one attempt.

        `wall` returns the time of the signatures, in Unix seconds. It is not the sandbox's clock: receivers refuse a
        signature whose time is far from theirs, and theirs does not move with the sandbox's.
        """
        self._targets = targets
        self._wall = wall
        self._timeout = timeout
        self._tls = tls
        self._context: ssl.SSLContext | None = None

    async def send(self, message: Message) -> Outcome:
        """Make one attempt; whatever the receiver does, there is an outcome."""
        started = monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                origin, path = await self._targets.locate(message.url)
                context = await self._secured() if origin.is_secure else None
            outcome = await self._exchange(origin, path, context, message, started + self._timeout)
        except ForbiddenTargetError as error:
            outcome = Outcome(error=str(error), refused=True)
        except TimeoutError:
            outcome = self._late()
        except (UnknownHostError, OSError) as error:  # OSError: certificates that cannot be loaded
            outcome = Outcome(error=str(error))
        return replace(outcome, duration=monotonic() - started)

    async def _exchange(
        self, origin: Origin, path: str, context: ssl.SSLContext | None, message: Message, deadline: float
    ) -> Outcome:
        signed = delivery_headers(message.delivery_id, message.body, message.secret, int(self._wall()))
        client = AsyncClient(origin, headers=_HEADERS, tls=lambda: context or self._tls(), excerpt=MOST_EXCERPT)
        try:
            result = await client.send(Request("POST", path, headers=signed, body=message.body), deadline)
        finally:
            client.close()
        if isinstance(result, Response):
            return Outcome(result.status_code, result.content.decode(errors="replace"))
        return self._late() if result.is_timeout else Outcome(error=result.message)

    def _late(self) -> Outcome:
        return Outcome(error=f"there was no complete answer within {self._timeout:g} s")

    async def _secured(self) -> ssl.SSLContext:
        if self._context is None:
            # In a thread: loading the certificates takes long enough to be felt by the API.
            self._context = await asyncio.to_thread(self._tls)
        return self._context
