"""Many flows at a time for the blocking driver: a pool of threads, each with a connection of its own.

The thread that asks for the results also takes the next flow, so a generator of items runs in the thread of its owner
(many database cursors allow no other), and never in two at once. No event loop takes part: it works the same in a
script, in a notebook and inside a running loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

from attrs import frozen

from hitl._clock import LONGEST_SLEEP, monotonic
from hitl._engine import TransportResult
from hitl._flows.steps import ApiCall, Flow, Gather, Result, Transport
from hitl.exceptions import ConfigurationError, HITLError

T = TypeVar("T")

THREADS = 64  # more only wait for each other: an interpreter runs one at a time
SHUTDOWN_GRACE = 0.25  # seconds to wait for the results of cancelled threads
POLL = 0.2  # seconds; an unbounded wait does not notice a Ctrl-C that comes in the instant before it begins


class Cancelled(BaseException):
    """Ends a flow in a cancelled thread; not an Exception, so that no flow handles it as a failure."""


Run: TypeAlias = Callable[[Flow[T], Transport, Callable[[float], None]], T]


@frozen
class _Crash:
    error: BaseException


_ENDED: Final = object()  # in place of a result: the thread of this number has ended


def collect(gather: Gather[T], transport: Transport, run: Run[T]) -> None:
    """Carry all flows out; `on_result` receives the results.

    Raises:
        BatchInterrupted: on Ctrl-C.
        BaseException: what iterating `flows` raised, or an error of a flow that is no HITLError; with `outcomes`.
    """
    # Not a loop in Python: it could be struck by a Ctrl-C between two results, when the generator cannot catch it.
    deque(stream(gather, transport, run), maxlen=0)


def stream(gather: Gather[T], transport: Transport, run: Run[T]) -> Generator[Any, None, None]:
    """Do the same, and yield what `on_result` returns for each result; closing this generator stops all flows."""
    pool = _ThreadPool(gather, transport, run)
    try:
        try:
            while pool.has_work:
                pool.submit()
                yield from pool.results()
            pool.shutdown()
        except BaseException:  # Ctrl-C, or the reader has stopped
            pool.cancel()
            raise
        finally:
            pool.close_input()
    except GeneratorExit:
        raise
    except BaseException as error:  # also a second Ctrl-C, while threads are being cancelled
        if (told := gather.with_outcomes(error, pool.late)) is error:
            raise
        raise told from None


class _ThreadPool(Generic[T]):
    """The threads and their work, and the transport of their flows until they are cancelled.

    Only the asking thread changes its state; the others see the two queues and the cancellation.
    """

    def __init__(self, gather: Gather[T], transport: Transport, run: Run[T]) -> None:
        if not isinstance(gather.flows, Iterator):  # but asynchronous
            raise ConfigurationError("items that come asynchronously need an AsyncHITLClient")
        self.late: list[tuple[int, Result[T]]] = []
        self._gather = gather
        self._input = gather.flows
        self._flows: Iterator[tuple[int, Flow[T]]] = enumerate(gather.flows)
        self._transport = transport
        self._cancelled = Event()
        self._run = run
        self._jobs: SimpleQueue[tuple[int, Flow[T]] | None] = SimpleQueue()
        self._events: SimpleQueue[tuple[int, Any]] = SimpleQueue()  # index and result, or a number and _ENDED
        self._threads: dict[int, Thread] = {}
        self._unfinished = 0
        self._is_exhausted = False
        self._most = THREADS

    @property
    def has_work(self) -> bool:
        return self._unfinished > 0 or not self._is_exhausted

    def submit(self) -> None:
        """Queue the next flow if there is room, and start threads for what is queued."""
        # One at a time, because the next one may be long in coming, and results should be yielded meanwhile.
        if not self._is_full():
            job = next(self._flows, None)
            if job is None:
                self._is_exhausted = True
            else:
                self._unfinished += 1
                self._jobs.put(job)
        self._grow()

    def results(self) -> Iterator[Any]:
        """Yield what is done; wait for something if nothing can be submitted."""
        if self._unfinished and self._is_full() and self._events.empty():
            with suppress(Empty):
                yield from self._handle(*self._events.get(timeout=POLL))
        while not self._events.empty():
            yield from self._handle(*self._events.get())

    def cancel(self) -> None:
        """Start nothing more, abort what is in progress, and collect its results for a moment."""
        self._cancelled.set()
        for _, flow in self._queued():  # before threads wake up and take them
            flow.close()
        if (interrupt := getattr(self._transport, "interrupt", None)) is not None:
            interrupt({thread.ident for thread in self._threads.values()})
        until = monotonic() + SHUTDOWN_GRACE
        with suppress(Empty):
            while self._unfinished and (left := until - monotonic()) > 0:
                index, result = self._events.get(timeout=left)
                self._unfinished -= result is not _ENDED
                if result is not _ENDED and not isinstance(result, _Crash):
                    self.late.append((index, result))
        self.shutdown()

    def close_input(self) -> None:
        self._input.close()

    def shutdown(self) -> None:
        """Let idle threads end; those that are stuck in an exchange end with it."""
        for _ in self._threads:
            self._jobs.put(None)
        if not self._unfinished:
            for thread in self._threads.values():
                if thread.is_alive():  # it is not if Ctrl-C struck while it was being started
                    thread.join()

    def send(self, call: ApiCall[Any]) -> TransportResult:
        if self._cancelled.is_set():
            raise Cancelled
        return self._transport.send(call)

    def sleep(self, seconds: float) -> None:
        if self._cancelled.wait(min(seconds, LONGEST_SLEEP)):
            raise Cancelled

    def _capacity(self) -> int:
        return min(self._gather.capacity(), self._most)

    def _is_full(self) -> bool:
        # Twice as many as may be in progress, so that no thread waits for this one.
        return self._is_exhausted or self._unfinished >= max(1, 2 * self._capacity())

    def _grow(self) -> None:
        wanted = min(self._capacity(), self._unfinished)
        for number in range(wanted) if len(self._threads) < wanted else ():
            if number not in self._threads and not self._start(number):
                self._most = number  # go on with those that there are
                break
        if not self._most and not self._jobs.empty():  # there is none: the asking thread does the work
            self._carry_out(*cast("tuple[int, Flow[T]]", self._jobs.get()))

    def _start(self, number: int) -> bool:
        """Start a thread; return whether the system has one to give."""
        # A daemon, since one that is stuck in an exchange must not keep the program from ending.
        thread = self._threads[number] = Thread(
            target=copy_context().run, args=(self._work, number), name=f"hitl-batch-{number}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            del self._threads[number]
            return False
        return True

    def _work(self, number: int) -> None:
        """Carry out flows, in a thread, as long as there is capacity for it."""
        while number < self._capacity() and not self._cancelled.is_set() and (job := self._jobs.get()) is not None:
            self._carry_out(*job)
        self._events.put((number, _ENDED))

    def _carry_out(self, index: int, flow: Flow[T]) -> None:
        self._events.put((index, self._result(flow)))

    def _result(self, flow: Flow[T]) -> Result[T] | _Crash:
        try:
            return self._run(flow, self, self.sleep)
        except HITLError as error:
            return error.with_traceback(None)  # frames would keep request and response in memory
        except BaseException as error:  # an exception must not die with its thread
            return _Crash(error)

    def _handle(self, index: int, result: Any) -> Iterator[Any]:
        if result is _ENDED:
            self._threads.pop(index).join()
            return
        self._unfinished -= 1
        if isinstance(result, _Crash):
            raise result.error
        yield self._gather.on_result(index, result)

    def _queued(self) -> Iterator[tuple[int, Flow[T]]]:
        with suppress(Empty):
            while True:
                if (job := self._jobs.get_nowait()) is not None:
                    self._unfinished -= 1
                    yield job
