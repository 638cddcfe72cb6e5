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
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from hitl._waiting.model import Channel, GetOne, ListMany, ListResult, PollRequest, ServerCapabilities, Subscription
from hitl._waiting.strategies import (
    Backlog,
    ChangeFeed,
    ListByDate,
    ListById,
    MissingReviews,
    QueuedReviews,
    Refresh,
    SingleReview,
    Strategy,
)
from hitl._waiting.timing import Timing

RECONCILE: Final = 300.0  # seconds between two polls of everything where the server has a feed of changes
MOST_MALFORMED: Final = 3  # lists in a row that cannot be decoded, after which reviews are read one by one


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
            self._backlog.begin_round()
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
        was_in_round = self._backlog.is_in_round
        is_all = self._accept(request, result, was_held=was_held)
        if is_all or was_in_round > self._backlog.is_in_round:
            self._timing.polled_all(was_held=was_held)
            self._backlog.reconcile_at = self._timing.now() + RECONCILE
        if self._backlog.ended:
            self._timing.allow_now()
        return was_held

    def _accept(self, request: PollRequest, result: ListResult, *, was_held: bool) -> bool:
        """Take what was answered out of the backlog, and return whether that was all there is to ask."""
        if isinstance(request, GetOne):
            was_missing = self._backlog.remove(request.review_id)
            self._backlog.lists *= not was_missing
            return was_missing or request.channel == "single"
        self._server.malformed_lists = 0
        if request.channel == "changes":
            self._changes.accept(result, was_held=was_held)
            return False
        return self._listed(request, result)

    def _listed(self, request: ListMany, result: ListResult) -> bool:
        backlog = self._backlog
        backlog.lists += 1
        if not self.has_feed and self._server.change_feed:
            backlog.cursor = result.cursor  # of the first list: whatever changes after it will be in the feed
        backlog.ended |= dict.fromkeys(each for each in result.ended if each in backlog.reviews)
        found = {review.id for review in result.reviews} | result.ended
        (self._by_id if request.ids else self._by_date).accept(request, result, found)
        backlog.asked(found)
        if not backlog.queued:
            self._by_date.start_over()
        if self._timing.is_rate_limited() and self._missing.is_worth_a_list():
            self._timing.allow_now()  # in addition to the list, so that lists stay evenly spaced
        return len(found) >= len(backlog.reviews) and found.issuperset(backlog.reviews)

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
