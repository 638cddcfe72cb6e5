"""The asynchronous client as if it were the blocking one, so that one test body serves both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import isasyncgen, isawaitable
from typing import Any, cast

from anyio.from_thread import BlockingPortal

from hitl import AsyncHITLClient, HITLClient


@contextmanager
def through(portal: BlockingPortal, client: AsyncHITLClient) -> Generator[HITLClient, None, None]:
    """Call the client on the event loop of the portal; a stream is read as a whole."""
    with portal.wrap_async_context_manager(client):
        yield cast("HITLClient", _Blocking(client, portal))


class _Blocking:
    def __init__(self, client: Any, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._client, name)
        if not callable(method):  # a namespace
            return _Blocking(method, self._portal)

        async def finish(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if isasyncgen(result):
                return [each async for each in result]
            return await result if isawaitable(result) else result

        def call(*args: Any, **kwargs: Any) -> Any:
            result = self._portal.call(partial(finish, *args, **kwargs))
            return _Walk(result, self._portal) if isinstance(result, AsyncIterator) else result

        return method if name == "idempotency_scope" else call


class _Walk(Iterator[Any]):
    """An asynchronous iterator that threads may advance."""

    def __init__(self, items: AsyncIterator[Any], portal: BlockingPortal) -> None:
        self._items = items
        self._portal = portal

    def __next__(self) -> Any:
        try:
            return self._portal.call(self._items.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None
