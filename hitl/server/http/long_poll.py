"""Holding an answer back until there is something to report (`Prefer: wait`, RFC 7240, section 4.3), within limits.

The limits on shared resources are here, so that one caller cannot exhaust them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from hitl.server.http.responses import HEADER, request_id
from hitl.server.primitives import ApiError, Document
from hitl.server.storage import ChangeNotifier

LAST_WORDS: Final = ": the server stops\nretry: 1000\n\n"
"""Said at the end of a stream: when the reader is to come back, in milliseconds (HTML, section 9.2)."""

_OWN_FILES: Final = 200  # the database, its readers, deliveries, messages
_FEWEST_CONNECTIONS: Final = 50
_MOST_CONNECTIONS: Final = 10_000

RETRY_AFTER: Final = 1
"""Seconds after which somebody who was refused for want of room may try again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server accepts at a time; docs/reference/sandbox-security.md lists these with the other limits."""

    # Open connections; further ones are answered 503 and closed. Most systems let a process open 1024 files.
    connections: int = 900
    # Reads that wait (`Prefer: wait`) and event streams: fewer, so that whoever gives an answer finds a connection.
    held: int = 800
    head_seconds: float = 30.0  # until the head of a connection's first request is complete


def limits_of_process() -> Limits:
    """Return what fits into the files that this process may open, of which it needs some for itself."""
    try:
        import resource  # not on Windows
    except ImportError:
        return Limits()
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(files - _OWN_FILES, _MOST_CONNECTIONS)
    connections = max(most, _FEWEST_CONNECTIONS)
    return Limits(connections=connections, held=connections * 8 // 9)


class LongPollSlots:
    """The slots of requests that wait; for one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @property
    def is_full(self) -> bool:
        """Whether no slot is left."""
        return self._taken >= self._most

    @contextmanager
    def take(self) -> Generator[None, None, None]:
        """Hold a slot while the block runs; ApiError 503 if none is left."""
        if self.is_full:
            raise ApiError(
                503,
                "service_unavailable",
                f"{self._most} requests wait here already, and more are not held; try again in {RETRY_AFTER} s",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


async def no_room(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, as an ASGI application, a request over one connection too many."""
    headers = {"Retry-After": str(RETRY_AFTER), "Connection": "close", HEADER: request_id(scope)}
    text = f"This sandbox has as many connections as it takes; close some, or try again in {RETRY_AFTER} s.\n"
    await PlainTextResponse(text, 503, headers)(scope, receive, send)


_SHORTEST = 0.001  # never spin, whatever the server's clock does


async def hold(
    changes: ChangeNotifier,
    subject_id: str,
    seconds: float,
    *,
    read: Callable[[], Awaitable[Document]],
    final: Collection[str],
    seconds_left: Callable[[], float | None],
) -> Document:
    """Return a document as soon as it changes or if its status is final, else as it stands after `seconds`.

    Those are of real time; `seconds_left` returns the time until the document changes without a request, or None.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first read, so that no change falls between the two.
    with changes.watch(subject_id) as watch:
        first = document = await read()
        while True:
            left = deadline - now()
            if document["status"] in final or document != first or left <= 0 or changes.closed:
                return document
            to_change = seconds_left()
            await watch.change(left if to_change is None else max(_SHORTEST, min(left, to_change)))
            document = await read()
