"""The two drivers of I/O flows: they wait for sockets, one blocking, one awaiting (on asyncio or trio)."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from hitl._engine.connection import DeadlineExceededError, IOSteps, Socket, WaitFor

T = TypeVar("T")


def drive(flow: IOSteps[T], deadline: float) -> T:  # guard: deadline
    """Carry the flow out, blocking the calling thread.

    Args:
        flow: Is thrown TimeUpError once the deadline has passed.
        deadline: On the monotonic clock.
    """
    try:
        step = next(flow)
        while True:
            ready = _ready(step, deadline)
            step = flow.throw(DeadlineExceededError()) if ready is None else flow.send(ready)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


async def drive_async(flow: IOSteps[T], deadline: float) -> T:
    """Carry the flow out on the running event loop; see `drive`."""
    import anyio  # here as in the rest of this half: programs that block never load it

    try:
        with anyio.move_on_after(deadline - time.monotonic()):
            step = next(flow)
            while True:
                step = flow.send(await _ready_async(step))
        flow.throw(DeadlineExceededError())
        raise AssertionError("a flow whose time is up does not go on")
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


def _ready(wait: WaitFor, deadline: float) -> Sequence[Socket] | None:
    """Return the sockets that are ready, none if `until` came first, None if the deadline did."""
    now = time.monotonic()
    if now >= deadline:
        return None
    ready = _select(wait, min(deadline, math.inf if wait.until is None else wait.until) - now)
    return ready if ready or time.monotonic() < deadline else None


def _select_with_select(wait: WaitFor, seconds: float) -> Sequence[Socket]:
    longest = None if math.isinf(seconds) else max(0.0, seconds)
    reading, writing, failed = select.select(wait.reading, wait.writing, wait.writing, longest)
    return [*reading, *(sock for sock in wait.writing if sock in writing or sock in failed)]


def _select_with_poll(wait: WaitFor, seconds: float) -> Sequence[Socket]:
    poll = select.poll()
    asked: dict[int, Socket] = {}
    for sockets, events in ((wait.reading, select.POLLIN), (wait.writing, select.POLLOUT)):
        for sock in sockets:
            number = sock.fileno()
            if number < 0:
                return [sock]  # closed by somebody else: whoever touches it finds out
            poll.register(number, events | (select.POLLIN if number in asked else 0))
            asked[number] = sock
    found = poll.poll(None if math.isinf(seconds) else max(0.0, seconds) * 1000)
    return [asked[number] for number, _ in found]


# poll knows no upper bound of descriptors as select does; Windows has only the latter.
_select = _select_with_poll if hasattr(select, "poll") else _select_with_select


async def _ready_async(wait: WaitFor) -> Sequence[Socket]:
    sockets = len(wait.reading) + len(wait.writing)
    if wait.until is None and sockets == 1:
        await _wait_for(wait.reading, wait.writing)
        return wait.reading or wait.writing
    if wait.until is not None and sockets == 0:
        import anyio

        await anyio.sleep(max(0.0, wait.until - time.monotonic()))
        return ()
    return await _first_ready(wait)


async def _wait_for(reading: Sequence[Socket], writing: Sequence[Socket]) -> None:
    import anyio

    with suppress(OSError, ValueError, anyio.ClosedResourceError):  # a closed socket: whoever touches it finds out
        if reading:
            await anyio.wait_readable(reading[0])
        else:
            await anyio.wait_writable(writing[0])


async def _first_ready(wait: WaitFor) -> Sequence[Socket]:
    import anyio

    ready: list[Socket] = []

    async def watch(reading: Sequence[Socket], writing: Sequence[Socket]) -> None:
        await _wait_for(reading, writing)
        ready.extend(reading or writing)
        group.cancel_scope.cancel()

    longest = math.inf if wait.until is None else wait.until - time.monotonic()
    with anyio.move_on_after(longest):
        async with anyio.create_task_group() as group:
            for sock in wait.reading:
                group.start_soon(watch, (sock,), ())
            for sock in wait.writing:
                group.start_soon(watch, (), (sock,))
    return ready
