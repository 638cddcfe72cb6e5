"""The two drivers: they carry out the steps of flows, one blocking, one awaiting."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import partial
from typing import Any, Protocol, TypeVar

from hitl._clock import LONGEST_SLEEP
from hitl._flows.event_loops import sleep_until_woken, sleep_until_woken_async
from hitl._flows.steps import Act, ApiCall, AsyncTransport, Flow, Gather, Sleep, Step, Transport
from hitl.exceptions import ConfigurationError

# Imported where they are needed: anyio, which blocking programs never load, and what only batches use.

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Streaming(Protocol[T_co]):
    """Many flows whose results are yielded one by one."""

    def gather(self) -> Gather[Any]: ...

    def finish(self) -> None:
        """Raise if not everything was done."""
        ...


def run(flow: Flow[T], transport: Transport, sleep: Callable[[float], None] = time.sleep) -> T:
    """Carry the flow out, blocking the calling thread, and return its result."""
    outcome: Any = None
    try:
        while True:
            match flow.send(outcome):
                case ApiCall() as call:
                    outcome = transport.send(call)
                case Sleep(seconds, wakeup):
                    sleep(min(seconds, LONGEST_SLEEP)) if wakeup is None else sleep_until_woken(seconds, wakeup)
                    outcome = None
                case Gather() as gather:
                    from hitl._flows import threads

                    threads.collect(gather, transport, run)
                    outcome = None
                case Act(function):
                    outcome = _refuse_awaitable(function())
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


async def run_async(flow: Flow[T], transport: AsyncTransport) -> T:
    """Carry the flow out on the running event loop (asyncio or trio) and return its result."""
    outcome: Any = None
    try:
        while True:
            outcome = await _start(flow.send(outcome), transport)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


def _start(step: Step, transport: AsyncTransport) -> Awaitable[Any]:
    """Return the awaitable of a step; not a coroutine itself, since one per sleeper would cost memory."""
    match step:
        case ApiCall() as call:
            return transport.send(call)
        case Sleep(seconds, wakeup):
            if wakeup is not None:
                return sleep_until_woken_async(seconds, wakeup)
            import anyio

            return anyio.sleep(seconds)
        case Gather() as gather:
            from hitl._flows import tasks

            return tasks.collect(gather, partial(run_async, transport=transport))
        case Act(function, blocks):
            return _act(function, blocks=blocks)


async def _act(function: Callable[[], Any], *, blocks: bool) -> Any:
    if blocks:
        import anyio.to_thread

        return await anyio.to_thread.run_sync(function)
    value = function()
    return await value if inspect.isawaitable(value) else value


def _refuse_awaitable(value: Any) -> Any:
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise ConfigurationError("a coroutine function needs an AsyncHITLClient; HITLClient takes ordinary functions")
    return value


def stream(streaming: Streaming[T], transport: Transport) -> Generator[T, None, None]:
    """Carry many flows out and yield what `on_result` returns for each; closing this generator stops them all."""
    from hitl._flows import threads

    yield from threads.stream(streaming.gather(), transport, run)
    streaming.finish()


async def stream_async(streaming: Streaming[T], transport: AsyncTransport) -> AsyncGenerator[T, None]:
    """Carry many flows out and yield what `on_result` returns for each; closing this generator stops them all."""
    from hitl._flows import tasks

    async with aclosing(tasks.stream(streaming.gather(), partial(run_async, transport=transport))) as results:
        async for each in results:
            yield each
    streaming.finish()
