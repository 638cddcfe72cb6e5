"""The input of a batch as flows: each item is taken when there is room for it, and no sooner."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, Protocol, TypeAlias

from hitl._flows import Flow

Input: TypeAlias = Iterable[Any] | AsyncIterable[Any]


class Consumer(Protocol):
    """Whom the items are for."""

    @property
    def is_over(self) -> bool:
        """True if no more is to be taken."""
        ...

    def take(self, item: Any) -> Flow[Any]:
        """Return the flow for the next item."""
        ...

    def read(self) -> None:
        """Take note that the input is at its end."""
        ...

    def fail(self, fault: Exception) -> None:
        """Take note that the input failed."""
        ...


def pull(items: Input, taker: Consumer) -> Iterable[Flow[Any]] | AsyncIterable[Flow[Any]]:
    """Return the flows of the items; an input that fails ends them, and the taker knows why."""
    return _Source(iter(items), taker) if isinstance(items, Iterable) else _AsyncSource(aiter(items), taker)


# Classes and no generators: an asynchronous generator that is left in the middle has to be closed by its event loop.


class _Source:
    def __init__(self, items: Iterator[Any], taker: Consumer) -> None:
        self._items = items
        self._taker = taker

    def __iter__(self) -> Iterator[Flow[Any]]:
        return self

    def __next__(self) -> Flow[Any]:
        if self._taker.is_over:
            raise StopIteration
        try:
            item = next(self._items)
        except StopIteration:
            self._taker.read()
            raise
        except Exception as fault:
            self._taker.fail(fault)
            raise StopIteration from None
        return self._taker.take(item)


class _AsyncSource:
    def __init__(self, items: AsyncIterator[Any], taker: Consumer) -> None:
        self._items = items
        self._taker = taker

    def __aiter__(self) -> AsyncIterator[Flow[Any]]:
        return self

    async def __anext__(self) -> Flow[Any]:
        if self._taker.is_over:
            raise StopAsyncIteration
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            self._taker.read()
            raise
        except Exception as fault:
            self._taker.fail(fault)
            raise StopAsyncIteration from None
        return self._taker.take(item)
