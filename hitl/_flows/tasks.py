"""Many flows at a time for the awaiting driver: a group of tasks that take from one iterator.

As many tasks as there may be requests under way, never one for each flow: a hundred thousand waiting tasks would take
200 MB.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import sniffio

from hitl._flows.steps import Flow, Gather, Result
from hitl.exceptions import HITLError

if TYPE_CHECKING:
    import asyncio

    import trio
    from anyio.abc import TaskGroup

T = TypeVar("T")

CarryOut: TypeAlias = Callable[[Flow[T]], Awaitable[T]]
Deliver: TypeAlias = Callable[[int, Result[T]], Awaitable[None]]


async def collect(together: Gather[T], carry_out: CarryOut[T]) -> list[Result[T]]:
    """Return the results in the order of the flows; none where `record` takes them."""
    results: dict[int, Result[T]] = {}
    record = results.__setitem__ if together.record is None else together.record

    async def deliver(index: int, result: Result[T]) -> None:
        record(index, result)

    await _TaskPool(together, carry_out, deliver).work()
    return [results[index] for index in range(len(results))]


async def stream(together: Gather[T], carry_out: CarryOut[T]) -> AsyncGenerator[Any, None]:
    """Yield what `record` makes of each index and result as it comes, else both as a pair; closing it stops everything.

    The work is done in a task of its own: a task group may not be left open across a `yield`, since whoever reads
    this may go on in another task, or never.
    """
    give, take = anyio.create_memory_object_stream[tuple[int, Result[T]]](together.limit)

    async def deliver(index: int, result: Result[T]) -> None:
        await give.send((index, result))

    async def work() -> None:
        with give:
            await _TaskPool(together, carry_out, deliver).work()

    background = _begin(work)
    try:
        with take:
            async for index, result in take:
                yield (index, result) if together.record is None else together.record(index, result)
    finally:
        with anyio.CancelScope(shield=True):
            await background.end()


class _TaskPool(Generic[T]):
    """The tasks and what they take from."""

    def __init__(self, together: Gather[T], carry_out: CarryOut[T], deliver: Deliver[T]) -> None:
        self._together = together
        self._source = _source(together)
        self._carry_out = carry_out
        self._deliver = deliver
        self._numbers: set[int] = set()
        self._is_fed_up = False
        self._fault: Exception | None = None

    async def work(self) -> None:
        """Carry all flows out.

        Raises:
            Exception: what iterating the flows raised, or a fault in one that is no HITLError; not in a group.
        """
        async with anyio.create_task_group() as group:
            self._hire(group)
        if self._fault is not None:
            raise self._fault

    def _hire(self, group: TaskGroup) -> None:
        for number in range(self._together.room()):
            if number not in self._numbers and not self._is_fed_up:
                self._numbers.add(number)
                group.start_soon(self._be, number, group)

    async def _be(self, number: int, group: TaskGroup) -> None:
        """Be one of the tasks, while there is room for it."""
        try:
            while number < self._together.room() and (taken := await self._source.take()) is not None:
                index, flow = taken
                await self._deliver(index, await self._result(flow))
                self._hire(group)
                # An answer that is there at once is not waited for; all the same, an event loop has others to serve.
                await anyio.lowlevel.checkpoint()
            self._is_fed_up = self._is_fed_up or number < self._together.room()
        except Exception as error:  # a fault of ours, or of the iterator
            self._fault = self._fault or error
            group.cancel_scope.cancel()
        finally:
            self._numbers.discard(number)

    async def _result(self, flow: Flow[T]) -> Result[T]:
        try:
            return await self._carry_out(flow)
        except HITLError as error:
            return error.with_traceback(None)  # frames would keep request and answer in memory


# --- where the flows come from ---------------------------------------------------------------------------------------


class _Source(Protocol):
    async def take(self) -> tuple[int, Flow[Any]] | None:
        """Return the next flow with its index; None if there is none."""
        ...


def _source(together: Gather[Any]) -> _Source:
    flows = together.flows
    return _AsyncSource(aiter(flows)) if isinstance(flows, AsyncIterable) else _PlainSource(iter(flows))


class _PlainSource:
    def __init__(self, flows: Iterator[Flow[Any]]) -> None:
        self._flows = enumerate(flows)

    async def take(self) -> tuple[int, Flow[Any]] | None:
        return next(self._flows, None)


class _AsyncSource:
    """Asked by one task at a time: an asynchronous generator refuses to be asked twice at once."""

    def __init__(self, flows: AsyncIterator[Flow[Any]]) -> None:
        self._flows = flows
        self._turn = anyio.Lock()
        self._index = -1

    async def take(self) -> tuple[int, Flow[Any]] | None:
        async with self._turn:
            flow = await anext(self._flows, None)
            self._index += 1
            return None if flow is None else (self._index, flow)


# --- a task beside the reader's --------------------------------------------------------------------------------------


class _Background(Protocol):
    async def end(self) -> None:
        """Cancel the task, wait until it is over, and raise what it failed with."""
        ...


def _begin(work: Callable[[], Awaitable[None]]) -> _Background:
    return _TrioTask(work) if sniffio.current_async_library() == "trio" else _AsyncioTask(work)


class _AsyncioTask:
    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        import asyncio

        async def run() -> None:
            await work()

        self._task: asyncio.Task[None] = asyncio.get_running_loop().create_task(run(), name="hitl-batch")

    async def end(self) -> None:
        import asyncio

        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise error


class _TrioTask:
    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        import trio

        self._work = work
        self._scope: trio.CancelScope = trio.CancelScope()
        self._over: trio.Event = trio.Event()
        self._error: Exception | None = None
        trio.lowlevel.spawn_system_task(self._run, name="hitl-batch", context=copy_context())

    async def _run(self) -> None:
        try:
            with self._scope:
                await self._work()
        except Exception as error:
            self._error = error
        finally:
            self._over.set()

    async def end(self) -> None:
        self._scope.cancel()
        await self._over.wait()
        if self._error is not None:
            raise self._error
