"""Limits on shared resources, so that one caller cannot exhaust them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from hitl.server.http.request_ids import HEADER, request_id
from hitl.server.primitives import ApiError

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
