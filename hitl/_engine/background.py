"""Calls in threads that can be abandoned: for what blocks and knows no deadline.

No executor serves: it joins its threads when the interpreter ends, and would wait for the one that hangs.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

from attrs import define, field

T = TypeVar("T")

IDLE = 30.0  # seconds after which a thread without work ends


def in_background(call: Callable[[], T], idle: IdleThreads | None = None, future: Future[T] | None = None) -> Future[T]:
    """Make a call in a daemon thread, with this thread's context variables; nobody has to wait for it.

    Where no thread can be started, the call is made at once, in this thread.

    Args:
        call: The call.
        idle: Threads to use again; starting one costs more than a call over HTTP. Without, the thread ends.
        future: What will have the result, for a caller who must know it before the call begins.
    """
    result: Future[T] = Future() if future is None else future
    context = copy_context()

    def work() -> None:
        context.run(_make, call, result)

    worker = None if idle is None else idle.take()
    if worker is not None:
        worker.give(work)
        return result
    try:
        threading.Thread(target=_Worker(work, idle).run, name="hitl-background", daemon=True).start()
    except RuntimeError:  # no more threads, or the interpreter is shutting down
        work()
    return result


def _make(call: Callable[[], T], future: Future[T]) -> None:
    with suppress(InvalidStateError):  # somebody else has set a result, since nobody waits for this one
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)


class IdleThreads:
    """Threads that wait for work: those that have just done some, until they are closed or have waited for long."""

    def __init__(self) -> None:
        self._workers: deque[_Worker] = deque()
        self._process = os.getpid()
        self._is_closed = False

    def take(self) -> _Worker | None:
        """Return the one that has waited for the shortest time; its memory is warm."""
        if self._process != os.getpid():  # a fork takes no threads along
            self._process = os.getpid()
            self._workers.clear()
        try:
            return self._workers.pop()
        except IndexError:
            return None

    def add(self, worker: _Worker) -> None:
        """Let a thread wait, or end it if no more work will come."""
        self._workers.append(worker)
        if self._is_closed:
            self.close()

    def remove(self, worker: _Worker) -> bool:
        """Return whether a thread may end: nobody has taken it."""
        with suppress(ValueError):
            self._workers.remove(worker)
            return True
        return False

    def close(self) -> None:
        """End the threads that wait, and each of the others once its work is done."""
        self._is_closed = True
        while (worker := self.take()) is not None:
            worker.give(None)


@define(eq=False)
class _Worker:
    """A thread with one piece of work at a time. Whoever takes it from the idle ones alone gives it some."""

    _work: Callable[[], None] | None
    _idle: IdleThreads | None
    _given: threading.Lock = field(factory=threading.Lock, init=False)

    def give(self, work: Callable[[], None] | None) -> None:
        self._work = work
        self._given.release()

    def run(self) -> None:
        self._given.acquire()
        while self._work is not None:
            self._work()
            self._work = None  # it holds the request, which must not stay in memory
            if self._idle is None:
                return
            self._idle.add(self)
            if not self._given.acquire(timeout=IDLE):
                if self._idle.remove(self):
                    return
                # Somebody has just taken it; should an interrupt keep him from giving work, the thread ends, too.
                self._given.acquire(timeout=IDLE)
