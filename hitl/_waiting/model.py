"""The words of shared waiting: who waits for what, what is asked next, and what has been learned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from hitl._flows import Wakeup
from hitl.exceptions import HITLError
from hitl.models import Review

# One read that may be held open, one list of changes that may be, one look that is answered at once.
Channel: TypeAlias = Literal["listen", "follow", "look"]
WaitOutcome: TypeAlias = Review | HITLError


@frozen
class GetOne:
    """Read one review; `hold` is for how many seconds the server may keep silent."""

    review_id: str
    slot: Channel
    hold: int | None
    timeout: float


@frozen
class ListMany:
    """Read a list: of these ids if there are any, else of what the query says, from an offset."""

    ids: tuple[str, ...]
    query: Mapping[str, Any]
    offset: int
    slot: Channel
    hold: int | None
    timeout: float


PollRequest: TypeAlias = GetOne | ListMany


@frozen
class ListResult:
    """A list as the server gave it; `cursor` is None if the server does not tell of changes."""

    reviews: list[Review]
    next_offset: int | None
    cursor: str | None


@define
class ServerCapabilities:
    """What the server can do for many waits at once, as far as is known; shared by all places of a client.

    Attributes:
        lists: It has lists that can be read.
        ids: They can be filtered by `ids`; None if nobody knows yet.
        changes: It tells of changes where it says so.
        misfits: Lists that made no sense, in a row.
    """

    lists: bool = True
    ids: bool | None = None
    changes: bool = True
    misfits: int = 0


@define
class WaitCounters:
    """What waiting has cost so far, and what it brought; see `hitl.WaitStats`."""

    polls: int = 0
    held: int = 0
    ended: int = 0
    notified: int = 0
    refused: int = 0


@define(eq=False, weakref_slot=False)
class Waiter:
    """One wait, for one review or for many.

    Attributes:
        ids: What it waits for, also what has ended.
        open: How many of them have not ended.
        poll_interval: Seconds between its first looks.
        joined: When it began.
        wants_news: Whether it is told of changes that do not end a review.
        wants_whole: Whether it may be asked for a review as it was last seen.
        polls_before: Exchanges that had ended when it began.
        found: What has ended, and other changes that it is told of; None if all of that was collected.
        fatal: An error that ends all waits of the client.
        bell: Rung when there is something to collect or to do.
        is_attending: True while its thread or task takes part; an iterator that nobody asks does not.
    """

    ids: tuple[str, ...]
    open: int
    poll_interval: float
    joined: float
    wants_news: bool = False
    wants_whole: bool = False
    polls_before: int = 0
    found: list[tuple[str, WaitOutcome]] | None = None
    fatal: HITLError | None = None
    bell: Wakeup = field(factory=Wakeup)
    is_attending: bool = False

    @property
    def has_something(self) -> bool:
        """True if there is something to collect."""
        return self.found is not None or self.fatal is not None

    def tell(self, review_id: str, what: WaitOutcome) -> None:
        """Give it something to collect."""
        if self.found is None:
            self.found = []
        self.found.append((review_id, what))
        self.bell.set()


@frozen(weakref_slot=False)
class ReviewStub:
    """What is kept of a review that was seen, where that is enough: ten thousand reviews may hold long texts."""

    created_at: datetime
    version: int


@define(eq=False, weakref_slot=False)
class Subscription:
    """One review that is waited for, and by whom.

    Attributes:
        parties: Who waits for it.
        seen: The review as it was last seen, or what was kept of it; None if it was not seen yet.
    """

    parties: list[Waiter]
    seen: Review | ReviewStub | None = None

    @property
    def review(self) -> Review | None:
        """The review as it was last seen, if it was kept."""
        return self.seen if isinstance(self.seen, Review) else None

    def shows(self, review: Review) -> bool:
        """Return whether the review was seen before as it is now."""
        return self.seen.version == review.version if isinstance(self.seen, ReviewStub) else self.seen == review
