"""The vocabulary in which behaviour is written: flows.

A flow is a generator that decides and never acts. It yields what it wants done (a `ApiCall`, a `Sleep`, a `Gather`),
is resumed with the outcome, and returns its result. The drivers in `hitl._flows.drivers` act: `run` blocks, `run_async`
awaits, and the tests play a script against a fake clock. So a retry loop or a wait of three days is written once for
both clients, and tested without a server or a second of sleep.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Generator, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import frozen

from hitl._engine import Request, Response
from hitl.exceptions import HITLError, NotFoundError

T = TypeVar("T")

Flow: TypeAlias = Generator["Step", Any, T]
Result: TypeAlias = T | HITLError


@frozen
class ApiCall(Generic[T]):
    """Ask for one HTTP exchange; the flow is resumed with its `Outcome`.

    Attributes:
        operation: The name that errors are told with, such as "create_review".
        request: What to send.
        decode: Reads a successful answer; raises UnexpectedResponseError if it does not fit.
        is_repeatable: True if sending it twice does no more than sending it once.
        not_found: The error for a 404 that carries no code of its own.
        timeout: Seconds for this exchange, from its start to the last byte; None for the client's own.
        fresh: True to use a connection that has carried nothing yet.
        has_lasting_key: False if its idempotency key was drawn for this call alone, so that the same call made again
            would carry another one.
    """

    operation: str
    request: Request
    decode: Callable[[Response], T]
    is_repeatable: bool
    not_found: type[NotFoundError] = NotFoundError
    timeout: float | None = None
    fresh: bool = False
    has_lasting_key: bool = True


@frozen
class Clock:
    """The two clocks that flows read: one for their own deadlines, one for the server's dates."""

    monotonic: Callable[[], float]
    epoch: Callable[[], float]


class Wakeup:
    """Ends a `Sleep` early. Any thread may ring it, and a ring before the sleep begins is not lost."""

    __slots__ = ("_is_rung", "_wake")

    def __init__(self) -> None:
        self._is_rung = False
        self._wake: Callable[[], object] | None = None

    def ring(self) -> None:
        """Wake who sleeps on this bell; more than once is as good as once."""
        # Each side writes its own half before it reads the other's, so one of them sees both.
        self._is_rung = True
        if (wake := self._wake) is not None:
            wake()

    def on_ring(self, wake: Callable[[], object]) -> None:
        """Call `wake` when the bell is rung, at once if it has been."""
        self._wake = wake
        if self._is_rung:
            wake()


@frozen(weakref_slot=False)
class Sleep:
    """Ask to be resumed after that many seconds, or as soon as the bell is rung; only with a bell may it be `inf`."""

    seconds: float
    bell: Wakeup | None = None


@frozen
class Gather(Generic[T]):
    """Ask for many flows; the flow is resumed with their results in the same order.

    A flow that fails with a HITLError leaves the error in its place; the others go on. An interrupt (Ctrl-C) is thrown
    into the asking flow, which may tell what was done so far.

    Attributes:
        flows: Begun in this order, each no sooner than there is room for it, so that a generator of them is never far
            ahead. Iterated in the thread, or the task, of whoever carries the asking flow out.
        limit: How many are under way at most.
        width: How many may be under way just now, at least 1; asked again and again, from any thread.
        record: Takes each index and result as it comes, where `flows` is iterated, instead of the list.
        late: Takes, instead of `record`, what is still heard after an interrupt.
    """

    flows: Iterable[Flow[T]] | AsyncIterable[Flow[T]]
    limit: int
    width: Callable[[], int] | None = None
    record: Callable[[int, Result[T]], Any] | None = None
    late: Callable[[int, Result[T]], Any] | None = None

    def room(self) -> int:
        """Return how many may be under way just now."""
        return self.limit if self.width is None else max(1, min(self.limit, self.width()))


Step: TypeAlias = ApiCall[Any] | Sleep | Gather[Any]
