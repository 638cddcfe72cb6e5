"""Every decision of a server, in a stream: what is asked next, and what has not been shown yet.

| server | asked | a decision is new |
|---|---|---|
| has a feed of changes | what changed after the cursor, held open if the server does that | always |
| has lists only | sweeps: all pages of what changed since the mark | unless it was seen since then |

A sweep reads a list that changes meanwhile, so it proves nothing about what happens after it began. The mark is a time
by the server's clock, of a change that was seen before the sweep began; so it follows one sweep behind. What bears
times around the mark is listed again, and told apart by its digest.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeAlias

from attrs import evolve

from hitl._api import Page, PageRequest, PageWalk, UnreadableEntry, entry, operations
from hitl._engine import Response
from hitl._flows import ApiCall, Flow, Sleep, Wakeup
from hitl._json import Object
from hitl._review import FINAL_STATUSES, Review
from hitl._waiting.arguments import WaitOptions
from hitl._waiting.decision_cursor import DecisionFilter, Position, changed_at, decision_digest, short
from hitl._waiting.model import ListMany, Waiter, with_zone
from hitl._waiting.poller import is_transient
from hitl._waiting.schedule import MOST_MALFORMED
from hitl._waiting.strategies import CHUNK
from hitl._waiting.timing import BETWEEN_HOLDS, Timing
from hitl._waiting.waits import WaitRegistry
from hitl.exceptions import APIStatusError, AuthenticationError, HITLError, UnexpectedResponseError

OVERLAP: Final = timedelta(seconds=5)  # that clocks of one server may differ by, and a change may be late in a list
FUTURE: Final = timedelta(hours=1)  # a time that is further ahead of our clock is an error of the server's
AFTER_WEBHOOK: Final = 2.0  # seconds until another look, if a list did not show yet what a webhook has reported
_OPTIONAL: Final = ("metadata", "changes_after", "updated_after", "template_id")  # what fewest servers know is first
_FIRST: Final = "0"  # the cursor of the feed before its first change; see openapi.yaml
_TAKEN: Final[Any] = None
_LAST: Final = datetime.max.replace(tzinfo=UTC)

Entry: TypeAlias = Review | UnreadableEntry
Listed: TypeAlias = tuple[Page[Review], str | None]  # a page, and where the feed of changes goes on
Ask: TypeAlias = Callable[[ApiCall[Listed]], Flow[Listed]]


class _Sweep:
    """One walk through all pages of a list."""

    def __init__(self, *, is_baseline: bool = False) -> None:
        self.is_baseline = is_baseline  # whether it only finds out what was decided before
        self.walk: PageWalk[Review] = PageWalk(CHUNK)
        self.has_begun = False
        self.feed: str | None = None  # where the feed of changes goes on that is offered with its first page
        self.before: datetime | None = None  # the latest change that had happened when it began
        self.latest: datetime | None = None  # the latest change that it saw
        self.observed: dict[bytes, datetime | None] = {}

    def new_entries(self, count: int) -> list[Entry]:
        """Return what the walk met after so many; it keeps the places only, since there may be many."""
        found = self.walk.items[count:]
        self.walk.items[count:] = [_TAKEN] * len(found)
        return found


class DecisionWatch:
    """The logic of both iterators, and of `run`: for one thread or task at a time, `apply` and `close` apart."""

    def __init__(self, registry: WaitRegistry, wanted: DecisionFilter, since: Position, poll_interval: float) -> None:
        self._registry = registry
        self._client = client = registry.client
        self._wanted = wanted
        self._position = since
        self._seen: dict[bytes, datetime | None] = dict(since.seen)  # since the position
        self._ready: deque[tuple[bytes, Entry]] = deque()
        self._arrived: Position | None = None  # the position as soon as nothing is ready any more
        self._sweep = _Sweep()
        self._latest: datetime | None = None  # the latest change that the sweep before saw
        self._timing = Timing(client)
        self._timing.joined(Waiter((), WaitOptions(None, poll_interval), client.clock.monotonic(), 0))
        self._due_at = -math.inf
        self._malformed = 0
        self._limit = CHUNK  # changes to a page of the feed; fewer after one that was too large
        self._has_feed = True  # as far as is known
        self._unknown: set[str] = set()  # parameters that the server has refused
        self._is_handing_over = False  # from sweeps to the feed, which shows some once more
        self._is_notified = self._was_notified = False  # by a webhook, since the last request began, and before that
        self.is_closed = False
        self._wakeup: Wakeup | None = None
        registry.add_watch(self)

    @property
    def cursor(self) -> str:
        """From where to go on, after all decisions that were taken."""
        return self._position.text(self._seen)

    def interval(self) -> float:
        """Return the seconds between two requests at present."""
        return self._timing.interval()

    def begin(self) -> Flow[None]:
        """Find out where "now" is, unless that is known; a server that cannot be reached is an error."""
        while (self._position.begin == "now" or self._sweep.is_baseline) and not self.is_closed:
            yield from self._send(self._registry.exchange, is_patient=False)

    def next(self) -> Flow[Review | None]:
        """Return the next decision; None once the stream is closed."""
        yield from self.begin()
        while not self.is_closed:
            if (review := self._taken()) is not None:
                return review
            if (seconds := self._due_in()) > 0:
                self._registry.warn_if_late()
                yield Sleep(seconds, self._wakeup)
            elif not self.is_closed:
                yield from self._send(self._registry.exchange.once, is_patient=True)
        return None

    def close(self) -> None:
        """End the stream; idempotent, and from any thread."""
        self.is_closed = True
        self._registry.discard_watch(self)
        self._wake()

    def apply(self, update: Review | Object) -> bool:
        """Look at once if a webhook reports a decision: the list has it in its order, and with its position."""
        status = update.status if isinstance(update, Review) else update.get("status")
        if status not in (None, *FINAL_STATUSES) or (isinstance(update, Review) and not self._wanted.shows(update)):
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
        """Take a decision out of what is ready; one that cannot be read is an error, once."""
        found: Entry | None = None
        while self._ready and found is None:
            digest, each = self._ready.popleft()
            if digest not in self._seen:
                self._seen[digest] = changed_at(each) if isinstance(each, Review) else None
                found = each
                self._client.counters.hits += isinstance(each, Review)
        if not self._ready and (arrived := self._arrived) is not None:
            self._position, self._arrived, self._seen = arrived, None, dict(arrived.seen)
        return None if found is None else entry(found)

    # --- what is asked -----------------------------------------------------------------------------------------------

    def _due_in(self) -> float:
        self._wakeup = Wakeup()  # before the flags are read that come with it
        if self.is_closed:
            return 0.0
        blocked = self._timing.blocked_for()
        if self._is_notified:  # a request for the sake of it is not wasted
            return blocked
        return max(self._due_at - self._timing.now(), blocked, self._timing.allowed_in())

    def _request(self) -> tuple[ListMany, PageRequest]:
        self._was_notified, self._is_notified = self._is_notified, False
        query = self._query()
        if self._position.feed is not None:
            hold = self._timing.hold(math.inf)
            timeout = self._timing.timeout(math.inf, hold)
            asked = PageRequest(self._limit)
            return ListMany((), query, 0, "changes", hold or None, timeout), asked
        asked = self._sweep.walk.next or PageRequest(CHUNK)
        return ListMany((), query, asked.offset, "snapshot", None, self._timing.timeout(math.inf)), asked

    def _query(self) -> Object:
        feed = self._position.feed
        place = {"changes_after": feed, "updated_after": None if feed else _horizon(self._position.mark)}
        query = {**self._wanted.query, **place}
        return {name: value for name, value in query.items() if value is not None and name not in self._unknown}

    def _send(self, ask: Ask, *, is_patient: bool) -> Flow[None]:
        request, asked = self._request()
        self._timing.began()
        try:
            page, cursor = yield from ask(_call(request, asked))
        except HITLError as error:
            if not self.is_closed:  # closing the client breaks what is in flight
                self._failed(request, asked, error, is_patient=is_patient)
            return
        self._malformed = 0
        self._timing.answered()
        was_held = self._timing.completed(request, has_news=bool(page.items))
        self._client.counters.held += was_held
        if request.channel == "changes":
            self._take_changes(request.query["changes_after"], page, cursor, was_held=was_held)
        else:
            self._take_page(asked, page, cursor)
        self._learn_of_webhooks()

    def _learn_of_webhooks(self) -> None:
        if self._ready:
            if not (self._was_notified or self._is_notified):
                self._timing.webhook_missed()
        elif self._was_notified:  # a list may show later what a webhook has reported
            self._due_at = min(self._due_at, self._timing.now() + AFTER_WEBHOOK)

    def _failed(self, request: ListMany, asked: PageRequest, error: HITLError, *, is_patient: bool) -> None:
        """Ask again, or for less, or in a plainer way; or raise the error."""
        self._client.counters.polls += 1
        if isinstance(error, UnexpectedResponseError) and error.is_too_large:
            self._ask_for_less(request, asked, error)
        elif is_transient(error, is_known=self._client.server.is_known):
            self._timing.troubled(error)
            self._malformed += isinstance(error, UnexpectedResponseError)
            if not is_patient or self._malformed >= MOST_MALFORMED:
                self._malformed = 0
                raise error
        elif isinstance(error, AuthenticationError) or not isinstance(error, APIStatusError):
            raise error
        else:
            self._timing.refused()
            self._ask_more_plainly(request, error)

    def _ask_for_less(self, request: ListMany, asked: PageRequest, error: UnexpectedResponseError) -> None:
        if request.channel != "changes":
            count = len(self._sweep.walk.items)
            self._sweep.walk.refused(asked, error)
            self._ready.extend(self._sweep_shows(self._sweep.new_entries(count)))
        elif asked.limit > 1:
            self._limit = asked.limit // 2
        else:
            self._leave_feed()  # sweeps name what is too large, and go on behind it

    def _ask_more_plainly(self, request: ListMany, error: HITLError) -> None:
        """Leave out a parameter that the server may not know; raise the error if there was none."""
        suspect = next((each for each in _OPTIONAL if each in request.query), None)
        if suspect is None:
            raise error
        if suspect == "changes_after":
            self._leave_feed()
        else:
            self._unknown.add(suspect)
            self._sweep = _Sweep(is_baseline=self._sweep.is_baseline)

    # --- what the answers mean ---------------------------------------------------------------------------------------

    def _take_changes(self, asked: str, page: Page[Review], cursor: str | None, *, was_held: bool) -> None:
        is_last = page.next_offset is None and page.next_cursor is None
        if cursor is None or (cursor == asked and not is_last):  # it has no feed any more, or one that leads nowhere
            self._leave_feed()
            return
        if _is_behind(cursor, asked):  # another database: nothing of it was shown
            self._position, self._seen, self._due_at = Position(feed=_FIRST), {}, -math.inf
            return
        self._limit = min(CHUNK, 2 * self._limit)
        self._is_handing_over &= not is_last
        mark = self._latest_of(self._position.mark, page.items)
        self._ready.extend(self._shown(page.items))
        pause = BETWEEN_HOLDS if was_held else self._timing.poll_interval()
        self._due_at = self._timing.now() + pause if is_last else -math.inf
        self._arrive(Position(None, cursor, mark, self._seen if self._is_handing_over else {}))

    def _leave_feed(self) -> None:
        """Sweep from now on: what changed since the mark."""
        self._has_feed = False
        self._position, self._sweep = evolve(self._position, feed=None), _Sweep()

    def _take_page(self, asked: PageRequest, page: Page[Review], cursor: str | None) -> None:
        if not self._sweep.has_begun:
            self._sweep.has_begun = True
            self._sweep.feed = cursor if self._has_feed else None
            self._sweep.before = self._latest_of(self._latest, page.items)
            if self._position.begin is not None and self._begun_with(page):
                return
        sweep = self._sweep
        sweep.latest = self._latest_of(sweep.latest, page.items)
        count = len(sweep.walk.items)
        try:
            sweep.walk.take(asked, page)
        except UnexpectedResponseError:
            self._sweep = _Sweep(is_baseline=sweep.is_baseline)
            raise
        self._ready.extend(self._sweep_shows(sweep.new_entries(count)))
        self._due_at = -math.inf
        if sweep.walk.next is None:
            self._end_sweep(sweep)

    def _begun_with(self, page: Page[Review]) -> bool:
        """Begin as far as one page allows; return whether there is nothing more to be done with it."""
        begin, latest = self._position.begin, self._latest_of(None, page.items)
        if (feed := self._sweep.feed) is not None:
            self._position = Position(feed=_FIRST) if begin == "beginning" else Position(feed=feed, mark=latest)
            self._sweep = _Sweep()
            return True
        self._position = Position(mark=None if begin == "beginning" else latest)
        self._sweep.is_baseline = begin == "now"
        is_whole = page.next_offset is None and page.next_cursor is None
        if begin == "beginning" or is_whole or latest is None:
            return False
        self._sweep = _Sweep(is_baseline=True)  # only of what changed just before, unless the filter is ignored
        return True

    def _sweep_shows(self, entries: Iterable[Entry]) -> list[tuple[bytes, Entry]]:
        """Return what is new of them, as far as the mark tells, and note what was observed."""
        sweep, horizon = self._sweep, _horizon(self._position.mark)
        found: list[tuple[bytes, Entry]] = []
        shown = self._shown(entries)[::-1]  # the earliest first: lists begin with the newest
        shown.sort(key=lambda pair: _order(pair[1]))
        for digest, each in shown:
            moment = changed_at(each) if isinstance(each, Review) else None
            if horizon is None or moment is None or moment > horizon:  # a server may ignore updated_after
                sweep.observed[digest] = moment
                found += [(digest, each)] if digest not in self._seen else []
        return [] if sweep.is_baseline else found

    def _end_sweep(self, sweep: _Sweep) -> None:
        mark = max((each for each in (self._position.mark, sweep.before) if each is not None), default=None)
        horizon = _horizon(mark)
        around = {
            digest: moment
            for digest, moment in sweep.observed.items()
            if moment is None or horizon is None or moment > horizon
        }
        self._latest, self._sweep = sweep.latest, _Sweep()
        self._is_handing_over = sweep.feed is not None
        pause = -math.inf if self._is_handing_over else self._timing.poll_interval()
        self._due_at = self._timing.now() + pause
        self._arrive(Position(None, sweep.feed, mark, around))

    def _arrive(self, position: Position) -> None:
        """Take up the position as soon as everything before it was taken."""
        self._arrived = position
        if not self._ready:
            self._taken()

    def _shown(self, entries: Iterable[Entry]) -> list[tuple[bytes, Entry]]:
        """Return what is a decision that is wanted, and what may be one."""
        return [
            (_digest(each), each)
            for each in entries
            if isinstance(each, UnreadableEntry) or (each.is_final and self._wanted.shows(each))
        ]

    def _latest_of(self, known: datetime | None, entries: Iterable[Entry]) -> datetime | None:
        """Return the latest change of these reviews, or what is known if that is later."""
        bound = datetime.fromtimestamp(self._client.clock.epoch(), UTC) + FUTURE
        times = (changed_at(each) for each in entries if isinstance(each, Review))
        return max((each for each in (*times, known) if each is not None and each <= bound), default=None)


def _digest(each: Entry) -> bytes:
    if isinstance(each, Review):
        return short(decision_digest(each))
    return short(sha256(f"unreadable {each.id}".encode()).digest())


def _order(each: Entry) -> datetime:
    if isinstance(each, Review):
        return changed_at(each) or with_zone(each.created_at)
    return _LAST


def _call(request: ListMany, asked: PageRequest) -> ApiCall[Listed]:
    call: ApiCall[Any] = operations.list_reviews(request.query, asked, hold=request.hold, timeout=request.timeout)

    def decode(response: Response) -> Listed:
        return call.decode(response), response.headers.get("x-changes-cursor")

    return call._replace(decode=decode)


def _horizon(mark: datetime | None) -> datetime | None:
    """Return the time before which everything was shown."""
    return None if mark is None else mark - OVERLAP


def _is_behind(cursor: str, asked: str) -> bool:
    """Return whether a feed has gone back; cursors of our server are numbers."""
    return cursor.isdecimal() and asked.isdecimal() and int(cursor) < int(asked)
