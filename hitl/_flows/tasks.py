"""Many flows at a time for the awaiting driver: one task reads the flows, and begins a task for each.

No flow is read before there is capacity for it, so there are never more tasks than requests in progress: a hundred
thousand waiting tasks would take 200 MB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import anyio

from hitl._flows.steps import AsyncFlows, Flow, Flows, Gather, Result
from hitl._timers import runs_on_trio
from hitl.exceptions import HITLError

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

T = TypeVar("T")

CarryOut: TypeAlias = Callable[[Flow[T]], Awaitable[T]]
Deliver: TypeAlias = Callable[[int, Result[T]], Awaitable[None]]
Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


async def collect(gather: Gather[T], carry_out: CarryOut[T]) -> None:
    """Carry all flows out; `on_result` receives the results. Whatever ends it early has the `outcomes` so far."""

    async def deliver(index: int, result: Result[T]) -> None:
        gather.on_result(index, result)

    try:
        await _TaskPool(gather, carry_out, deliver).work()
    except BaseException as error:
        if (told := gather.with_outcomes(error, ())) is error:
            raise
        raise told from None


async def stream(gather: Gather[T], carry_out: CarryOut[T]) -> AsyncGenerator[Any, None]:
    """Yield what `on_result` returns for each index and result; closing this generator stops all flows.

    The work is done in a background task: a task group must not stay open across a `yield`, since the reader may go on
    in another task, or never.
    """
    sender, receiver = anyio.create_memory_object_stream[tuple[int, Result[T]]](gather.limit)

    async def deliver(index: int, result: Result[T]) -> None:
        await sender.send((index, result))

    pool = _TaskPool(gather, carry_out, deliver)

    async def work() -> None:
        with sender:
            await pool.work()

    def late() -> Iterator[tuple[int, Result[T]]]:
        with suppress(anyio.WouldBlock, anyio.EndOfStream):
            while True:
                yield receiver.receive_nowait()

    end = _start_on_trio(work) if runs_on_trio() else _start_on_asyncio(work)
    try:
        try:
            async for index, result in receiver:
                yield gather.on_result(index, result)
        finally:
            with anyio.CancelScope(shield=True):
                await end(pool.stop())
    except GeneratorExit:
        raise
    except BaseException as error:
        if (told := gather.with_outcomes(error, late())) is error:
            raise
        raise told from None
    finally:
        receiver.close()


class _TaskPool(Generic[T]):
    """A task for each flow that is in progress, and the one that reads the flows, which is the task that asks for all.

    Whatever the input holds open between two flows, a cancel scope or a task group, is opened and closed in that task,
    inside of our own group.
    """

    def __init__(self, gather: Gather[T], carry_out: CarryOut[T], deliver: Deliver[T]) -> None:
        self._gather = gather
        self._flows: Flows[T] | AsyncFlows[T] = gather.flows
        self._carry_out = carry_out
        self._deliver = deliver
        self._jobs: deque[tuple[int, Flow[T]]] = deque()  # taken in this order by whichever task runs first
        self._in_progress = 0
        self._freed = anyio.Event()
        self._waits = False
        self._is_stopped = False
        self._error: BaseException | None = None

    async def work(self) -> None:
        """Carry all flows out.

        Raises:
            BaseException: what iterating the flows raised, or an error of one that is no HITLError; not in a group.
        """
        async with anyio.create_task_group() as group:
            try:
                await self._read(group)
                if self._is_stopped:
                    group.cancel_scope.cancel()
                while self._in_progress:  # here, since what strikes the end of a group is raised in a group
                    await self._one_less()
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:
                self._fail(error, group)
        if self._error is not None:
            raise self._error

    def stop(self) -> bool:
        """Read no further; return whether that ends all in good order, without a cancellation.

        An input that is not being read can then await something while it is closed.
        """
        self._is_stopped = True
        self._freed.set()
        return self._waits

    async def _read(self, group: TaskGroup) -> None:
        try:
            index = 0
            flow = await self._next_flow()
            while flow is not None:
                self._in_progress += 1
                self._jobs.append((index, flow))
                group.start_soon(self._run_task, group)
                index += 1
                flow = await self._next_flow()
        finally:
            await self._close()

    async def _next_flow(self) -> Flow[T] | None:
        """Return the next flow as soon as there is capacity for it."""
        try:
            while self._in_progress >= self._gather.capacity() and not self._is_stopped:
                self._waits = True
                await self._one_less()
        except anyio.get_cancelled_exc_class() as error:
            # It may come from a scope of the input, which alone can handle it.
            flows = self._flows
            return flows.throw(error) if isinstance(flows, Iterator) else await flows.athrow(error)
        finally:
            self._waits = False
        if self._is_stopped:
            return None
        flows = self._flows
        return next(flows, None) if isinstance(flows, Iterator) else await anext(flows, None)

    async def _one_less(self) -> None:
        """Return when a flow has ended, or when all are to end."""
        self._freed = anyio.Event()
        await self._freed.wait()

    async def _close(self) -> None:
        if isinstance(self._flows, Iterator):
            self._flows.close()
        else:
            await self._flows.aclose()

    def _fail(self, error: BaseException, group: TaskGroup) -> None:
        self._error = self._error or error
        group.cancel_scope.cancel()

    async def _run_task(self, group: TaskGroup) -> None:
        index, flow = self._jobs.popleft()
        try:
            await self._deliver(index, await self._result(flow))
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # of ours, or of the caller's
            self._fail(error, group)
        finally:
            self._in_progress -= 1
            self._freed.set()

    async def _result(self, flow: Flow[T]) -> Result[T]:
        try:
            return await self._carry_out(flow)
        except HITLError as error:
            return error.with_traceback(None)  # frames would keep request and response in memory


def _start_on_asyncio(work: Work) -> Callable[[bool], Awaitable[None]]:
    """Run `work` in the background; return a function that awaits its end and raises what it raised.

    That function cancels the work first, unless it is told that it is ending.
    """
    import asyncio

    errors: list[BaseException] = []
    task = asyncio.get_running_loop().create_task(_noting(errors, work), name="hitl-batch")

    async def end(is_ending: bool) -> None:
        if not is_ending:
            task.cancel()
        await asyncio.wait([task])
        for error in errors:
            raise error

    return end


def _start_on_trio(work: Work) -> Callable[[bool], Awaitable[None]]:
    """Do the same on trio."""
    import trio

    scope, ended = trio.CancelScope(), trio.Event()
    errors: list[BaseException] = []

    async def run() -> None:
        try:
            with scope:
                await _noting(errors, work)
        finally:
            ended.set()

    async def end(is_ending: bool) -> None:
        if not is_ending:
            scope.cancel()
        await ended.wait()
        for error in errors:
            raise error

    trio.lowlevel.spawn_system_task(run, name="hitl-batch", context=copy_context())
    return end


async def _noting(errors: list[BaseException], work: Work) -> None:
    """Do the work; what it raises is for the reader, not for the event loop, which a Ctrl-C would end."""
    try:
        await work()
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException as error:
        errors.append(error)
