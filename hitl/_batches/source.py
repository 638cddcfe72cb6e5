"""The input of a batch as flows: each item is read when there is capacity for it, and no sooner."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from hitl._flows import Flow
from hitl._interrupts import reraise_interrupt

Input: TypeAlias = Iterable[Any] | AsyncIterable[Any]

_END: Final = object()


class Source:
    """The flows of the items, to be iterated once; an input that fails ends them."""

    def __init__(self, flow_of: Callable[[int, Any], Flow[Any]], is_stopped: Callable[[], bool]) -> None:
        self.count = 0  # items read so far
        self.is_exhausted = False
        self.error: Exception | None = None  # what reading the input raised
        self._flow_of = flow_of
        self._is_stopped = is_stopped

    def flows(self, items: Input) -> Iterable[Flow[Any]] | AsyncIterable[Flow[Any]]:
        return self._each(items) if isinstance(items, Iterable) else _AsyncFlows(items, self)

    def is_over(self) -> bool:
        return self.is_exhausted or self.error is not None or self._is_stopped()

    def accept(self, item: Any) -> Flow[Any] | None:
        """Return the flow for what was read; None if that is the end of the input."""
        if item is _END:
            self.is_exhausted = True
            return None
        self.count += 1
        return self._flow_of(self.count - 1, item)

    def _each(self, items: Iterable[Any]) -> Iterator[Flow[Any]]:
        iterator = iter(items)
        while not self.is_over():
            try:
                item = next(iterator, _END)
            except Exception as error:
                reraise_interrupt(error)
                self.error = error
            else:
                if (flow := self.accept(item)) is not None:
                    yield flow


class _AsyncFlows:
    # No generator: an asynchronous one that is left in the middle has to be closed by its event loop.

    def __init__(self, items: AsyncIterable[Any], source: Source) -> None:
        self._items = aiter(items)
        self._source = source

    def __aiter__(self) -> _AsyncFlows:
        return self

    async def __anext__(self) -> Flow[Any]:
        if not self._source.is_over():
            try:
                item = await anext(self._items, _END)
            except Exception as error:
                reraise_interrupt(error)
                self._source.error = error
            else:
                if (flow := self._source.accept(item)) is not None:
                    return flow
        raise StopAsyncIteration
