"""The two drivers of I/O steps, blocking and awaiting (on asyncio or trio): they wait for sockets and deadlines."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from hitl._engine.connection import DeadlineExceededError, IOSteps, Socket, WaitFor

T = TypeVar("T")


def drive(steps: IOSteps[T], deadline: float) -> T:  # guard: deadline
    """Carry the steps out in the calling thread; DeadlineExceededError is thrown into them at the deadline.

    The deadline is on the monotonic clock.
    """
    try:
        step = next(steps)
        while True:
            ready = _ready(step, deadline)
            step = steps.throw(DeadlineExceededError()) if ready is None else steps.send(ready)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()


async def drive_async(steps: IOSteps[T], deadline: float) -> T:
    """Carry the steps out on the running event loop; see `drive`."""
    import anyio  # in functions, here and below: blocking programs never load it

    try:
        with anyio.move_on_after(deadline - time.monotonic()):
            step = next(steps)
            while True:
                step = steps.send(await _ready_async(step))
        steps.throw(DeadlineExceededError())
        raise AssertionError("steps do not go on after their deadline")
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()


def _ready(wait: WaitFor, deadline: float) -> Sequence[Socket] | None:
    """Return the ready sockets, none once `until` has come, None once the deadline has passed."""
    now = time.monotonic()
    if now >= deadline:
        return None
    ready = _select(wait, min(deadline, math.inf if wait.until is None else wait.until) - now)
    return ready if ready or time.monotonic() < deadline else None


def _select_with_select(wait: WaitFor, seconds: float) -> Sequence[Socket]:
    timeout = None if math.isinf(seconds) else max(0.0, seconds)
    reading, writing, failed = select.select(wait.reading, wait.writing, wait.writing, timeout)
    return [*reading, *(sock for sock in wait.writing if sock in writing or sock in failed)]


def _select_with_poll(wait: WaitFor, seconds: float) -> Sequence[Socket]:
    poll = select.poll()
    registered: dict[int, Socket] = {}
    for sockets, events in ((wait.reading, select.POLLIN), (wait.writing, select.POLLOUT)):
        for sock in sockets:
            number = sock.fileno()
            if number < 0:
                return [sock]  # closed by another thread, which its next use will show
            poll.register(number, events | (select.POLLIN if number in registered else 0))
            registered[number] = sock
    found = poll.poll(None if math.isinf(seconds) else max(0.0, seconds) * 1000)
    return [registered[number] for number, _ in found]


# select fails for descriptors above 1023; Windows has nothing else.
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

    with suppress(OSError, ValueError, anyio.ClosedResourceError):  # closed, which its next use will show
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

    timeout = math.inf if wait.until is None else wait.until - time.monotonic()
    with anyio.move_on_after(timeout):
        async with anyio.create_task_group() as group:
            for sock in wait.reading:
                group.start_soon(watch, (sock,), ())
            for sock in wait.writing:
                group.start_soon(watch, (), (sock,))
    return ready
