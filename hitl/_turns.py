"""The words of shared waiting: who waits for what, what is asked next, and what has been learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from hitl._flow import Bell
from hitl.exceptions import HITLError
from hitl.models import Review

# One read that may be held open, one list of changes that may be, one look that is answered at once.
Slot: TypeAlias = Literal["listen", "follow", "look"]
Ending: TypeAlias = Review | HITLError


@frozen
class Read:
    """Read one review; `hold` is for how many seconds the server may keep silent."""

    review_id: str
    slot: Slot
    hold: int | None
    timeout: float


@frozen
class Look:
    """Read a list: of these ids if there are any, else of what the query says, from an offset."""

    ids: tuple[str, ...]
    query: Mapping[str, Any]
    offset: int
    slot: Slot
    hold: int | None
    timeout: float


Turn: TypeAlias = Read | Look


@frozen
class Listing:
    """A list as the server gave it; `cursor` is None if the server does not tell of changes."""

    reviews: list[Review]
    next_offset: int | None
    cursor: str | None


@define
class Ways:
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
class Counts:
    """What waiting has cost so far, and what it brought; see `hitl.WaitStats`."""

    polls: int = 0
    held: int = 0
    ended: int = 0
    notified: int = 0
    refused: int = 0


@define(eq=False)
class Party:
    """One wait, for one review or for many.

    Attributes:
        open: The ids that have not ended.
        poll_interval: Seconds between its first looks.
        joined: When it began.
        wants_news: Whether it is told of changes that do not end a review.
        polls_before: Exchanges that had ended when it began.
        ended: What has ended and was not collected yet.
        news: Other changes that were not collected yet.
        fatal: An error that ends all waits of the client.
        bell: Rung when there is something to collect or to do.
        is_attending: True while its thread or task takes part; an iterator that nobody asks does not.
    """

    open: dict[str, None]
    poll_interval: float
    joined: float
    wants_news: bool = False
    polls_before: int = 0
    ended: list[tuple[str, Ending]] = field(factory=list[tuple[str, Ending]])
    news: list[Review] = field(factory=list[Review])
    fatal: HITLError | None = None
    bell: Bell = field(factory=Bell)
    is_attending: bool = False

    @property
    def has_something(self) -> bool:
        """True if there is something to collect."""
        return bool(self.ended or self.news or self.fatal)


@define(eq=False)
class Watch:
    """One review that is waited for, as it was last seen, and by whom."""

    parties: list[Party]
    review: Review | None = None
