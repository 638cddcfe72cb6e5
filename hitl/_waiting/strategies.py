"""The ways to ask about reviews; `hitl._waiting.schedule` has the table of when each is used."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias

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
FEW: Final = 3  # reviews not seen yet, for the sake of which a list is not read from its beginning
RECONCILE: Final = 300.0  # seconds between two polls of everything where the server has a feed of changes
LONGEST_BETWEEN_HOLDS: Final = 0.25  # seconds between held requests after changes of reviews that nobody waits for

_EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)  # some servers write year 1 for no time at all

Reviews: TypeAlias = Mapping[str, Subscription]


@define
class Backlog:
    """What is to be asked about: `queued` reviews in lists, and those `missing` from a list one by one."""

    reviews: Reviews  # all that are waited for
    queued: dict[str, None] = field(factory=dict[str, None])
    missing: dict[str, None] = field(factory=dict[str, None])
    lists: int = 0  # since a missing review was read
    cursor: str | None = None  # where the feed of changes goes on; None while there is none
    reconcile_at: float = math.inf  # when everything is polled although there is a feed

    def remove(self, review_id: str) -> bool:
        """Ask no more about a review, and return whether it was missing from a list."""
        self.queued.pop(review_id, None)
        return self.missing.pop(review_id, "") is None

    def mark_missing(self, ids: Iterable[str]) -> None:
        """Have reviews read by id that a list should have shown: absence from it proves nothing."""
        for review_id in list(ids):
            self.queued.pop(review_id, None)
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
        if not count:
            return math.inf
        if self.timing.allowed_in() == -math.inf:
            is_due = not backlog.queued
        else:  # where requests are few a read costs as much as a list, so each review gets its share, and no more
            is_due = backlog.lists >= len(backlog.reviews) / count - 1.0
        return -math.inf if is_due else math.inf

    def request(self, left: float) -> PollRequest:
        return GetOne(next(iter(self.backlog.missing)), self.channel, None, self.timing.timeout(left))


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
    """List what was created since the oldest review that is waited for: newest first, and no further than needed."""

    _offset: int = 0
    _pages: int = 0

    def request_for(self, ids: tuple[str, ...], left: float) -> PollRequest:  # noqa: ARG002 - a page shows any
        query: dict[str, Any] = {"limit": CHUNK, **self._since(self.backlog.reviews)}
        return ListMany((), query, self._offset, self.channel, None, self.timing.timeout(left))

    def accept(self, request: ListMany, result: ListResult, found: Collection[str]) -> None:
        """Go on to the next page, or give up what has not been shown."""
        self._pages += 1
        self._offset = result.next_offset or 0
        oldest = request.query.get("created_after")
        is_past_all = oldest and result.reviews and with_zone(result.reviews[-1].created_at) <= oldest
        if result.next_offset is None or is_past_all or self._pages > self._worthwhile_pages():
            self.start_over()
            self.backlog.mark_missing(review_id for review_id in self.backlog.queued if review_id not in found)

    def start_over(self) -> None:
        self._offset = self._pages = 0

    def _worthwhile_pages(self) -> float:
        count = len(self.backlog.reviews)
        is_costly = count > CHUNK and self.timing.is_rate_limited()
        return count / (PER_PAGE_OF_MANY if is_costly else PER_PAGE)


@define
class Refresh(Strategy):
    """Poll everything again: by the growing interval, or to reconcile with a feed of changes."""

    queued: Callable[[int], QueuedReviews]

    def due_in(self) -> float:
        if self.backlog.queued:
            return math.inf
        return (self.timing.poll_at if self.backlog.cursor is None else self.backlog.reconcile_at) - self.timing.now()

    def request(self, left: float) -> PollRequest:
        return self.queued(len(self.backlog.queued)).request(left)
