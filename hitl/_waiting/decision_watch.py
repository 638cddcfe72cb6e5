"""Every decision of a server, in a stream: what is asked next, and what has not been shown yet.

| server | asked | a decision is new |
|---|---|---|
| has a feed of changes | what changed after the cursor, held open if the server does that | always |
| has lists only | sweeps: all pages of what changed since the mark | unless it was seen since then |

A sweep reads a list that changes meanwhile, so it proves nothing about what happens after it began. The mark is a time
by the server's clock, of a change that was seen before the sweep began; it follows one sweep behind. What bears
times around the mark is listed again, and told apart by its digest.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import define, evolve, field

from hitl._flows import ApiCall, Flow, Sleep, Wakeup
from hitl._review import FINAL_STATUSES, Review
from hitl._waiting.arguments import WaitOptions, WebhookUpdate
from hitl._waiting.decision_cursor import (
    DecisionFilter,
    Position,
    changed_at,
    decision_digest,
    short,
)
from hitl._waiting.model import ListMany, ListResult, Waiter, with_zone
from hitl._waiting.poller import is_transient
from hitl._waiting.schedule import CHUNK, MOST_MALFORMED
from hitl._waiting.timing import BETWEEN_HOLDS, Timing
from hitl._waiting.waits import WaitRegistry, list_call
from hitl.exceptions import APIStatusError, AuthenticationError, HITLError, UnexpectedResponseError

OVERLAP: Final = timedelta(seconds=5)  # that clocks of one server may differ by, and a change may be late in a list
FUTURE: Final = timedelta(hours=1)  # a time that is further ahead of our clock is an error of the server's
AFTER_WEBHOOK: Final = 2.0  # seconds until another look, if a list did not show yet what a webhook has reported
_FIRST: Final = "0"  # the cursor of our server's feed before its first change


@define
class _Sweep:
    """One walk through all pages of a list."""

    is_baseline: bool = False  # whether it only finds out what was decided before
    offset: int = 0
    pages: int = 0
    feed: str | None = None  # where the feed of changes goes on that is offered with its first page
    before: datetime | None = None  # the latest change that had happened when it began
    latest: datetime | None = None  # the latest change that it saw
    observed: dict[bytes, datetime | None] = field(factory=dict[bytes, datetime | None])
    _last_ids: tuple[str, ...] = ()
    _without_news: int = 0

    def turn(self, request: ListMany, result: ListResult) -> bool:
        """Go on to the next page; return whether this was the last one.

        Pages overlap by one entry: one that is missing there has been removed from the list or moved, and others have
        taken its place on the page before.
        """
        ids = tuple(review.id for review in result.reviews)
        self.pages += 1
        if not ids or result.next_offset is None:
            return True
        has_slipped = bool(self._last_ids) and self._last_ids[-1] not in ids
        self._without_news = self._without_news + 1 if set(ids) <= set(self._last_ids) else 0
        if self._without_news > 1:
            raise UnexpectedResponseError(
                "the server says that more reviews follow but repeats the same page of the list", sent="yes"
            )
        self.offset = max(0, request.offset - len(ids)) if has_slipped else result.next_offset - (len(ids) > 1)
        self._last_ids = () if has_slipped else ids
        return False


class DecisionWatch:
    """The logic of both iterators, and of `run`: for one thread or task at a time, `apply` and `close` apart."""

    def __init__(self, registry: WaitRegistry, wanted: DecisionFilter, since: Position, poll_interval: float) -> None:
        self._registry = registry
        self._client = client = registry.client
        self._wanted = wanted
        self._position = since
        self._seen: dict[bytes, datetime | None] = dict(since.seen)  # since the position
        self._ready: deque[tuple[bytes, Review]] = deque()
        self._arrived: Position | None = None  # the position as soon as nothing is ready any more
        self._sweep = _Sweep()
        self._latest: datetime | None = None  # the latest change that the sweep before saw
        self._timing = Timing(client)
        self._timing.joined(Waiter((), WaitOptions(None, poll_interval), client.clock.monotonic(), 0))
        self._due_at = -math.inf
        self._malformed = 0
        self._has_feed = True  # as far as is known
        self._filters_time = True
        self._filters = True
        self._is_handing_over = False  # from sweeps to the feed, which shows some once more
        self._is_notified = False  # by a webhook, since the last request began
        self._was_notified = False  # before that
        self._is_closed = False
        self._wakeup: Wakeup | None = None
        registry.add_watch(self)

    @property
    def cursor(self) -> str:
        """From where to go on, after all decisions that were taken."""
        return self._position.text(self._seen)

    def begin(self) -> Flow[None]:
        """Find out where "now" is, unless that is known; a server that cannot be reached is an error."""
        while (self._position.begin == "now" or self._sweep.is_baseline) and not self._is_closed:
            yield from self._send(self._request(), self._registry.exchange, is_patient=False)

    def next(self) -> Flow[Review | None]:
        """Return the next decision; None once the stream is closed."""
        yield from self.begin()
        while not self._is_closed:
            if (review := self._taken()) is not None:
                return review
            if (seconds := self._due_in()) > 0:
                yield Sleep(seconds, self._wakeup)
            elif not self._is_closed:
                yield from self._send(self._request(), self._registry.exchange.once, is_patient=True)
        return None

    def close(self) -> None:
        """End the stream; idempotent, and from any thread."""
        self._is_closed = True
        self._registry.discard_watch(self)
        self._wake()

    def apply(self, update: WebhookUpdate) -> bool:
        """Look at once if a webhook reports a decision: the list has it in its order, and with its position."""
        is_review = isinstance(update, Review)
        status = update.status if is_review else update.get("status")
        if status not in (None, *FINAL_STATUSES) or (is_review and not self._wanted.shows(update)):
            return False
        self._client.counters.notified += 1
        self._timing.webhook_arrived()
        self._is_notified = True
        self._wake()
        return True

    def _wake(self) -> None:
        if (wakeup := self._wakeup) is not None:
            wakeup.set()

    def _taken(self) -> Review | None:
        """Take a decision out of what is ready."""
        found = None
        while self._ready and found is None:
            digest, review = self._ready.popleft()
            if digest not in self._seen:
                self._seen[digest] = changed_at(review)
                found = review
        if not self._ready and (arrived := self._arrived) is not None:
            self._position, self._arrived, self._seen = arrived, None, dict(arrived.seen)
        return found

    # --- what is asked -----------------------------------------------------------------------------------------------

    def _due_in(self) -> float:
        self._wakeup = Wakeup()  # before the flags are read that come with it
        if self._is_closed:
            return 0.0
        blocked = self._timing.blocked_for()
        if self._is_notified:  # a request for the sake of it is not wasted
            return blocked
        return max(self._due_at - self._timing.now(), blocked, self._timing.allowed_in())

    def _request(self) -> ListMany:
        self._was_notified, self._is_notified = self._is_notified, False
        query: dict[str, Any] = {"limit": CHUNK, **(self._wanted.query if self._filters else {})}
        if (feed := self._position.feed) is not None:
            hold, query = self._timing.hold(math.inf), {**query, "changes_after": feed}
            return ListMany((), query, 0, "changes", hold or None, self._timing.timeout(math.inf, hold))
        if self._filters_time and (since := self._horizon(self._position.mark)) is not None:
            query["updated_after"] = since
        return ListMany((), query, self._sweep.offset, "snapshot", None, self._timing.timeout(math.inf))

    def _send(
        self, request: ListMany, exchange: Callable[[ApiCall[ListResult]], Flow[ListResult]], *, is_patient: bool
    ) -> Flow[None]:
        self._timing.began()
        try:
            result: ListResult = yield from exchange(list_call(request))
        except HITLError as error:
            if not self._is_closed:  # closing the client breaks what is in flight
                self._failed(request, error, is_patient=is_patient)
            return
        self._malformed = 0
        self._timing.answered()
        was_held = self._timing.completed(request, has_news=bool(result.reviews))
        self._client.counters.held += was_held
        if request.channel == "changes":
            self._take_changes(request, result, was_held=was_held)
        else:
            self._take_page(request, result)
        self._learn_of_webhooks()

    def _learn_of_webhooks(self) -> None:
        if self._ready:
            if not (self._was_notified or self._is_notified):
                self._timing.webhook_missed()
        elif self._was_notified:  # a list may show later what a webhook has reported
            self._due_at = min(self._due_at, self._timing.now() + AFTER_WEBHOOK)

    def _failed(self, request: ListMany, error: HITLError, *, is_patient: bool) -> None:
        """Ask again, or in a plainer way, or raise the error."""
        self._client.counters.polls += 1
        if is_transient(error, is_known=self._client.server.is_known):
            self._timing.troubled(error)
            self._malformed += isinstance(error, UnexpectedResponseError)
            if not is_patient or self._malformed >= MOST_MALFORMED:
                self._malformed = 0
                raise error
            return
        if isinstance(error, AuthenticationError) or not isinstance(error, APIStatusError):
            raise error
        self._timing.refused()
        if request.channel == "changes":
            self._leave_feed()
            return
        if "updated_after" in request.query:
            self._filters_time = False
        elif self._filters and self._wanted.query:
            self._filters = False
        else:
            raise error
        self._sweep = _Sweep(self._sweep.is_baseline)

    # --- what the answers mean ---------------------------------------------------------------------------------------

    def _take_changes(self, request: ListMany, result: ListResult, *, was_held: bool) -> None:
        asked, cursor, is_last = request.query["changes_after"], result.cursor, result.next_offset is None
        if cursor is None or (cursor == asked and not is_last):  # it has no feed any more, or one that leads nowhere
            self._leave_feed()
            return
        if _is_behind(cursor, asked):  # another database: nothing of it was shown
            self._position, self._seen, self._due_at = Position(feed=_FIRST), {}, -math.inf
            return
        self._is_handing_over &= not is_last
        mark = self._latest_of(self._position.mark, result.reviews)
        self._ready.extend(self._decided(result.reviews))
        pause = BETWEEN_HOLDS if was_held else self._timing.poll_interval()
        self._due_at = self._timing.now() + pause if is_last else -math.inf
        self._arrive(Position(None, cursor, mark, self._seen if self._is_handing_over else {}))

    def _leave_feed(self) -> None:
        """Sweep from now on: what changed since the mark."""
        self._has_feed = False
        self._position, self._sweep = evolve(self._position, feed=None), _Sweep()

    def _take_page(self, request: ListMany, result: ListResult) -> None:
        if not self._sweep.pages:
            self._sweep.feed = result.cursor if self._has_feed else None
            self._sweep.before = self._latest_of(self._latest, result.reviews)
            if self._position.begin is not None and self._has_begun(result):
                return
        sweep, horizon = self._sweep, self._horizon(self._position.mark)
        sweep.latest = self._latest_of(sweep.latest, result.reviews)
        for digest, review in self._decided(result.reviews):
            moment = changed_at(review)
            if horizon is not None and moment is not None and moment <= horizon:  # the server ignores updated_after
                continue
            sweep.observed[digest] = moment
            if not sweep.is_baseline:
                self._ready.append((digest, review))
        try:
            is_over = sweep.turn(request, result)
        except UnexpectedResponseError:
            self._sweep = _Sweep(sweep.is_baseline)
            raise
        self._due_at = -math.inf
        if is_over:
            self._end_sweep(sweep)

    def _has_begun(self, result: ListResult) -> bool:
        """Begin as far as one page allows; return whether there is nothing more to be done with it."""
        begin, latest, is_last = self._position.begin, self._latest_of(None, result.reviews), result.next_offset is None
        if (feed := self._sweep.feed) is not None:
            self._position = Position(feed=_FIRST) if begin == "beginning" else Position(feed=feed, mark=latest)
            self._sweep = _Sweep()
            return True
        self._position = Position(mark=None if begin == "beginning" else latest)
        self._sweep.is_baseline = begin == "now"
        if begin == "beginning" or is_last or latest is None:
            return False
        self._sweep = _Sweep(is_baseline=True)  # only of what changed just before, unless the filter is ignored
        return True

    def _end_sweep(self, sweep: _Sweep) -> None:
        mark = max((each for each in (self._position.mark, sweep.before) if each is not None), default=None)
        self._latest, self._sweep = sweep.latest, _Sweep()
        horizon = self._horizon(mark)
        seen = {
            digest: moment
            for digest, moment in sweep.observed.items()
            if moment is None or horizon is None or moment > horizon
        }
        self._is_handing_over = sweep.feed is not None
        self._due_at = -math.inf if self._is_handing_over else self._timing.poll_at
        self._arrive(Position(None, sweep.feed, mark, seen))

    def _arrive(self, position: Position) -> None:
        """Take up the position as soon as everything before it was taken."""
        self._arrived = position
        if not self._ready:
            self._taken()

    def _decided(self, reviews: Iterable[Review]) -> list[tuple[bytes, Review]]:
        found = [review for review in reviews if review.is_final and self._wanted.shows(review)]
        found.sort(key=lambda review: changed_at(review) or with_zone(review.created_at))  # stable, as in a feed
        return [(short(decision_digest(review)), review) for review in found]

    def _latest_of(self, known: datetime | None, reviews: Iterable[Review]) -> datetime | None:
        """Return the latest change of these reviews, or what is known if that is later."""
        bound = datetime.fromtimestamp(self._client.clock.epoch(), UTC) + FUTURE
        times = [moment for review in reviews if (moment := changed_at(review)) is not None and moment <= bound]
        return max([*times, *([known] if known is not None else ())], default=None)

    @staticmethod
    def _horizon(mark: datetime | None) -> datetime | None:
        try:
            return None if mark is None else mark - OVERLAP
        except OverflowError:  # some servers write year 1 for no time at all
            return None


def _is_behind(cursor: str, asked: str) -> bool:
    """Return whether a feed has gone back; cursors of our server are numbers."""
    return cursor.isdecimal() and asked.isdecimal() and int(cursor) < int(asked)
