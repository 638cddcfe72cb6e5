"""What is asked next about the reviews that are waited for, and when.

The best that the server offers is used. One review is read, and the server is asked to hold the read open. Many are
listed: by id, or by when they were created where the server ignores the ids; then the list of changes is followed
where the server has one, held open where it does that. What a list does not show is read by itself: absence from a
list says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hitl._flows import Clock
from hitl._waiting.model import (
    Channel,
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ServerCapabilities,
    Subscription,
    Waiter,
)
from hitl._waiting.rate_limit import RateLimitBudget

HOLD: Final = 25  # seconds that a read is asked to stay open; proxies commonly cut at 30 or 60
LONGEST_HOLD: Final = 55  # the same, where the rate limit allows no more than one request in that time
BETWEEN_HOLDS: Final = 0.03  # seconds between held reads: changes that come together are told together
LONGEST_BETWEEN_HOLDS: Final = 0.25  # the same, after changes of reviews that nobody waits for
SHORTEST_HOLD: Final = 1.0  # seconds; a read that came back sooner and empty was not held, whatever the server says
SLOWEST: Final = 10.0  # seconds between two reads, where nothing else slows them down
GROWTH: Final = 1.5  # the factor between two pauses
OVERSHOOT: Final = 0.15  # seconds that the last look may take after the deadline; 0.25 are promised
CHUNK: Final = 100  # reviews to a list, the greatest page there is
PER_PAGE: Final = 50  # waits that are worth one more page of a list that cannot be filtered by id
PER_PAGE_OF_MANY: Final = 10  # the same for more than a hundred waits, where requests are few
FEW: Final = 3  # reviews of which nothing is known, for the sake of which a list is not walked from its beginning
RECONCILE: Final = 300.0  # seconds between two full looks where the server tells of changes
MISSES: Final = 2  # endings that `notify` did not tell of, after which it is not relied on
NOTIFIED: Final = (60.0, 900.0)  # shortest and longest pause between two looks while `notify` is relied on
NOTIFIED_FACTOR: Final = 10.0  # times the pace that the rate limit allows
MISFITS: Final = 3  # lists that make no sense, after which reviews are read one by one

_EARLIEST: Final = datetime(2, 1, 1, tzinfo=UTC)  # some servers write year 1 for no time at all


def instant(moment: datetime) -> datetime:
    """Return a time that can be compared with others: one that came without a zone is taken as UTC."""
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


class Schedule:
    """The questions of one place, in the order and at the pace in which they are asked. It guards nothing by itself."""

    def __init__(
        self,
        watches: Mapping[str, Subscription],
        clock: Clock,
        budget: RateLimitBudget,
        ways: ServerCapabilities,
        request_timeout: float,
    ) -> None:
        self._watches = watches
        self._clock = clock
        self._budget = budget
        self._ways = ways
        self._request_timeout = request_timeout
        self._queue: dict[str, None] = {}  # to be looked at now
        self._doubtful: dict[str, None] = {}  # not in a list where they should be: to be read one by one
        self._lists = 0  # since one of them was read
        self._offset = 0
        self._pages = 0
        self._cursor: str | None = None
        self._began = -math.inf  # when the last exchange did
        self._ended = -math.inf
        self._last_slot: Channel | None = None
        self._look_at = -math.inf
        self._follow_pause = BETWEEN_HOLDS
        self._follow_at = -math.inf
        self._full_look_at = math.inf
        self._fault_until = -math.inf
        self._patience_since = -math.inf
        self._youngest: dict[float, float] = {}  # by poll interval, when the last party with it joined
        self._is_notified = False
        self._misses = 0

    # --- what there is to ask about ---

    def add(self, review_id: str, *, is_known: bool) -> None:
        """Look at one more review as soon as the rate limit allows."""
        if not (is_known and self._is_notice_trusted):
            self._queue[review_id] = None

    def forget(self, review_id: str) -> None:
        """Ask no more about a review."""
        self._queue.pop(review_id, None)
        self._doubtful.pop(review_id, None)

    def joined(self, party: Waiter) -> None:
        """Begin again with short pauses, for somebody who has just begun to wait."""
        self._youngest[party.poll_interval] = party.joined

    def ask_at_once(self, review_id: str) -> None:
        """Ask about a review that is known to have changed: one request for that is no waste."""
        self._queue[review_id] = None
        self._began = -math.inf

    def trust_notice(self, *, is_trusted: bool) -> None:
        """Take note that `notify` has told of an ending, or that it has failed to."""
        if is_trusted:
            self._is_notified, self._misses = True, 0
        else:
            self._misses += 1

    @property
    def is_told_of_changes(self) -> bool:
        """True if the server tells of changes, and is asked for them."""
        return self._cursor is not None

    # --- the next question ---

    def turn(self, busy: Collection[Channel], left: float) -> PollRequest | float:
        """Return what to ask now, or in how many seconds to come again.

        Args:
            busy: What is under way.
            left: Seconds that the one who asks has left.
        """
        if "look" in busy and (self._cursor is None or "follow" in busy):
            return math.inf  # whoever ends one of these asks again, or has another do it
        now, wall = self._clock.monotonic(), self._clock.epoch()
        blocked = max(self._fault_until - now, self._budget.suspended(wall))
        if blocked > 0:
            return blocked
        pace = self._budget.pace(wall)
        # Where the limit is what slows us down, every request keeps the pace, also the first about a new review.
        to_pace = self._began + pace - now if pace > self._own_interval(now) else -math.inf
        hold = self._hold(left, pace)
        if len(self._watches) == 1 and self._cursor is None:
            return self._single(busy, left, to_pace, hold)
        due = math.inf
        for turn in (
            self._queued(busy, left, to_pace),
            self._follow(busy, left, to_pace, hold),
            self._tick(busy, left, to_pace),
        ):
            if isinstance(turn, GetOne | ListMany):
                return turn
            due = min(due, turn)
        return due

    def last_look(self, ids: Sequence[str]) -> PollRequest | None:
        """Return the look to be taken at these when somebody's time is up; None where it is not worth a request."""
        now, wall = self._clock.monotonic(), self._clock.epoch()
        pace = self._budget.pace(wall)
        enough = pace / 2 if pace > self._own_interval(now) else BETWEEN_HOLDS
        if not ids or now - self._ended < enough or self._budget.suspended(wall):
            return None
        if len(ids) == 1 or not self._ways.lists:
            return GetOne(ids[0], "look", None, OVERSHOOT)
        return self._list(tuple(ids[:CHUNK]), 0.0)

    def began(self) -> None:
        """Take note that an exchange begins now."""
        self._began = self._clock.monotonic()

    def has_looked_since(self, moment: float) -> bool:
        """Return whether an exchange has ended that began after that."""
        return self._ended >= self._began >= moment

    def next_look(self) -> float:
        """Return in how many seconds the next look is due."""
        now, wall = self._clock.monotonic(), self._clock.epoch()
        return max(0.0, self._look_at - now, self._began + self._budget.pace(wall) - now, self._budget.suspended(wall))

    def interval(self) -> float:
        """Return the seconds between two looks, as things are."""
        return max(self._interval(self._clock.monotonic()), self._budget.pace(self._clock.epoch()))

    def _single(self, busy: Collection[Channel], left: float, to_pace: float, hold: int) -> PollRequest | float:
        if busy:
            return math.inf
        is_first = bool(self._queue) or (self._budget.server.honours_wait and self._last_slot != "listen")
        due = max(to_pace, -math.inf if is_first else self._look_at - self._clock.monotonic())
        if due > 0:
            return due
        return GetOne(next(iter(self._watches)), "listen", hold or None, self._timeout(hold, left))

    def _queued(self, busy: Collection[Channel], left: float, to_pace: float) -> PollRequest | float:
        if "look" in busy:
            return math.inf
        # Where requests are few, a single read is as much as a list: each review gets its share, however many are new.
        share = len(self._watches) / max(1, len(self._doubtful)) - 1.0
        if self._doubtful and (self._lists >= share if to_pace > -math.inf else not self._queue):
            if to_pace > 0:
                return to_pace
            return GetOne(next(iter(self._doubtful)), "look", None, self._timeout(0, left))
        if self._queue:
            return to_pace if to_pace > 0 else self._list(tuple(self._queue), left)
        return math.inf

    def _follow(self, busy: Collection[Channel], left: float, to_pace: float, hold: int) -> PollRequest | float:
        if self._cursor is None or "follow" in busy:
            return math.inf
        due = max(to_pace, self._follow_at - self._clock.monotonic())
        if due > 0:
            return due
        query = {"changes_after": self._cursor, "limit": CHUNK}
        return ListMany((), query, 0, "follow", hold or None, self._timeout(hold, left))

    def _tick(self, busy: Collection[Channel], left: float, to_pace: float) -> PollRequest | float:
        if "look" in busy or self._queue:
            return math.inf
        look_at = self._look_at if self._cursor is None else self._full_look_at
        due = max(to_pace, look_at - self._clock.monotonic())
        if due > 0:
            return due
        self._queue = dict.fromkeys(self._watches)
        return self._list(tuple(self._queue), left)

    def _list(self, ids: tuple[str, ...], left: float) -> PollRequest:
        """Return the look at these ids, or at the first of them."""
        timeout = self._timeout(0, left)
        if not self._ways.lists or (len(ids) == 1 and self._cursor is not None):
            return GetOne(ids[0], "look", None, timeout)
        chunk = self._filled(ids[:CHUNK]) if self._ways.ids is not False else ()
        query: dict[str, Any] = {"limit": CHUNK}
        if chunk:
            query["ids"] = ",".join(chunk)
        if self._ways.ids is not True and (oldest := self._oldest(chunk or self._watches)) is not None:
            query["created_after"] = oldest
        return ListMany(chunk, query, 0 if chunk else self._offset, "look", None, timeout)

    def _filled(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Add what else is open, if all of it fits into the same request."""
        if self._cursor is None and len(ids) < len(self._watches) <= CHUNK:
            return tuple(self._watches)
        return ids

    def _oldest(self, ids: Iterable[str]) -> datetime | None:
        """Return a moment before the oldest of these was created; None if that is not known of most."""
        oldest: datetime | None = None
        unknown = 0
        for review_id in ids:
            watch = self._watches.get(review_id)
            if watch is None or watch.seen is None:
                unknown += 1
            else:
                created = instant(watch.seen.created_at)
                oldest = created if oldest is None else min(oldest, created)
        return None if oldest is None or unknown > FEW or oldest < _EARLIEST else oldest - timedelta(seconds=1)

    def _hold(self, left: float, pace: float) -> int:
        longest = max(HOLD, min(LONGEST_HOLD, pace))
        if not self._budget.server.honours_wait:
            longest = min(longest, self._request_timeout)  # it may be a server that just does not answer
        return int(max(0.0, min(longest, left)))  # whole seconds, rounded down: back before the deadline

    def _timeout(self, hold: int, left: float) -> float:
        silent = hold + self._request_timeout if self._budget.server.honours_wait else self._request_timeout
        return min(max(silent, hold + 5.0), left + OVERSHOOT)

    def _interval(self, now: float) -> float:
        """Return the seconds between two looks, but for the rate limit."""
        if not self._is_notice_trusted:
            return self._own_interval(now)
        shortest, longest = NOTIFIED
        return min(longest, max(shortest, NOTIFIED_FACTOR * self._budget.pace(self._clock.epoch())))

    def _own_interval(self, now: float) -> float:
        # Pauses that grow by half, and begin anew with each wait, are half as long as the youngest wait is old.
        intervals = (
            max(first, min(SLOWEST, first + (GROWTH - 1.0) * (now - max(joined, self._patience_since))))
            for first, joined in self._youngest.items()
        )
        return min(intervals, default=SLOWEST)

    @property
    def _is_notice_trusted(self) -> bool:
        return self._is_notified and self._misses < MISSES

    # --- what came of it ---

    def answered(self, turn: PollRequest, *, is_news: bool) -> bool:
        """Plan the next question, and return whether the server had held this one."""
        now = self._clock.monotonic()
        took = now - self._began
        was_held = bool(turn.hold) and self._budget.server.honours_wait and (is_news or took >= SHORTEST_HOLD)
        if was_held:
            self._patience_since = now
        if turn.slot == "follow":
            self._follow_at = now + (self._follow_pause if was_held else self._interval(now))
        else:
            self._look_at = now + (BETWEEN_HOLDS if was_held else self._interval(now))
        self._ended, self._last_slot = now, turn.slot
        return was_held

    def read(self, turn: GetOne) -> None:
        """Take note that a review was read by itself."""
        self._queue.pop(turn.review_id, None)
        if self._doubtful.pop(turn.review_id, "") is None:
            self._lists = 0

    def listed(self, turn: ListMany, listing: ListResult) -> None:
        """Take note of a list, and find out which reviews it should have shown and did not."""
        self._ways.misfits = 0
        if turn.slot == "follow":
            self._followed(listing)
            return
        self._lists += 1
        if self._cursor is None and self._ways.changes:
            self._cursor = listing.cursor  # of the first look: whatever changes after it will be told
        found = {review.id for review in listing.reviews}
        if turn.ids:
            self._by_id(turn, listing, found)
        else:
            self._by_page(turn, listing, found)
        for review_id in found:
            self._queue.pop(review_id, None)
        if not self._queue:
            self._offset = self._pages = 0
            self._full_look_at = self._clock.monotonic() + RECONCILE

    def _followed(self, listing: ListResult) -> None:
        self._cursor = listing.cursor
        is_ours = any(review.id in self._watches for review in listing.reviews)
        # Others may change much that nobody here waits for.
        self._follow_pause = BETWEEN_HOLDS if is_ours else min(LONGEST_BETWEEN_HOLDS, 2.0 * self._follow_pause)
        if listing.next_offset is not None:
            self._follow_at = -math.inf

    def _by_id(self, turn: ListMany, listing: ListResult, found: Collection[str]) -> None:
        if not set(turn.ids).issuperset(found):
            self._ways.ids = False
            if listing.next_offset is not None:
                return  # the filter was ignored: the list is walked from its beginning
        elif found:
            self._ways.ids = True
        self._doubt(review_id for review_id in turn.ids if review_id not in found)

    def _by_page(self, turn: ListMany, listing: ListResult, found: Collection[str]) -> None:
        self._pages += 1
        self._offset = listing.next_offset or 0
        # The list begins with the newest: sooner or later it has come to what is older than all that waits.
        oldest = turn.query.get("created_after")
        is_past_all = oldest is not None and bool(listing.reviews) and instant(listing.reviews[-1].created_at) <= oldest
        if listing.next_offset is None or is_past_all or self._pages > self._worthwhile_pages():
            self._offset = self._pages = 0
            self._doubt(review_id for review_id in self._queue if review_id not in found)

    def _worthwhile_pages(self) -> float:
        count = len(self._watches)
        is_limited = self._budget.pace(self._clock.epoch()) > self._own_interval(self._clock.monotonic())
        return count / PER_PAGE_OF_MANY if is_limited and count > CHUNK else count / PER_PAGE

    def _doubt(self, ids: Iterable[str]) -> None:
        for review_id in list(ids):
            self._queue.pop(review_id, None)
            if review_id in self._watches:
                self._doubtful.setdefault(review_id)

    def failed(self, retry_after: float | None) -> None:
        """Take note of a passing fault: everything pauses."""
        now = self._clock.monotonic()
        self._ended = now
        self._fault_until = now + max(min(SLOWEST, self._interval(now)), retry_after or 0.0)

    def misfit(self) -> None:
        """Take note of a list that made no sense."""
        self._ways.misfits += 1
        self._ways.lists = self._ways.misfits < MISFITS

    def do_without(self, turn: ListMany) -> None:
        """Ask in a plainer way from now on: the server has refused this one."""
        self._ended = self._clock.monotonic()
        if turn.slot == "follow":
            self._cursor = None
            self._ways.changes = False
        elif turn.ids and self._ways.ids is not False:
            self._ways.ids = False
        else:
            self._ways.lists = False
