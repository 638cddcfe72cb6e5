"""The vocabulary of polling: who waits for which review, what is requested, and what is known of the server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeAlias

from attrs import define, field, frozen

from hitl._calls import Server
from hitl._flows import Clock, Wakeup
from hitl._waiting.arguments import WaitOptions
from hitl._waiting.kinds import Subject
from hitl._waiting.outcomes import WaitOutcome
from hitl._waiting.rate_limit import RateLimitBudget
from hitl.exceptions import HITLError

# At most one request is in flight on each channel. The server may hold "single" and "changes" open; it answers a
# "snapshot" at once.
Channel: TypeAlias = Literal["single", "changes", "snapshot"]


@frozen
class GetOne:
    """Read one review; `hold` is for how many seconds the server may delay its response."""

    review_id: str
    channel: Channel
    hold: int | None
    timeout: float


@frozen
class ListMany:
    """List the reviews with these ids if there are any, else those that match the query, from an offset."""

    ids: tuple[str, ...]
    query: Mapping[str, Any]
    offset: int
    channel: Channel
    hold: int | None
    timeout: float


PollRequest: TypeAlias = GetOne | ListMany


@frozen
class ListResult:
    """A page of a list; `cursor` is None if the server has no feed of changes.

    What `ended` names has ended, but the list does not say how.
    """

    reviews: list[Any]
    next_offset: int | None
    cursor: str | None
    ended: frozenset[str] = frozenset()


@define
class ServerCapabilities:
    """What the server can do for many waits at once, as far as is known."""

    lists: bool = True
    id_filter: bool | None = None  # whether lists can be filtered by `ids`
    change_feed: bool = True  # whether it may be asked for changes if it offers a cursor
    malformed_lists: int = 0  # lists in a row that could not be decoded


@define
class WaitCounters:
    """What waiting has cost so far, and what it brought; see `hitl.WaitStats`."""

    polls: int = 0
    held: int = 0
    hits: int = 0
    notified: int = 0
    refused: int = 0


@frozen
class ClientState:
    """What all pollers of a client share."""

    clock: Clock
    server: Server
    budget: RateLimitBudget
    request_timeout: float
    counters: WaitCounters = field(factory=WaitCounters)


class Watch(Protocol):
    """A stream that is told of webhooks."""

    def apply(self, update: Any) -> bool:
        """Apply what a webhook reports, and return whether it may be of interest."""
        ...

    def interval(self) -> float:
        """Return the seconds between two requests at present."""
        ...

    def close(self) -> None: ...


@define(eq=False, weakref_slot=False)
class Waiter:
    """One wait, for one review or for many, as its poller knows it."""

    ids: tuple[str, ...]  # what it waits for, including what has ended
    options: WaitOptions
    joined: float  # by the monotonic clock
    polls_before: int  # requests that had completed by then
    open_count: int = field(default=0, init=False)  # how many have not ended
    found: list[tuple[str, WaitOutcome]] | None = field(default=None, init=False)  # outcomes and updates to collect
    fatal: HITLError | None = field(default=None, init=False)  # an error that ends all waits of the client
    wakeup: Wakeup | None = field(default=None, init=False)  # None while nobody advances it, as may be with an iterator

    @property
    def has_something(self) -> bool:
        return self.found is not None or self.fatal is not None

    @property
    def wants_content(self) -> bool:
        """True if open reviews are kept whole for it: for `on_update`, or the WaitTimeoutError of a single wait."""
        return self.options.on_update is not None or (self.options.timeout is not None and len(self.ids) == 1)

    def deliver(self, review_id: str, outcome: WaitOutcome) -> None:
        if self.found is None:
            self.found = []
        self.found.append((review_id, outcome))
        self.wake()

    def wake(self) -> None:
        if self.wakeup is not None:
            self.wakeup.set()


@frozen(weakref_slot=False)
class ReviewStub:
    """What is kept of an open review where that is enough: ten thousand reviews may hold long texts."""

    created_at: datetime
    version: int


@define(eq=False, weakref_slot=False)
class Subscription:
    """The waiters for one review, and the review as it was last seen; `seen` is None before that."""

    waiters: list[Waiter]
    seen: Subject | ReviewStub | None = None

    @property
    def created_at(self) -> datetime | None:
        created = None if self.seen is None else self.seen.created_at
        return None if created is None else with_zone(created)


def version_of(review: Subject | ReviewStub) -> Any:
    """Return what grows with every change of a review, as the server sent it; None if it does not count them."""
    return getattr(review, "version", None)


def with_zone(moment: datetime) -> datetime:
    """Return a time that can be compared with others: one without a zone is taken as UTC."""
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
