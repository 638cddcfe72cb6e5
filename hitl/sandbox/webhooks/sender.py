"""One attempt to deliver: one request, to a checked address, that takes half a minute at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hitl._version import __version__
from hitl.sandbox.webhooks.signatures import delivery_headers
from hitl.sandbox.webhooks.targets import ForbiddenTargetError, Target, Targets, UnknownHostError

if TYPE_CHECKING:
    import httpx

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
    """Sends deliveries."""

    def __init__(self, targets: Targets, *, wall: Callable[[], float] = time.time, timeout: float = TIMEOUT) -> None:
        """Prepare to send.

        Args:
            targets: Says where may be sent to.
            wall: Returns the time of the signatures, in Unix seconds. It is not the sandbox's clock: receivers refuse
                a signature whose time is far from theirs, and theirs is not moved with the sandbox's.
            timeout: Seconds for one attempt.
        """
        self._targets = targets
        self._wall = wall
        self._timeout = timeout
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._opening = asyncio.Lock()

    async def send(self, message: Message) -> Outcome:
        """Make one attempt; whatever the receiver does, there is an outcome."""
        transport = await self._open()
        import httpx  # after it was loaded elsewhere, see _open

        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                target = await self._targets.locate(message.url)
                status_code, excerpt = await self._exchange(transport, target, message)
            outcome = Outcome(status_code, excerpt)
        except ForbiddenTargetError as error:
            outcome = Outcome(error=str(error), refused=True)
        except TimeoutError:
            outcome = Outcome(error=f"there was no complete answer within {self._timeout:g} s")
        except (UnknownHostError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            outcome = Outcome(error=str(error) or type(error).__name__)
        return replace(outcome, duration=time.monotonic() - started)

    async def close(self) -> None:
        """Give up what is open."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _exchange(self, transport: httpx.AsyncHTTPTransport, target: Target, message: Message) -> tuple[int, str]:
        import httpx

        request = httpx.Request(
            "POST",
            target.url,
            headers=self._headers(target, message),
            content=message.body,
            extensions={"sni_hostname": target.server_name},
        )
        async with aclosing(await transport.handle_async_request(request)) as response:
            return response.status_code, await _beginning(response)

    def _headers(self, target: Target, message: Message) -> dict[str, str]:
        return {
            "Host": target.host,
            "User-Agent": f"hitl-sandbox/{__version__}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # so that an excerpt is text, and a small answer stays small
            "Connection": "close",
            **delivery_headers(message.delivery_id, message.body, message.secret, int(self._wall())),
        }

    async def _open(self) -> httpx.AsyncHTTPTransport:
        async with self._opening:
            if self._transport is None:
                # In a thread: loading the library and the certificates takes long enough to be felt by the API.
                self._transport = await asyncio.to_thread(_new_transport)
        return self._transport


def _new_transport() -> httpx.AsyncHTTPTransport:
    """Return a bare transport: redirects, cookies and proxies are things of a client, which there is none of.

    No connection is kept: one that the receiver has closed meanwhile would cost an attempt.
    """
    import httpx

    return httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


async def _beginning(response: httpx.Response) -> str:
    kept = bytearray()
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) >= MOST_EXCERPT:
            break
    return kept[:MOST_EXCERPT].decode(errors="replace")
