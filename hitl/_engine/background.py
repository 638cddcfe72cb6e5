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


def in_background(call: Callable[[], T]) -> Future[T]:
    """Make a call in a daemon thread, with this thread's context variables; nobody has to wait for it.

    A thread that has done its work is used again, since starting one costs more than a call over HTTP. Where none can
    be started, the call is made at once, in this thread.
    """
    future: Future[T] = Future()
    context = copy_context()

    def work() -> None:
        context.run(_make, call, future)

    try:
        worker = _idle.pop()  # the last that became idle: its memory is warm
    except IndexError:
        worker = _Worker(work)
        try:
            threading.Thread(target=worker.run, name="hitl-background", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is shutting down
            work()
    else:
        worker.give(work)
    return future


def _make(call: Callable[[], T], future: Future[T]) -> None:
    with suppress(InvalidStateError):  # somebody else has set a result, since nobody waits for this one
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)


@define(eq=False)
class _Worker:
    """A thread with one piece of work at a time. Whoever takes it out of `_idle` is the only one to give it some."""

    _work: Callable[[], None] | None
    _given: threading.Lock = field(factory=threading.Lock, init=False)

    def give(self, work: Callable[[], None]) -> None:
        self._work = work
        self._given.release()

    def run(self) -> None:
        self._given.acquire()
        while self._work is not None:
            self._work()
            self._work = None  # it holds the request, which must not stay in memory
            _idle.append(self)
            if not self._given.acquire(timeout=IDLE):
                with suppress(ValueError):
                    _idle.remove(self)
                    return
                # Somebody has just taken it out; should an interrupt keep him from giving work, the thread ends, too.
                self._given.acquire(timeout=IDLE)


_idle: deque[_Worker] = deque()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a fork takes no threads along
