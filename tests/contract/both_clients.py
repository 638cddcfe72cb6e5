"""One test body for both clients: the blocking one, and the asynchronous one on asyncio and on trio."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from anyio.from_thread import start_blocking_portal
from portals import through
from requests_fit import AsyncCheckedTransport, CheckedTransport, Recorder

from hitl import AsyncHITLClient, HITLClient
from hitl.testing import Sandbox

KINDS = ("blocking", "asyncio", "trio")


class Clock:
    """A sandbox's clock, which stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class Connect(Protocol):
    """Makes a client of a sandbox; the fixture of that name closes it."""

    def __call__(self, sandbox: Sandbox, **settings: Any) -> HITLClient: ...


@contextmanager
def client_of(kind: str, recorder: Recorder, settings: dict[str, Any]) -> Generator[HITLClient, None, None]:
    """Give a client of one kind; what it exchanges is held against `openapi.yaml`."""
    if kind == "blocking":
        with HITLClient(transport=CheckedTransport(recorder), **settings) as client:
            yield client
        return
    async_client = AsyncHITLClient(transport=AsyncCheckedTransport(recorder), **settings)
    with start_blocking_portal(kind) as portal, through(portal, async_client) as client:
        yield client
