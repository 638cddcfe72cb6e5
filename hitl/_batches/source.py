"""The input of a batch as flows: each item is read when there is capacity for it, and no sooner."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import Any, TypeAlias

from hitl._flows import Flow

Input: TypeAlias = Iterable[Any] | AsyncIterable[Any]


class Source:
    """The flows of the items, to be iterated once; an input that fails ends them.

    Args:
        flow_of: Returns the flow for the item at an index.
        is_stopped: Returns True if no more is to be read.

    Attributes:
        count: Items read so far.
        is_exhausted: True if the input was read to its end.
        error: What reading the input raised.
    """

    def __init__(self, flow_of: Callable[[int, Any], Flow[Any]], is_stopped: Callable[[], bool]) -> None:
        self.count = 0
        self.is_exhausted = False
        self.error: Exception | None = None
        self._flow_of = flow_of
        self._is_stopped = is_stopped

    @property
    def is_over(self) -> bool:
        """True if nothing more is to be read."""
        return self.is_exhausted or self.error is not None or self._is_stopped()

    def flows(self, items: Input) -> Iterable[Flow[Any]] | AsyncIterable[Flow[Any]]:
        """Return the flows of the items."""
        return _Flows(items, self) if isinstance(items, Iterable) else _AsyncFlows(items, self)

    def accept(self, item: Any) -> Flow[Any]:
        """Return the flow for the next item."""
        self.count += 1
        return self._flow_of(self.count - 1, item)


# Classes and no generators: an asynchronous generator that is left in the middle has to be closed by its event loop.


class _Flows:
    def __init__(self, items: Iterable[Any], source: Source) -> None:
        self._items = iter(items)
        self._source = source

    def __iter__(self) -> _Flows:
        return self

    def __next__(self) -> Flow[Any]:
        if self._source.is_over:
            raise StopIteration
        try:
            item = next(self._items)
        except StopIteration:
            self._source.is_exhausted = True
            raise
        except Exception as error:
            self._source.error = error
            raise StopIteration from None
        return self._source.accept(item)


class _AsyncFlows:
    def __init__(self, items: AsyncIterable[Any], source: Source) -> None:
        self._items = aiter(items)
        self._source = source

    def __aiter__(self) -> _AsyncFlows:
        return self

    async def __anext__(self) -> Flow[Any]:
        if self._source.is_over:
            raise StopAsyncIteration
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            self._source.is_exhausted = True
            raise
        except Exception as error:
            self._source.error = error
            raise StopAsyncIteration from None
        return self._source.accept(item)
