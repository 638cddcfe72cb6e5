"""The two drivers: they carry out what flows ask for, one blocking, one awaiting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any, Protocol, TypeVar

import anyio

from hitl._flow import Call, Flow, Outcome, Sleep, Together
from hitl.exceptions import HITLError

T = TypeVar("T")


class Transport(Protocol):
    """What the blocking driver needs from the HTTP library."""

    def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange."""
        ...


class AsyncTransport(Protocol):
    """What the awaiting driver needs from the HTTP library."""

    async def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange."""
        ...


def run(flow: Flow[T], transport: Transport) -> T:
    """Carry the flow out, blocking the calling thread, and return what it returns."""
    outcome: Any = None
    try:
        while True:
            match flow.send(outcome):
                case Call() as call:
                    outcome = transport.send(call)
                case Sleep(seconds):
                    time.sleep(seconds)
                    outcome = None
                case Together() as together:
                    outcome = _run_together(together, transport)
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
            match flow.send(outcome):
                case Call() as call:
                    outcome = await transport.send(call)
                case Sleep(seconds):
                    await anyio.sleep(seconds)
                    outcome = None
                case Together() as together:
                    outcome = await _run_together_async(together, transport)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


# Workers pull from one queue, so that no more than `limit` flows are ever under way and none waits in a thread.


class _Queue:
    """Hands out the flows with their indices, from any thread, until it is stopped."""

    def __init__(self, flows: Sequence[Flow[Any]]) -> None:
        self._flows = enumerate(flows)
        self._lock = Lock()
        self._is_stopped = False

    def take(self) -> tuple[int, Flow[Any]] | None:
        """Return the next flow, or None if there is none left to begin."""
        with self._lock:
            return None if self._is_stopped else next(self._flows, None)

    def stop(self) -> None:
        """Hand out no more."""
        with self._lock:
            self._is_stopped = True


def _run_together(together: Together[Any], transport: Transport) -> list[Any]:
    results: list[Any] = [None] * len(together.flows)
    queue = _Queue(together.flows)

    def work() -> None:
        while (taken := queue.take()) is not None:
            index, flow = taken
            try:
                results[index] = run(flow, transport)
            except HITLError as error:
                results[index] = error

    count = min(together.limit, len(together.flows))
    with ThreadPoolExecutor(max(count, 1), thread_name_prefix="hitl-batch") as pool:
        workers = [pool.submit(copy_context().run, work) for _ in range(count)]
        try:
            for worker in workers:
                worker.result()
        except BaseException:  # Ctrl-C, or a fault of ours: what is under way ends, nothing more begins
            queue.stop()
            raise
    return results


async def _run_together_async(together: Together[Any], transport: AsyncTransport) -> list[Any]:
    results: list[Any] = [None] * len(together.flows)
    waiting = enumerate(together.flows)

    async def work() -> None:
        for index, flow in waiting:
            try:
                results[index] = await run_async(flow, transport)
            except HITLError as error:
                results[index] = error

    async with anyio.create_task_group() as group:
        for _ in range(min(together.limit, len(together.flows))):
            group.start_soon(work)
    return results
