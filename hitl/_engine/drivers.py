"""The two drivers of I/O steps, blocking and awaiting (on asyncio or trio): they wait for sockets and deadlines."""

from __future__ import annotations

import math
import select
from collections.abc import Awaitable, Callable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from hitl._clock import LONGEST_SLEEP, monotonic
from hitl._engine.connection import DeadlineExceededError, IOSteps, Socket, WaitFor
from hitl._interrupts import reraise_interrupt
from hitl._timers import are_timers_frozen, move_on_after, runs_on_trio, sleep

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

IsReady: TypeAlias = Callable[[Socket], Awaitable[None]]


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
    try:
        step = next(steps)
        while True:
            ready = await _ready_async(step, deadline)
            step = steps.throw(DeadlineExceededError()) if ready is None else steps.send(ready)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        steps.close()


def _ready(wait: WaitFor, deadline: float) -> Sequence[Socket] | None:
    """Return the ready sockets, none once `until` has come or after a day, None once the deadline has passed."""
    now = monotonic()
    if now >= deadline:
        return None
    until = deadline if wait.until is None else min(deadline, wait.until)
    ready = _select(wait, min(max(0.0, until - now), LONGEST_SLEEP))
    return ready if ready or monotonic() < deadline else None


def _select_with_select(wait: WaitFor, seconds: float) -> Sequence[Socket]:
    reading, writing, failed = select.select(wait.reading, wait.writing, wait.writing, seconds)
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
    found = poll.poll(seconds * 1000)
    return [registered[number] for number, _ in found]


# select fails for descriptors above 1023; Windows has nothing else.
_select = _select_with_poll if hasattr(select, "poll") else _select_with_select


async def _ready_async(wait: WaitFor, deadline: float) -> Sequence[Socket] | None:
    """Return what `_ready` does; on any event loop."""
    if (left := deadline - monotonic()) <= 0:
        return None
    is_usual = len(wait.reading) == 1 and not wait.writing and wait.until is None and not are_timers_frozen()
    if is_usual and not runs_on_trio() and await _waited_on_asyncio(wait.reading[0], left):
        return wait.reading
    with move_on_after(left):
        return await _watched(wait)
    return ()


async def _waited_on_asyncio(sock: Socket, seconds: float) -> bool:
    """Wait until a socket is readable, or for some seconds; False if the event loop watches no sockets.

    That of Windows does not, for which anyio has a thread. Elsewhere anyio's scope would take a tenth of a call.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    number, woken = sock.fileno(), loop.create_future()
    try:
        loop.add_reader(number, _wake, woken)
    except NotImplementedError:
        return False
    except (OSError, ValueError) as error:  # closed, which its next use will show
        reraise_interrupt(error)
        return True
    timer = loop.call_later(min(seconds, LONGEST_SLEEP), _wake, woken)
    try:
        await woken
    finally:
        loop.remove_reader(number)
        timer.cancel()
    return True


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


async def _watched(wait: WaitFor) -> Sequence[Socket]:
    import anyio  # in functions, here and below: blocking programs never load it

    watched = [*zip(repeat(anyio.wait_readable), wait.reading), *zip(repeat(anyio.wait_writable), wait.writing)]
    if not watched:
        await sleep(max(0.0, (wait.until or 0.0) - monotonic()))
        return ()
    if len(watched) == 1 and wait.until is None:  # a task group takes long
        return [await _watch(*watched[0])]
    ready: list[Socket] = []

    async def watch(is_ready: IsReady, sock: Socket) -> None:
        ready.append(await _watch(is_ready, sock))
        group.cancel_scope.cancel()

    with move_on_after(math.inf if wait.until is None else wait.until - monotonic()):
        async with anyio.create_task_group() as group:
            for each in watched:
                group.start_soon(watch, *each)
    return ready


async def _watch(is_ready: IsReady, sock: Socket) -> Socket:
    import anyio

    try:
        await is_ready(sock)
    except (OSError, ValueError, anyio.ClosedResourceError) as error:  # closed, which its next use will show
        reraise_interrupt(error)
    return sock
