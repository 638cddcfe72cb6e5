"""What is held open for somebody, by the id of his key or session, so that it ends when that ends.

Long polls and event streams were allowed when they began. Who revokes a key calls `end`; the exchange is cancelled, and
`ending` says so to the client in the terms of what it had begun: a refusal, or a last event.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNED_OUT: Final = b"event: signed-out\ndata: {}\n\n"
"""The last event of a stream whose reader lost his rights."""

_REMEMBERED: Final = 10_000
"""Ids of ended holders that are remembered; an exchange that was checked before its holder ended begins after that."""


class EndedError(Exception):
    """The holder of an exchange has no rights any more, and nothing was answered yet."""


class _Exchange:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self.is_ended = False

    def end(self) -> None:
        """Cancel what goes on; any thread may call this."""
        with suppress(RuntimeError):  # the loop was closed
            self._loop.call_soon_threadsafe(self.cancel)

    def cancel(self) -> None:
        """The same, in the thread of the exchange."""
        if self._task is not None and not self.is_ended:
            self.is_ended = True
            self._task.cancel()


class OpenExchanges:
    """The exchanges of one server; any thread may end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_holder: defaultdict[str, set[_Exchange]] = defaultdict(set)
        self._ended: dict[str, None] = {}

    def count(self, holder_id: str) -> int:
        """Return how many exchanges are open for somebody."""
        with self._lock:
            return len(self._by_holder.get(holder_id, ()))

    def end(self, holder_id: str) -> None:
        """End all exchanges of a key or session for good, after the commit that took its rights."""
        with self._lock:
            self._ended[holder_id] = None
            while len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
            for exchange in self._by_holder.get(holder_id, ()):
                exchange.end()

    async def run(
        self, holder_id: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, seconds: float | None = None
    ) -> None:
        """Answer a request by `app` for as long as its holder has rights, and for `seconds` at most if given.

        Raises:
            EndedError: if the rights ended before the answer began. A stream that has begun ends with `signed-out`.
        """
        has_begun = is_stream = is_complete = False

        async def watched(message: Message) -> None:
            nonlocal has_begun, is_stream, is_complete
            if message["type"] == "http.response.start":
                has_begun = True
                types = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
                is_stream = any(each.startswith(b"text/event-stream") for each in types)
            elif message["type"] == "http.response.body":
                is_complete = not message.get("more_body", False)
            await send(message)

        with self._held(holder_id) as exchange:
            loop = asyncio.get_running_loop()
            timer = None if seconds is None else loop.call_later(max(0.0, seconds), exchange.cancel)
            try:
                await app(scope, receive, watched)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                # A cancellation of somebody else, such as the end of the server, goes on.
                if not exchange.is_ended or (task is not None and task.uncancel() > 0):
                    raise
            finally:
                if timer is not None:
                    timer.cancel()
        if exchange.is_ended and not is_complete:
            if not has_begun:
                raise EndedError
            last = SIGNED_OUT if is_stream else b""
            await send({"type": "http.response.body", "body": last, "more_body": False})

    @contextmanager
    def _held(self, holder_id: str) -> Generator[_Exchange, None, None]:
        exchange = _Exchange()
        with self._lock:
            if holder_id in self._ended:
                raise EndedError
            self._by_holder[holder_id].add(exchange)
        try:
            yield exchange
        finally:
            with self._lock:
                self._by_holder[holder_id].discard(exchange)
                if not self._by_holder[holder_id]:
                    del self._by_holder[holder_id]
