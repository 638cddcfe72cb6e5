"""The two drivers: they carry out what flows ask for, one blocking, one awaiting."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hitl._engine import TransportResult
from hitl._flows.steps import ApiCall, Flow, Gather, Sleep, Step
from hitl._flows.wakeups import sleep_until_woken, sleep_until_woken_async
from hitl.exceptions import BatchInterrupted

if TYPE_CHECKING:
    from hitl._flows.threads import CancelScope

# Imported where they are needed: programs that block never load anyio, nor most programs what batches take.

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Transport(Protocol):
    """What the blocking driver needs from the HTTP library."""

    def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange."""
        ...


class AsyncTransport(Protocol):
    """What the awaiting driver needs from the HTTP library."""

    async def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange."""
        ...


class Streaming(Protocol[T_co]):
    """What is carried out piece by piece: many flows, and what to say of each."""

    def together(self) -> Gather[Any]:
        """Return the flows; what its `record` returns is handed on."""
        ...

    def interrupted(self) -> BaseException:
        """Return what Ctrl-C is raised as."""
        ...

    def finish(self) -> None:
        """Raise if not all that was to be done is done."""
        ...


def run(flow: Flow[T], transport: Transport, sleep: Callable[[float], None] = time.sleep) -> T:
    """Carry the flow out, blocking the calling thread, and return what it returns."""
    outcome: Any = None
    try:
        while True:
            match flow.send(outcome):
                case ApiCall() as call:
                    outcome = transport.send(call)
                case Sleep(seconds, bell):
                    sleep(seconds) if bell is None else sleep_until_woken(seconds, bell)
                    outcome = None
                case Gather() as together:
                    outcome = _run_together(flow, together, transport)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


async def run_async(flow: Flow[T], transport: AsyncTransport) -> T:
    """Carry the flow out on the running event loop (asyncio or trio) and return what it returns."""
    outcome: Any = None
    try:
        while True:
            outcome = await _begun(flow.send(outcome), flow, transport)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


def _begun(step: Step, flow: Flow[Any], transport: AsyncTransport) -> Awaitable[Any]:
    """Return what is to be awaited for a step; itself no coroutine, of which there would be one for all who sleep."""
    match step:
        case ApiCall() as call:
            return transport.send(call)
        case Sleep(seconds, bell):
            if bell is not None:
                return sleep_until_woken_async(seconds, bell)
            import anyio

            return anyio.sleep(seconds)
        case Gather() as together:
            return _run_together_async(flow, together, transport)


def stream(streamed: Streaming[T], transport: Transport) -> Generator[T, None, None]:
    """Carry many flows out, and yield what is said of each as it is done; closing this stops everything."""
    from hitl._flows import threads as _workers

    try:
        yield from _workers.stream(streamed.together(), transport, _on_leash)
    except KeyboardInterrupt:
        raise streamed.interrupted() from None
    streamed.finish()


async def stream_async(streamed: Streaming[T], transport: AsyncTransport) -> AsyncGenerator[T, None]:
    """Carry many flows out, and yield what is said of each as it is done; closing this stops everything."""
    from hitl._flows import tasks as _tasks

    pieces = _tasks.stream(streamed.together(), partial(run_async, transport=transport))
    async with aclosing(pieces):
        async for each in pieces:
            yield each
    streamed.finish()


def _run_together(flow: Flow[Any], together: Gather[Any], transport: Transport) -> list[Any]:
    from hitl._flows import threads as _workers

    try:
        return _workers.collect(together, transport, _on_leash)
    except KeyboardInterrupt as interrupt:
        flow.throw(interrupt)  # whoever asked may tell what was done so far
        raise


async def _run_together_async(flow: Flow[Any], together: Gather[Any], transport: AsyncTransport) -> list[Any]:
    import anyio

    from hitl._flows import tasks as _tasks

    try:
        return await _tasks.collect(together, partial(run_async, transport=transport))
    except anyio.get_cancelled_exc_class() as cancellation:
        # It has to pass through as it is, or whoever cancelled would not know it again; so it only gets a word more.
        with suppress(KeyboardInterrupt):
            try:
                flow.throw(KeyboardInterrupt())
            except BatchInterrupted as told:
                cancellation.add_note(str(told))
                vars(cancellation)["outcomes"] = told.outcomes
        raise


def _on_leash(flow: Flow[T], leash: CancelScope) -> T:
    return run(flow, leash, leash.sleep)
