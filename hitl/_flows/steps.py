"""The vocabulary in which behaviour is written: flows.

A flow is a generator that decides and never acts. It yields the step it wants done (an `ApiCall`, a `Sleep`, a
`Gather`, an `Act`), is resumed with the outcome, and returns its result. The drivers in `hitl._flows.drivers` act:
`run` blocks, `run_async` awaits, and the tests play a script against a fake clock. So a retry loop or a wait of three
days is written once for both clients, and tested without a server or a second of sleep.

Flows may use locks: a lock guards memory and is held for microseconds, so it is no I/O. They import nothing else that
acts (sockets, clocks, environment); the contract "Flows decide and never act" in pyproject.toml enforces it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from attrs import frozen

from hitl._engine import Request, Response, TransportResult
from hitl.exceptions import BatchInterrupted, HITLError, NotFoundError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Flow: TypeAlias = Generator["Step", Any, T]
Result: TypeAlias = T | HITLError


class ApiCall(NamedTuple, Generic[T]):
    """Request one HTTP exchange; the flow is resumed with its `TransportResult`."""

    operation: str  # the name used in error messages, such as "create_review"
    request: Request
    decode: Callable[[Response], T]  # reads a successful response; raises UnexpectedResponseError if it does not fit
    is_repeatable: bool  # whether sending it twice has the same effect as sending it once
    not_found: type[NotFoundError] = NotFoundError  # the error for a 404 that carries no code of its own
    timeout: float | None = None  # seconds, from its start to the last byte; None for the client's own
    fresh: bool = False  # whether to use a connection that has carried nothing yet
    can_be_smaller: bool = False  # whether the caller asks for less where a response is too large, as for a page
    answers: int | None = None  # a status of an error that is an answer if its body says `error: false`
    has_lasting_key: bool = True  # False if the same call made again would carry another idempotency key


@frozen
class Clock:
    """The two clocks that flows read: one for their own deadlines, one for the server's dates."""

    monotonic: Callable[[], float]
    epoch: Callable[[], float]


class Wakeup:
    """Ends a `Sleep` early. Any thread may set it, once or more, before or during the sleep."""

    __slots__ = ("_callback", "_is_set")

    def __init__(self) -> None:
        self._is_set = False
        self._callback: Callable[[], object] | None = None

    @property
    def is_set(self) -> bool:
        """True once it was set."""
        return self._is_set

    def set(self) -> None:
        """Wake the sleeper; idempotent."""
        # Each side writes its own half before it reads the other's, so at least one of them sees both.
        self._is_set = True
        if (callback := self._callback) is not None:
            callback()

    def subscribe(self, callback: Callable[[], object]) -> None:
        """Call `callback` when this is set, at once if it is set already."""
        self._callback = callback
        if self._is_set:
            callback()


@frozen(weakref_slot=False)
class Sleep:
    """Be resumed after `seconds`, or as soon as `wakeup` is set; `seconds` may be `inf` only with a wakeup."""

    seconds: float
    wakeup: Wakeup | None = None


@frozen(weakref_slot=False)
class Act:
    """Carry out a function of somebody else's; the flow is resumed with what it returns, and ended by what it raises.

    A coroutine that it returns is awaited, which only the awaiting driver can do. What `blocks`, such as a file or a
    database, is carried out in a thread there.
    """

    function: Callable[[], Any]
    blocks: bool = False


class Flows(Protocol[T_co]):
    """Flows that are read one by one, in one thread or task, which also closes them."""

    def __iter__(self) -> Flows[T_co]: ...

    def __next__(self) -> Flow[T_co]: ...

    def throw(self, error: BaseException, /) -> Flow[T_co] | None:
        """Let the input handle a cancellation that struck between two flows; return the next one if it goes on."""
        ...

    def close(self) -> None: ...


class AsyncFlows(Protocol[T_co]):
    """The same of an asynchronous input, such as a generator that holds a timeout open from one item to the next."""

    def __aiter__(self) -> AsyncFlows[T_co]: ...

    async def __anext__(self) -> Flow[T_co]: ...

    async def athrow(self, error: BaseException, /) -> Flow[T_co] | None: ...

    async def aclose(self) -> None: ...


@frozen
class Gather(Generic[T]):
    """Carry out many flows concurrently; the asking flow is resumed with None when all have ended.

    A flow that fails with a HITLError has the error as its result; the others go on. Any other exception ends them all.

    Attributes:
        flows: Started in this order, each as soon as there is capacity for it, so that a generator of flows never runs
            far ahead.
        limit: The maximum number in progress.
        limit_now: How many may be in progress at present, at least 1; called repeatedly, from any thread.
        on_result: Receives each index and result, in the calling thread or in one task at a time. What it returns is
            yielded where results are streamed.
        interrupted: Returns the exception that reports what was done so far, when Ctrl-C or anything else ends it all.
            Receives the results that came in after that.
    """

    flows: Flows[T] | AsyncFlows[T]
    limit: int
    limit_now: Callable[[], int]
    on_result: Callable[[int, Result[T]], Any]
    interrupted: Callable[[Iterable[tuple[int, Result[T]]]], BatchInterrupted]

    def capacity(self) -> int:
        """Return how many may be in progress at present."""
        return max(1, min(self.limit, self.limit_now()))

    def with_outcomes(self, error: BaseException, late: Iterable[tuple[int, Result[T]]]) -> BaseException:
        """Return what ended it all, with the `outcomes` so far: Ctrl-C as `BatchInterrupted`, all else as it is.

        A cancellation must propagate unchanged, or its owner would not recognise it, and what is the caller's own
        exception stays so; the report is attached to it, and a note.
        """
        report = self.interrupted(late)
        if isinstance(error, KeyboardInterrupt):
            return report
        carrier: Any = error
        with suppress(Exception):  # an exception may take no attributes
            carrier.outcomes = report.outcomes
            carrier.add_note(str(report))
        return error


Step: TypeAlias = ApiCall[Any] | Sleep | Gather[Any] | Act


class Transport(Protocol):
    """What the blocking driver needs of an HTTP client.

    One with a method `interrupt(thread_ids)` is asked to abort the exchanges of these threads when they are cancelled.
    """

    def send(self, call: ApiCall[Any]) -> TransportResult: ...


class AsyncTransport(Protocol):
    """What the awaiting driver needs of an HTTP client."""

    async def send(self, call: ApiCall[Any]) -> TransportResult: ...
