"""The vocabulary in which behaviour is written: flows.

A flow is a generator that decides and never acts. It yields what it wants done (a `Call`, a `Sleep`, a `Together`),
is resumed with the outcome, and returns its result. Drivers act: `hitl._run.run` blocks, `hitl._run.run_async`
awaits, and the tests play a script against a fake clock. So a retry loop or a wait of three days is written once for
both clients, and tested without a server or a second of sleep.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Generator, Iterable, Mapping
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from hitl._json import decode
from hitl.exceptions import HITLError, NotFoundError, Sent

T = TypeVar("T")

Flow: TypeAlias = Generator["Step", Any, T]
Result: TypeAlias = T | HITLError


@frozen
class Answer:
    """An HTTP answer as plain data; header names are lower case.

    Attributes:
        status_code: Any integer that the server sent.
        headers: By lower-case name; several values of one name are joined with a comma.
        content: The body, its content-encoding undone.
        fault: Why the body cannot be trusted, in words, such as a gzip encoding that ends too early; None if it can.
        is_framed: False if the body ended because the connection did, so that a part looks like the whole.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    fault: str | None = None
    is_framed: bool = True

    def json(self) -> Any:
        """Return the decoded body; raise ValueError unless it is whole, and strict JSON in UTF-8."""
        if self.fault is not None:
            raise ValueError(self.fault)
        return decode(self.content)

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status_code < 300


FailureKind: TypeAlias = Literal["refused", "unknown_host", "tls", "timeout", "broken", "stale"]


@frozen
class Failure:
    """No HTTP answer.

    Attributes:
        message: What happened, as a clause without a full stop.
        sent: "no" if not a byte of the request has left, "maybe" if some have, "yes" if an answer had begun.
        kind: "refused": no connection came about. "unknown_host": its name means nothing. "tls": it could not prove
            who it is. "timeout": time ran out. "broken": the connection broke, or what came is no HTTP. "stale": a
            connection that had been used before was closed before a byte of the answer came.
    """

    message: str
    sent: Sent
    kind: FailureKind = "broken"

    @property
    def is_timeout(self) -> bool:
        """True if time ran out."""
        return self.kind == "timeout"


Outcome: TypeAlias = Answer | Failure


@frozen
class Request:
    """An HTTP request as plain data; `path` is already quoted and starts with a slash."""

    method: str
    path: str
    query: Mapping[str, Any] = field(factory=dict[str, Any])
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes | None = field(default=None, repr=False)


@frozen
class Call(Generic[T]):
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
    decode: Callable[[Answer], T]
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


class Bell:
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
    bell: Bell | None = None


@frozen
class Together(Generic[T]):
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


Step: TypeAlias = Call[Any] | Sleep | Together[Any]
