"""Many flows at a time for the blocking driver: a crew of threads, each with a connection of its own.

The thread that asks for the results also takes the next flow, so a generator of items runs in the thread of whoever
wrote it (a database cursor often allows no other), and never in two at once. No event loop takes part: it works the
same in a script, in a notebook and inside a running loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from attrs import frozen

from hitl._engine import TransportResult
from hitl._flows.steps import ApiCall, Flow, Gather, Result
from hitl.exceptions import ConfigurationError, HITLError

T = TypeVar("T")

THREADS = 64  # more of them only wait for each other: one interpreter runs one at a time
SHUTDOWN_GRACE = 0.25  # seconds that a crew which is sent home has to tell what became of its work
POLL = 0.2  # seconds; a wait without an end never notices a Ctrl-C that comes in the instant before it begins


class Sender(Protocol):
    """What makes the exchanges. One with a method `interrupt(threads)` is told to break off those of these threads."""

    def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange."""
        ...


class Cancelled(BaseException):
    """Ends a flow in a thread that was sent home; not an Exception, so that no flow takes it for a fault."""


class CancelScope:
    """Sends and sleeps for one crew, until the crew is sent home."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._home = Event()

    @property
    def is_home(self) -> bool:
        """True once the crew was sent home."""
        return self._home.is_set()

    def send(self, call: ApiCall[Any]) -> TransportResult:
        """Make one exchange; Abandoned if nobody wants it any more."""
        if self._home.is_set():
            raise Cancelled
        return self._sender.send(call)

    def sleep(self, seconds: float) -> None:
        """Sleep; Abandoned as soon as nobody wants the rest any more."""
        if self._home.wait(seconds):
            raise Cancelled

    def cut(self) -> None:
        """Send the crew home: no sleep goes on, and no exchange begins."""
        self._home.set()

    def break_off(self, threads: Collection[Thread]) -> None:
        """End the exchanges that these threads have under way, if the sender can."""
        interrupt = getattr(self._sender, "interrupt", None)
        if interrupt is not None:
            interrupt({thread.ident for thread in threads})


CarryOut: TypeAlias = Callable[[Flow[T], CancelScope], T]


@frozen
class _Job(Generic[T]):
    index: int
    flow: Flow[T]


@frozen
class _Done(Generic[T]):
    index: int
    result: Result[T]


@frozen
class _Fault:
    error: BaseException


@frozen
class _Left:
    number: int


def stream(together: Gather[T], sender: Sender, carry_out: CarryOut[T]) -> Generator[Any, None, None]:
    """Yield what `record` makes of each index and result as it comes, else both as a pair; closing it stops everything.

    Raises:
        BaseException: what iterating `flows` raised, an interrupt, or a fault in a flow that is no HITLError.
    """
    crew = _ThreadPool(together, sender, carry_out)
    try:
        while crew.has_work():
            yield from crew.news()
        crew.pay_off()
    except BaseException:  # Ctrl-C, or whoever reads this has seen enough
        crew.dismiss()
        raise


def collect(together: Gather[T], sender: Sender, carry_out: CarryOut[T]) -> list[Result[T]]:
    """Return the results in the order of the flows; none where `record` takes them."""
    results: dict[int, Result[T]] = {}
    for taken in stream(together, sender, carry_out):
        if together.record is None:
            results.update([taken])
    return [results[index] for index in range(len(results))]


class _ThreadPool(Generic[T]):
    """The threads and what they work on. All of it is kept by the asking thread; the others see two queues only."""

    def __init__(self, together: Gather[T], sender: Sender, carry_out: CarryOut[T]) -> None:
        if not isinstance(together.flows, Iterable):
            raise ConfigurationError("items that come asynchronously need an AsyncHITLClient")
        self._together = together
        self._flows: Iterator[tuple[int, Flow[T]]] = enumerate(together.flows)
        self._leash = CancelScope(sender)
        self._carry_out = carry_out
        self._jobs: SimpleQueue[_Job[T] | None] = SimpleQueue()
        self._news: SimpleQueue[_Done[T] | _Fault | _Left] = SimpleQueue()
        self._threads: dict[int, Thread] = {}
        self._unfinished = 0
        self._is_fed_up = False

    def has_work(self) -> bool:
        """Hand out the next flow if there is room; False once all flows are done."""
        # Twice as many as can be under way, so that no thread waits for this one. One at a time, because the next one
        # may be long in coming, and what is done meanwhile should be told.
        if not self._is_fed_up and self._unfinished < 2 * self._room():
            index, flow = next(self._flows, (-1, None))
            if flow is None:
                self._is_fed_up = True
            else:
                self._unfinished += 1
                self._jobs.put(_Job(index, flow))
        self._hire()
        return self._unfinished > 0 or not self._is_fed_up

    def news(self) -> Iterator[Any]:
        """Yield what is done; wait for something if nothing else can be done here."""
        is_full = self._is_fed_up or self._unfinished >= 2 * self._room()
        if is_full and self._unfinished and self._news.empty():
            with suppress(Empty):
                yield from self._take(self._news.get(timeout=POLL))
        while not self._news.empty():
            yield from self._take(self._news.get())

    def dismiss(self) -> None:
        """Stop everything: begin nothing more, break off what is under way, and hear what became of it so far."""
        self._leash.cut()
        for flow in self._not_begun():  # before threads are woken, which would take them
            flow.close()
        self._leash.break_off(self._threads.values())
        until = time.monotonic() + SHUTDOWN_GRACE
        with suppress(Empty):
            while self._unfinished and (left := until - time.monotonic()) > 0:
                self._hear(self._news.get(timeout=left))
        self.pay_off()

    def pay_off(self) -> None:
        """Let the threads end that have nothing more to do; those that are stuck in an exchange end with it."""
        for _ in self._threads:
            self._jobs.put(None)
        if not self._unfinished:
            for thread in self._threads.values():
                if thread.is_alive():  # not while it is begun, where Ctrl-C may have struck
                    thread.join()

    def _room(self) -> int:
        return min(self._together.room(), THREADS)

    def _hire(self) -> None:
        wanted = min(self._room(), self._unfinished)
        if len(self._threads) >= wanted:
            return
        for number in range(wanted):
            if number not in self._threads:
                # A daemon, since one that is stuck in an exchange must not keep the program from ending.
                self._threads[number] = Thread(
                    target=copy_context().run, args=(self._work, number), name=f"hitl-batch-{number}", daemon=True
                )
                self._threads[number].start()

    def _work(self, number: int) -> None:
        """Carry out flows, in a thread, while there is room for this one."""
        while number < self._room() and not self._leash.is_home and (job := self._jobs.get()) is not None:
            self._news.put(self._outcome(job))
        self._news.put(_Left(number))

    def _outcome(self, job: _Job[T]) -> _Done[T] | _Fault:
        try:
            return _Done(job.index, self._carry_out(job.flow, self._leash))
        except HITLError as error:
            return _Done(job.index, error.with_traceback(None))  # frames would keep request and answer in memory
        except BaseException as error:  # it must not end with a thread that nobody looks at
            return _Fault(error)

    def _take(self, news: _Done[T] | _Fault | _Left) -> Iterator[Any]:
        match news:
            case _Done(index, result):
                self._unfinished -= 1
                record = self._together.record
                yield (index, result) if record is None else record(index, result)
            case _Fault(error):
                self._unfinished -= 1
                raise error
            case _Left(number):
                self._threads.pop(number).join()

    def _hear(self, news: _Done[T] | _Fault | _Left) -> None:
        """Take what comes when nobody asks any more; a thread that leaves is joined by none."""
        if not isinstance(news, _Left):
            self._unfinished -= 1
        if isinstance(news, _Done) and self._together.late is not None:
            self._together.late(news.index, news.result)

    def _not_begun(self) -> Iterator[Flow[T]]:
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    self._unfinished -= 1
                    yield job.flow
