"""The input of a batch as flows: each item is read when there is capacity for it, and no sooner.

Whoever carries the flows out reads and closes the input, in one thread or task and in one context, so that the input
may hold cancel scopes, task groups and context variables.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable
from typing import Any, Final, TypeAlias, cast

from hitl._flows import AsyncFlows, Flow, Flows
from hitl._interrupts import reraise_interrupt

Input: TypeAlias = Iterable[Any] | AsyncIterable[Any]

_END: Final = object()


class Source:
    """The flows of the items, to be iterated once; an input that fails ends them."""

    def __init__(self, flow_of: Callable[[int, Any], Flow[Any]], is_stopped: Callable[[], bool]) -> None:
        self.count = 0  # items read so far
        self.is_exhausted = False
        self.error: Exception | None = None  # what reading the input or closing it raised
        self._flow_of = flow_of
        self._is_stopped = is_stopped

    def flows(self, items: Input) -> Flows[Any] | AsyncFlows[Any]:
        return _Flows(items, self) if isinstance(items, Iterable) else _AsyncFlows(items, self)

    def is_over(self) -> bool:
        return self.is_exhausted or self.error is not None or self._is_stopped()

    def accept(self, item: Any) -> Flow[Any] | None:
        """Return the flow for what was read; None if that is the end of the input."""
        if item is _END:
            self.is_exhausted = True
            return None
        self.count += 1
        return self._flow_of(self.count - 1, item)

    def fail(self, error: Exception) -> None:
        reraise_interrupt(error)
        self.error = self.error or error


class _Flows:
    def __init__(self, items: Iterable[Any], source: Source) -> None:
        self._items = iter(items)
        self._source = source

    def __iter__(self) -> _Flows:
        return self

    def __next__(self) -> Flow[Any]:
        if (flow := self._read(lambda: next(self._items, _END))) is None:
            self.close()
            raise StopIteration
        return flow

    def throw(self, error: BaseException) -> Flow[Any] | None:
        """Let the input handle what struck its reader between two items; return the next flow if it goes on."""
        items = self._items
        if self._source.is_over() or not isinstance(items, Generator):
            raise error
        return self._read(lambda: items.throw(error))

    def close(self) -> None:
        """Close the input if it is a generator; others, such as a database's cursor, belong to their owner."""
        try:
            if isinstance(items := self._items, Generator):
                cast("Generator[Any]", items).close()
        except Exception as error:
            self._source.fail(error)

    def _read(self, read: Callable[[], Any]) -> Flow[Any] | None:
        if self._source.is_over():
            return None
        try:
            item = read()
        except StopIteration:
            item = _END
        except Exception as error:
            self._source.fail(error)
            return None
        return self._source.accept(item)


class _AsyncFlows:
    # No generator: an asynchronous one that is left in the middle has to be closed by its event loop.

    def __init__(self, items: AsyncIterable[Any], source: Source) -> None:
        self._items = aiter(items)
        self._source = source

    def __aiter__(self) -> _AsyncFlows:
        return self

    async def __anext__(self) -> Flow[Any]:
        if (flow := await self._read(lambda: anext(self._items, _END))) is None:
            await self.aclose()
            raise StopAsyncIteration
        return flow

    async def athrow(self, error: BaseException) -> Flow[Any] | None:
        items = self._items
        if self._source.is_over() or not isinstance(items, AsyncGenerator):
            raise error
        return await self._read(lambda: items.athrow(error))

    async def aclose(self) -> None:
        try:
            if isinstance(items := self._items, AsyncGenerator):
                await cast("AsyncGenerator[Any]", items).aclose()
        except Exception as error:
            self._source.fail(error)
        except BaseExceptionGroup as group:  # a task group inside packs up even what closes a generator
            rest: Any = group.split(GeneratorExit)[1]
            if isinstance(rest, Exception):
                self._source.fail(rest)
            elif rest is not None:
                raise rest from None

    async def _read(self, read: Callable[[], Awaitable[Any]]) -> Flow[Any] | None:
        if self._source.is_over():
            return None
        try:
            item = await read()
        except StopAsyncIteration:
            item = _END
        except Exception as error:
            self._source.fail(error)
            return None
        return self._source.accept(item)
