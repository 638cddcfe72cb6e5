"""One test body for both clients: the blocking one, and the asynchronous one on asyncio and on trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import isasyncgen, isawaitable
from typing import Any, Protocol, cast

from anyio.from_thread import BlockingPortal, start_blocking_portal
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
    with start_blocking_portal(kind) as portal:
        async_client = AsyncHITLClient(transport=AsyncCheckedTransport(recorder), **settings)
        with portal.wrap_async_context_manager(async_client):
            yield cast("HITLClient", _Blocking(async_client, portal))


class _Blocking:
    """Calls an asynchronous client as if it were the blocking one; lists and streams are awaited as a whole."""

    def __init__(self, client: AsyncHITLClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        async def finish(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if isasyncgen(result):
                return [each async for each in result]
            return await result if isawaitable(result) else result

        def call(*args: Any, **kwargs: Any) -> Any:
            result = self._portal.call(partial(finish, *args, **kwargs))
            return self._walk(result) if isinstance(result, AsyncIterator) else result

        return call

    def _walk(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        try:
            while True:
                yield self._portal.call(items.__anext__)
        except StopAsyncIteration:
            return
