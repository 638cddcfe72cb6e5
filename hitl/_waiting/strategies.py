"""The ways to ask about reviews that are waited for; `schedule.py` has the table of when each is used."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from attrs import define, field

from hitl._waiting.model import (
    Channel,
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ServerCapabilities,
    Subscription,
    with_zone,
)
from hitl._waiting.timing import BETWEEN_HOLDS, Timing

CHUNK: Final = 100  # reviews to a list, the greatest page there is
PER_PAGE: Final = 50  # waits that are worth one more page of a list that cannot be filtered by id
PER_PAGE_OF_MANY: Final = 10  # the same for more than a hundred waits, where requests are few
OLDER: Final = 0.3  # times as often as one of the newest, a review further back ends: people answer soon or late
FEW: Final = 3  # reviews not seen yet, for the sake of which a list is not read from its beginning
LONGEST_BETWEEN_HOLDS: Final = 0.25  # seconds between held requests after changes of reviews that nobody waits for
_EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)  # some servers write year 1 for no time at all


@define
class Backlog:
    """What is to be asked about: `queued` reviews in lists, and one by one those `ended` and `missing`.

    A list has shown that the first have ended, and not how; the second it did not show at all.
    """

    reviews: Mapping[str, Subscription]  # all that are waited for
    queued: dict[str, None] = field(factory=dict[str, None])
    missing: dict[str, None] = field(factory=dict[str, None])
    ended: dict[str, None] = field(factory=dict[str, None])
    lists: int = 0  # since a missing review was read
    pages: int = 1  # of the last walk through a list
    cursor: str | None = None  # where the feed of changes goes on; None while there is none
    reconcile_at: float = math.inf  # when everything is polled although there is a feed
    _round: set[str] = field(factory=set[str])  # what was queued together and has not been asked about

    def begin_round(self) -> None:
        """Queue everything that is waited for, behind what is queued already."""
        self._round = set(self.reviews)
        self.queued |= dict.fromkeys(self.reviews)

    @property
    def is_in_round(self) -> bool:
        """True until everything that was queued together has been asked about, whatever joins the queue meanwhile."""
        return bool(self._round)

    def asked(self, ids: Iterable[str]) -> None:
        """Take reviews out of the queue."""
        for review_id in ids:
            self.queued.pop(review_id, None)
            self._round.discard(review_id)

    def remove(self, review_id: str) -> bool:
        """Ask no more about a review, and return whether it was missing from a list."""
        self.asked([review_id])
        self.ended.pop(review_id, None)
        return self.missing.pop(review_id, "") is None

    def mark_missing(self, ids: Iterable[str]) -> None:
        """Have reviews read by id that a list should have shown: absence from it proves nothing."""
        for review_id in list(ids):
            self.asked([review_id])
            if review_id in self.reviews:
                self.missing.setdefault(review_id)


@define
class Strategy:
    """One way to ask."""

    channel: ClassVar[Channel] = "snapshot"
    backlog: Backlog
    timing: Timing

    def due_in(self) -> float:
        """Return in how many seconds it is due: `inf` if there is nothing to ask, `-inf` if there is, at once."""
        raise NotImplementedError

    def request(self, left: float) -> PollRequest:
        """Return the request that is due, for a waiter with `left` seconds before its deadline."""
        raise NotImplementedError


@define
class SingleReview(Strategy):
    """Read the only review that is waited for; the server is asked to hold the read open."""

    channel: ClassVar[Channel] = "single"

    def due_in(self) -> float:
        is_new = bool(self.backlog.queued) or (self.timing.server_holds and self.timing.last_channel != self.channel)
        return -math.inf if is_new else self.timing.poll_at - self.timing.now()

    def request(self, left: float) -> PollRequest:
        hold = self.timing.hold(left)
        return GetOne(next(iter(self.backlog.reviews)), self.channel, hold or None, self.timing.timeout(left, hold))


@define
class MissingReviews(Strategy):
    """Read a review that a list should have shown and did not."""

    def due_in(self) -> float:
        backlog, count = self.backlog, len(self.backlog.missing)
        if backlog.ended:  # that request is not wasted
            return -math.inf
        if not count:
            return math.inf
        is_due = self.is_worth_a_list() if self.timing.is_rate_limited() else not backlog.queued
        return -math.inf if is_due else math.inf

    def is_worth_a_list(self) -> bool:
        """Return whether it is its turn where requests are few, so that a read costs as much as a list."""
        # Each of them is a group of its own, and so is what each page shows; see ListByDate.
        backlog, count = self.backlog, len(self.backlog.missing)
        shown = len(backlog.reviews) - count
        pages = max(backlog.pages, shown / CHUNK)
        return bool(count) and backlog.lists >= math.sqrt(shown * pages / OLDER) / count

    def request(self, left: float) -> PollRequest:
        first = next(iter(self.backlog.ended or self.backlog.missing))
        return GetOne(first, self.channel, None, self.timing.timeout(left))


@define
class ChangeFeed(Strategy):
    """List what has changed since the last list; the server is asked to hold the request until something has."""

    channel: ClassVar[Channel] = "changes"
    _poll_at: float = -math.inf
    _pause: float = BETWEEN_HOLDS

    def due_in(self) -> float:
        return math.inf if self.backlog.cursor is None else self._poll_at - self.timing.now()

    def request(self, left: float) -> PollRequest:
        hold, query = self.timing.hold(left), {"changes_after": self.backlog.cursor, "limit": CHUNK}
        return ListMany((), query, 0, self.channel, hold or None, self.timing.timeout(left, hold))

    def accept(self, result: ListResult, *, was_held: bool) -> None:
        """Go on from the new cursor, at once if there are more changes."""
        wait = self._pause if was_held else self.timing.poll_interval()
        self._poll_at = self.timing.now() + wait if result.next_offset is None else -math.inf
        self.backlog.cursor = result.cursor
        is_ours = any(review.id in self.backlog.reviews for review in result.reviews)
        # Others may change much that nobody here waits for.
        self._pause = BETWEEN_HOLDS if is_ours else min(LONGEST_BETWEEN_HOLDS, 2.0 * self._pause)


@define
class QueuedReviews(Strategy):
    """Ask about the reviews in the queue: read the first of them. Its subclasses list many at once."""

    server: ServerCapabilities

    def due_in(self) -> float:
        return -math.inf if self.backlog.queued else math.inf

    def request(self, left: float) -> PollRequest:
        return self.request_for(tuple(self.backlog.queued), left)

    def request_for(self, ids: tuple[str, ...], left: float) -> PollRequest:
        """Return the request for as many of these reviews as fit."""
        return GetOne(ids[0], self.channel, None, self.timing.timeout(left))

    def _since(self, ids: Iterable[str]) -> dict[str, datetime]:
        """Return the filter for what was created since the oldest of these, if that is known of most."""
        found = [review for review_id in ids if (review := self.backlog.reviews.get(review_id)) is not None]
        times = [created for each in found if (created := each.created_at) is not None]
        if not times or len(found) - len(times) > FEW or (oldest := min(times)) < _EARLIEST:
            return {}
        return {"created_after": oldest - timedelta(seconds=1)}


@define
class ListById(QueuedReviews):
    """List the reviews in the queue by id. A server that ignores the filter shows others."""

    def request_for(self, ids: tuple[str, ...], left: float) -> PollRequest:
        reviews = self.backlog.reviews  # all of them, if that takes no more requests
        ids = tuple(reviews) if self.backlog.cursor is None and len(ids) < len(reviews) <= CHUNK else ids[:CHUNK]
        query: dict[str, Any] = {"limit": CHUNK, "ids": ",".join(ids)}
        if self.server.id_filter is None:
            query |= self._since(ids)
        return ListMany(ids, query, 0, self.channel, None, self.timing.timeout(left))

    def accept(self, request: ListMany, result: ListResult, found: Collection[str]) -> None:
        """Find out whether the server filters by id, and what it did not show."""
        if not set(request.ids).issuperset(found):
            self.server.id_filter = False
            if result.next_offset is not None:
                return  # the filter was ignored: the list is read from its beginning
        elif found:
            self.server.id_filter = True
        self.backlog.mark_missing(review_id for review_id in request.ids if review_id not in found)


@define
class ListByDate(QueuedReviews):
    """List what was created since the oldest review that is waited for: newest first, and no further than needed.

    Where requests are few, pages further back are read less often. The answers of a group of reviews are late by half
    the time between two reads of it, weighed with how many they are; so all are late by the least on average if reads
    are shared out by the square roots of the groups' sizes.
    """

    _offset: int = 0
    _pages: int = 0
    _asked: frozenset[str] = frozenset()  # what was queued when the walk through the pages began
    _turns: Counter[int] = field(factory=Counter[int])  # walks that have ended after so many pages since one went on

    def request_for(self, ids: tuple[str, ...], left: float) -> PollRequest:  # noqa: ARG002 - a page shows any
        if not self._pages:
            self._asked = frozenset(self.backlog.queued)
        query: dict[str, Any] = {"limit": CHUNK, **self._since(self.backlog.reviews)}
        return ListMany((), query, self._offset, self.channel, None, self.timing.timeout(left))

    def accept(self, request: ListMany, result: ListResult, found: Collection[str]) -> None:
        """Go on to the next page, or leave what has not been shown to a later walk, or to be read by id."""
        self._pages += 1
        self._offset = result.next_offset or 0
        rest = [each for each in self.backlog.queued if each in self._asked and each not in found]
        if rest and result.next_offset is not None and not _is_past_all(request, result):
            if self._is_worthwhile(rest, result):
                return
            older, density = self._older(rest, result)
            if density >= 1.0:  # fewer requests than to read them by id
                if self._is_due(density, found):
                    if self._pages == 1:  # in addition to the list, so that lists stay evenly spaced
                        self.timing.allow_now()
                    return
                self.backlog.asked(older)
                rest = [each for each in rest if each not in older]
        self.backlog.pages = self._pages
        self.start_over()
        self.backlog.mark_missing(rest)

    def start_over(self) -> None:
        self._offset = self._pages = 0

    def _is_worthwhile(self, rest: Iterable[str], result: ListResult) -> bool:
        """Return whether the next page is worth a request, where nothing says on which page a review is."""
        count = len(self.backlog.reviews)
        if not self.timing.is_rate_limited():
            return self._pages <= count / PER_PAGE
        has_dates = _created(result.reviews[0]) != _created(result.reviews[-1])  # not all created at one moment
        if has_dates and all(self.backlog.reviews[each].created_at is not None for each in rest):
            return False
        return self._pages <= count / (PER_PAGE_OF_MANY if count > CHUNK else PER_PAGE)

    def _older(self, rest: Iterable[str], result: ListResult) -> tuple[set[str], float]:
        """Return which reviews are on the pages to come, and how many of them the best next pages show, each.

        The pages to come are taken to reach back as far as this one does.
        """
        first, last = _created(result.reviews[0]), _created(result.reviews[-1])
        if first is None or last is None or first <= last or not self.timing.is_rate_limited():
            return set(), 0.0
        span = first - last
        created = ((each, self.backlog.reviews[each].created_at) for each in rest)
        older = {each: last - moment for each, moment in created if moment is not None and moment <= last}
        pages = sorted(max(1, math.ceil(age / span)) for age in older.values())
        return set(older), max((count / page for count, page in enumerate(pages, 1)), default=0.0)

    def _is_due(self, density: float, found: Iterable[str]) -> bool:
        """Return whether it is the next page's turn to be read."""
        shown = sum(each in self.backlog.reviews for each in found)
        self._turns[self._pages] += 1
        if self._turns[self._pages] < math.sqrt(shown / (OLDER * density)):
            return False
        self._turns[self._pages] = 0
        return True


@define
class Refresh(Strategy):
    """Poll everything again: by the growing interval, or to reconcile with a feed of changes."""

    queued: Callable[[int], QueuedReviews]

    def due_in(self) -> float:
        if self.backlog.is_in_round:
            return math.inf
        return (self.timing.poll_at if self.backlog.cursor is None else self.backlog.reconcile_at) - self.timing.now()

    def request(self, left: float) -> PollRequest:
        return self.queued(len(self.backlog.queued)).request(left)


def _is_past_all(request: ListMany, result: ListResult) -> bool:
    """Return whether a page ends before the oldest review that is waited for, which a server may ignore."""
    oldest, last = request.query.get("created_after"), _created(result.reviews[-1]) if result.reviews else None
    return oldest is not None and last is not None and last <= oldest


def _created(review: Any) -> datetime | None:
    return None if review.created_at is None else with_zone(review.created_at)
