"""What is asked next about the reviews that are waited for, and what the answer means for the next request.

The request follows from what is to be asked about and from what the server can do, as far as that is known. The first
strategy in this table that is due sends its request; so the best that the server offers is used.

| to be asked about | server | strategy | request |
|---|---|---|---|
| one review, and no feed is known | any | SingleReview | GET it, held open if the server does that |
| reviews that a list did not show, or not whole | any | MissingReviews | GET one of them |
| a queue of new reviews | no lists | QueuedReviews | GET one of them |
| … of one review | has a feed | QueuedReviews | GET it |
| … of many | filters by `ids`, or not known yet | ListById | list of up to 100 ids |
| … of many | ignores `ids` | ListByDate | next page of what was created since the oldest |
| changes | has a feed | ChangeFeed | list of what changed after the cursor, held open if the server does that |
| all reviews, once more | any | Refresh | puts all into the queue, for the strategies above |

A new strategy is a subclass of `Strategy` and a row: here, and in `_applicable` or `_queued`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
FEW: Final = 3  # reviews not seen yet, for the sake of which a list is not read from its beginning
RECONCILE: Final = 300.0  # seconds between two polls of everything where the server has a feed of changes
LONGEST_BETWEEN_HOLDS: Final = 0.25  # seconds between held requests after changes of reviews that nobody waits for
MOST_MALFORMED: Final = 3  # lists in a row that cannot be decoded, after which reviews are read one by one
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
    cursor: str | None = None  # where the feed of changes goes on; None while there is none
    reconcile_at: float = math.inf  # when everything is polled although there is a feed

    def remove(self, review_id: str) -> bool:
        """Ask no more about a review, and return whether it was missing from a list."""
        self.queued.pop(review_id, None)
        self.ended.pop(review_id, None)
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
        if backlog.ended:  # that request is not wasted
            return -math.inf
        if not count:
            return math.inf
        if self.timing.allowed_in() == -math.inf:
            is_due = not backlog.queued
        else:  # where requests are few a read costs as much as a list, so each review gets its share, and no more
            is_due = backlog.lists >= len(backlog.reviews) / count - 1.0
        return -math.inf if is_due else math.inf

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
        last = result.reviews[-1].created_at if result.reviews else None
        is_past_all = oldest and last and with_zone(last) <= oldest
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


class Schedule:
    """Plans the requests of one poller, which guards it with a lock and owns `reviews`."""

    def __init__(self, reviews: Mapping[str, Subscription], timing: Timing, server: ServerCapabilities) -> None:
        self._timing = timing
        self._server = server
        self._backlog = backlog = Backlog(reviews)
        self._single = SingleReview(backlog, timing)
        self._missing = MissingReviews(backlog, timing)
        self._changes = ChangeFeed(backlog, timing)
        self._each = QueuedReviews(backlog, timing, server)
        self._by_id = ListById(backlog, timing, server)
        self._by_date = ListByDate(backlog, timing, server)
        self._refresh = Refresh(backlog, timing, self._queued)

    def add(self, review_id: str, *, is_known: bool) -> None:
        """Ask about one more review as soon as the rate limit allows; webhooks announce what is known already."""
        if not (is_known and self._timing.has_webhooks):
            self._backlog.queued[review_id] = None

    def remove(self, review_id: str) -> None:
        self._backlog.remove(review_id)

    def poll_now(self, review_id: str) -> None:
        """Ask about a review that is known to have changed, whatever the interval: that request is not wasted."""
        self._backlog.queued[review_id] = None
        self._timing.allow_now()

    @property
    def has_feed(self) -> bool:
        """True if the server reports changes, and is asked for them."""
        return self._backlog.cursor is not None

    def next_request(self, in_flight: Collection[Channel], left: float) -> PollRequest | float:
        """Return what to send now, for a waiter with `left` seconds before its deadline; or when to come back."""
        if "snapshot" in in_flight and (not self.has_feed or "changes" in in_flight):
            return math.inf  # when one of these ends, its waiter comes back or wakes another
        if (blocked := self._timing.blocked_for()) > 0:
            return blocked
        allowed_in = self._timing.allowed_in()
        rows = [(max(allowed_in, strategy.due_in()), strategy) for strategy in self._applicable(in_flight)]
        if any(due <= 0 and strategy is self._refresh for due, strategy in rows):
            # Whichever strategy goes first now: otherwise a busy feed would leave no time for it.
            self._backlog.queued = dict.fromkeys(self._backlog.reviews)
        first = next((strategy for due, strategy in rows if due <= 0), None)
        return min((due for due, _ in rows), default=math.inf) if first is None else first.request(left)

    def _applicable(self, in_flight: Collection[Channel]) -> Sequence[Strategy]:
        if len(self._backlog.reviews) == 1 and not self.has_feed:
            return () if in_flight else (self._single,)
        rows = (self._missing, self._queued(len(self._backlog.queued)), self._changes, self._refresh)
        return [strategy for strategy in rows if strategy.channel not in in_flight]

    def _queued(self, count: int) -> QueuedReviews:
        if not self._server.lists or (count == 1 and self.has_feed):
            return self._each
        return self._by_date if self._server.id_filter is False else self._by_id

    def final_request(self, ids: Sequence[str]) -> PollRequest | None:
        """Return the last request for a wait whose time is up; None if it is not worth one."""
        if not ids or not self._timing.is_final_poll_worthwhile():
            return None
        strategy = self._each if len(ids) == 1 else self._queued(len(ids))
        return strategy.request_for(tuple(ids), 0.0)

    def completed(self, request: PollRequest, result: ListResult, *, has_news: bool) -> bool:
        """Learn from an answer, and return whether the server had held the request."""
        was_held = self._timing.completed(request, has_news=has_news)
        if isinstance(request, GetOne):
            if self._backlog.remove(request.review_id):
                self._backlog.lists = 0
        else:
            self._server.malformed_lists = 0
            if request.channel == "changes":
                self._changes.accept(result, was_held=was_held)
            else:
                self._listed(request, result)
        if self._backlog.ended:
            self._timing.allow_now()
        return was_held

    def _listed(self, request: ListMany, result: ListResult) -> None:
        self._backlog.lists += 1
        if not self.has_feed and self._server.change_feed:
            self._backlog.cursor = result.cursor  # of the first list: whatever changes after it will be in the feed
        self._backlog.ended |= dict.fromkeys(each for each in result.ended if each in self._backlog.reviews)
        found = {review.id for review in result.reviews} | result.ended
        (self._by_id if request.ids else self._by_date).accept(request, result, found)
        for review_id in found:
            self._backlog.queued.pop(review_id, None)
        if not self._backlog.queued:
            self._by_date.start_over()
            self._backlog.reconcile_at = self._timing.now() + RECONCILE

    def malformed(self, request: PollRequest) -> None:
        """Record an answer that could not be decoded."""
        if isinstance(request, GetOne):
            if request.review_id in self._backlog.ended:  # it must not keep the others waiting
                self._backlog.ended.pop(request.review_id)
                self._backlog.mark_missing([request.review_id])
        else:
            self._server.malformed_lists += 1
            self._server.lists = self._server.malformed_lists < MOST_MALFORMED

    def unsupported(self, request: ListMany) -> None:
        """Ask in a plainer way from now on: the server has refused this one."""
        self._timing.refused()
        if request.channel == "changes":
            self._backlog.cursor = None
            self._server.change_feed = False
        elif request.ids and self._server.id_filter is not False:
            self._server.id_filter = False
        else:
            self._server.lists = False
