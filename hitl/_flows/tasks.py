"""Many flows at a time for the awaiting driver: a group of tasks that take from one iterator.

As many tasks as there may be requests in progress, never one per flow: a hundred thousand waiting tasks would take
200 MB.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import anyio
import anyio.lowlevel

from hitl._flows.event_loops import runs_on_trio
from hitl._flows.steps import Flow, Gather, Result, attach_report
from hitl.exceptions import HITLError

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

T = TypeVar("T")

CarryOut: TypeAlias = Callable[[Flow[T]], Awaitable[T]]
Deliver: TypeAlias = Callable[[int, Result[T]], Awaitable[None]]


async def collect(gather: Gather[T], carry_out: CarryOut[T]) -> None:
    """Carry all flows out; `on_result` receives the results. A cancellation has the `outcomes` so far, and a note."""

    async def deliver(index: int, result: Result[T]) -> None:
        gather.on_result(index, result)

    try:
        await _TaskPool(gather, carry_out, deliver).work()
    except anyio.get_cancelled_exc_class() as error:
        # It must propagate unchanged, or its owner would not recognise it; so the report is only attached to it.
        attach_report(error, gather.interrupted(()))
        raise


async def stream(gather: Gather[T], carry_out: CarryOut[T]) -> AsyncGenerator[Any, None]:
    """Yield what `on_result` returns for each index and result; closing this generator stops all flows.

    The work is done in a background task: a task group must not stay open across a `yield`, since the reader may go on
    in another task, or never.
    """
    sender, receiver = anyio.create_memory_object_stream[tuple[int, Result[T]]](gather.limit)

    async def deliver(index: int, result: Result[T]) -> None:
        await sender.send((index, result))

    async def work() -> None:
        with sender:
            await _TaskPool(gather, carry_out, deliver).work()

    end = _start_on_trio(work) if runs_on_trio() else _start_on_asyncio(work)
    try:
        with receiver:
            async for index, result in receiver:
                yield gather.on_result(index, result)
    finally:
        with anyio.CancelScope(shield=True):
            await end()


class _TaskPool(Generic[T]):
    """The tasks and the iterator that they take from."""

    def __init__(self, gather: Gather[T], carry_out: CarryOut[T], deliver: Deliver[T]) -> None:
        self._gather = gather
        self._flows = aiter(gather.flows) if isinstance(gather.flows, AsyncIterable) else iter(gather.flows)
        self._lock = anyio.Lock(fast_acquire=True)
        self._taken = 0
        self._carry_out = carry_out
        self._deliver = deliver
        self._numbers: set[int] = set()
        self._is_exhausted = False
        self._error: Exception | None = None

    async def work(self) -> None:
        """Carry all flows out.

        Raises:
            Exception: what iterating the flows raised, or an error of one that is no HITLError; not in a group.
        """
        async with anyio.create_task_group() as group:
            self._grow(group)
        if self._error is not None:
            raise self._error

    def _grow(self, group: TaskGroup) -> None:
        for number in range(self._gather.capacity()):
            if number not in self._numbers and not self._is_exhausted:
                self._numbers.add(number)
                group.start_soon(self._run_task, number, group)

    async def _run_task(self, number: int, group: TaskGroup) -> None:
        """Carry out flows, in a task, as long as there is capacity for it."""
        try:
            while number < self._gather.capacity() and (job := await self._next_job()) is not None:
                index, flow = job
                await self._deliver(index, await self._result(flow))
                self._grow(group)
                # A response that is there at once needs no waiting; all the same, an event loop has others to serve.
                await anyio.lowlevel.checkpoint()
            self._is_exhausted = self._is_exhausted or number < self._gather.capacity()
        except Exception as error:  # of ours, or of the iterator
            self._error = self._error or error
            group.cancel_scope.cancel()
        finally:
            self._numbers.discard(number)

    async def _next_job(self) -> tuple[int, Flow[T]] | None:
        async with self._lock:  # an asynchronous generator cannot be asked by two tasks at once
            flows = self._flows
            flow = next(flows, None) if isinstance(flows, Iterator) else await anext(flows, None)
            index, self._taken = self._taken, self._taken + 1
            return None if flow is None else (index, flow)

    async def _result(self, flow: Flow[T]) -> Result[T]:
        try:
            return await self._carry_out(flow)
        except HITLError as error:
            return error.with_traceback(None)  # frames would keep request and response in memory


def _start_on_asyncio(work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Awaitable[None]]:
    """Run `work` in the background; return a function that cancels it, awaits its end and raises what it raised."""
    import asyncio

    task = asyncio.get_running_loop().create_task(work(), name="hitl-batch")

    async def end() -> None:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    return end


def _start_on_trio(work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Awaitable[None]]:
    """Do the same on trio."""
    import trio

    scope, ended = trio.CancelScope(), trio.Event()
    errors: list[Exception] = []

    async def run() -> None:
        try:
            with scope:
                await work()
        except Exception as error:
            errors.append(error)
        finally:
            ended.set()

    async def end() -> None:
        scope.cancel()
        await ended.wait()
        for error in errors:
            raise error

    trio.lowlevel.spawn_system_task(run, name="hitl-batch", context=copy_context())
    return end
