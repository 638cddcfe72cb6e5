"""Waiting for people: the flows of single waits, which share their requests through a `Watchlist`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from attrs import define, evolve, field, frozen

from hitl import _operations as operations
from hitl._endings import ReturnWhen, all_answers, answer_of, batch_error, is_enough
from hitl._exchange import Exchange
from hitl._flow import Answer, Call, Clock, Flow, Sleep
from hitl._notices import notice_of
from hitl._pacing import Budget, WaitBudgetWarning
from hitl._pages import Page
from hitl._schedule import OVERSHOOT, SLOWEST, instant
from hitl._turns import Counts, Ending, Listing, Look, Party, Read, Turn, Ways
from hitl._watchlist import Watchlist
from hitl.exceptions import BatchError, HITLError, Sent, WaitTimeoutError
from hitl.models import Review, WaitStats

REFRESH = 1.0  # seconds between two pictures of the progress


@frozen
class Progress:
    """How far a wait is; `next_look` is in seconds, None while the server is listened to."""

    total: int
    open: int
    rejected: int
    oldest: float | None
    next_look: float | None


class Display(Protocol):
    """Shows progress to a person."""

    def show(self, progress: Progress) -> None:
        """Show how far it is."""
        ...

    def close(self) -> None:
        """Leave the last picture standing; may be repeated."""
        ...


@frozen
class Patience:
    """How somebody waits.

    Attributes:
        timeout: Seconds until WaitTimeoutError; None to wait until the reviews themselves end.
        poll_interval: Seconds between the first two looks; grows to 10.
        on_update: Called with each review whenever it is seen to have changed.
        display: Shown the progress, at least once a second unless a request is under way.
    """

    timeout: float | None
    poll_interval: float
    on_update: Callable[[Review], object] | None = None
    display: Display | None = None


@define
class Waits:
    """All waits of one client: a watchlist for each place where there are some, and what they have learned."""

    exchange: Exchange
    clock: Clock
    place: Callable[[], Hashable]
    lock: Callable[[], AbstractContextManager[object]]
    request_timeout: float
    _budget: Budget = field(init=False)
    _ways: Ways = field(factory=Ways, init=False)
    _counts: Counts = field(factory=Counts, init=False)
    _lists: dict[Hashable, Watchlist] = field(factory=dict[Hashable, Watchlist], init=False)
    _has_warned: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._budget = Budget(self.exchange.server)

    def join(self, seen: Mapping[str, Review | None], patience: Patience) -> Wait:
        """Begin a wait here for these reviews; an object tells what is known already."""
        key = self.place()
        while True:
            watchlist = self._lists.setdefault(key, self._new_list())
            party = watchlist.join(seen, patience.poll_interval, wants_news=patience.on_update is not None)
            if party is not None:
                return Wait(self, key, watchlist, party, patience, list(seen), {})
            if self._lists.get(key) is watchlist:
                self._lists.pop(key, None)

    def left(self, key: Hashable, watchlist: Watchlist) -> None:
        """Forget a place where nobody waits any more."""
        if self._lists.get(key) is watchlist:
            self._lists.pop(key, None)

    def notify(self, event: Any) -> bool:
        """See HITLClient.notify."""
        review_id, notice = notice_of(event)
        if review_id is None:
            return False
        told = [
            lists.told(notice) if isinstance(notice, Review) else lists.told_of(review_id, notice)
            for lists in list(self._lists.values())
        ]
        return any(told)

    def stats(self) -> WaitStats:
        """See HITLClient.wait_stats."""
        lists = list(self._lists.values())
        server, counts, now = self.exchange.server, self._counts, self.clock.epoch()
        return WaitStats(
            waits=sum(len(each.parties) for each in lists),
            open=sum(len(each.watches) for each in lists),
            polls=counts.polls,
            held=counts.held,
            hits=counts.ended,
            notified=counts.notified,
            refused=counts.refused,
            limit=server.limit,
            remaining=server.remaining,
            reserve=round(self._budget.reserve(now), 1),
            seconds_to_reset=None if server.reset is None else max(0.0, server.reset - now),
            interval=max((each.interval() for each in lists), default=None),
        )

    def warn_if_late(self, watchlist: Watchlist) -> None:
        """Say once that the rate limit makes answers late, how late, and what would help."""
        now = self.clock.epoch()
        pace, server = self._budget.pace(now), self.exchange.server
        if self._has_warned or pace <= SLOWEST or server.remaining is None or server.reset is None:
            return
        self._has_warned = True
        of = "" if server.limit is None else f" of {server.limit}"
        warnings.warn(
            f"the server's rate limit leaves {server.remaining}{of} requests for the next "
            f"{max(0.0, server.reset - now):.0f} s, of which {self._budget.reserve(now):.0f} are kept for other calls: "
            f"{len(watchlist.watches)} open review(s) are looked at every {pace:.0f} s, so answers are seen "
            f"{pace / 2:.0f} s late on average. Webhooks help (client.notify), and so does a higher limit",
            WaitBudgetWarning,
            stacklevel=2,
        )

    def _new_list(self) -> Watchlist:
        return Watchlist(self.lock(), self.clock, self._budget, self._ways, self._counts, self.request_timeout)


@define(eq=False)
class Wait:
    """One wait, from when it is begun to when it is left."""

    waits: Waits
    key: Hashable
    watchlist: Watchlist
    party: Party
    patience: Patience
    ids: list[str]
    endings: dict[str, Ending]
    started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.started = self.waits.clock.monotonic()

    @property
    def until(self) -> float:
        """When its time is up, by the monotonic clock."""
        timeout = self.patience.timeout
        return math.inf if timeout is None else self.started + timeout

    @property
    def is_over(self) -> bool:
        """True if nothing is open any more."""
        return not self.party.open and not self.party.has_something

    def leave(self) -> None:
        """End it; may be repeated."""
        if self.watchlist.leave(self.party):
            self.waits.left(self.key, self.watchlist)
        if self.patience.display is not None:
            self.patience.display.close()

    def next_endings(self) -> Flow[list[tuple[str, Ending]]]:
        """Take part until some reviews have ended, and return them; none when the time is up.

        Raises:
            AuthenticationError, TLSError: no further question would be answered.
        """
        while self.party.open or self.party.has_something:
            yield from self._attend()
            if self.party.fatal is not None:
                raise self.party.fatal
            self._tell_news()
            if ended := self._collect():
                return ended
            if self.waits.clock.monotonic() >= self.until:
                break
        return []

    def _attend(self) -> Flow[None]:
        """Do what is due and sleep in between, until there is something to collect or the time is up."""
        watchlist, party, clock = self.watchlist, self.party, self.waits.clock
        watchlist.begin(party)
        try:
            while not party.has_something and party.open:
                now = clock.monotonic()
                until = self.until
                if now >= until and watchlist.is_looked_at(party):
                    if (last := watchlist.last_look(party)) is not None:
                        yield from self._play(last)
                    return
                if now >= until + OVERSHOOT:  # not even a first look was possible
                    return
                turn = watchlist.plan(party, until)
                self._show()
                if isinstance(turn, Read | Look):
                    yield from self._play(turn)
                    continue
                self.waits.warn_if_late(watchlist)
                longest = math.inf if self.patience.display is None else REFRESH
                until += 0.0 if watchlist.is_looked_at(party) else OVERSHOOT
                if (seconds := min(turn, until - now, longest)) > 0:
                    yield Sleep(seconds, party.bell)
        finally:
            watchlist.rest(party)

    def _play(self, turn: Turn) -> Flow[None]:
        once, watchlist = self.waits.exchange.once, self.watchlist
        try:
            if isinstance(turn, Read):
                call = operations.get_review(turn.review_id, hold=turn.hold, timeout=turn.timeout)
                watchlist.read(turn, (yield from once(call)))
            else:
                watchlist.listed(turn, (yield from once(_listing(turn))))
        except HITLError as error:
            watchlist.failed(turn, error)
        finally:
            watchlist.finished(turn, self.party)

    def _collect(self) -> list[tuple[str, Ending]]:
        ended, self.party.ended = self.party.ended, []
        for review_id, ending in ended:
            self.endings[review_id] = ending
            if isinstance(ending, Review) and self.patience.on_update is not None:
                self.patience.on_update(ending)
        self._show()
        return ended

    def _tell_news(self) -> None:
        news, self.party.news = self.party.news, []
        for review in news:
            if self.patience.on_update is not None:
                self.patience.on_update(review)

    def _show(self) -> None:
        if self.patience.display is not None:
            self.patience.display.show(self.progress())

    def progress(self) -> Progress:
        """Return how far it is."""
        created = [
            instant(watch.review.created_at).timestamp()
            for review_id in list(self.party.open)
            if (watch := self.watchlist.watches.get(review_id)) is not None and watch.review is not None
        ]
        rejected = sum(isinstance(each, Review) and each.status == "rejected" for each in self.endings.values())
        oldest = self.waits.clock.epoch() - min(created) if created else None
        return Progress(len(self.ids), len(self.party.open), rejected, oldest, self.watchlist.next_look())

    def last_seen(self, review_id: str) -> Review | None:
        """Return a review as it was last seen."""
        ending = self.endings.get(review_id)
        if isinstance(ending, Review):
            return ending
        watch = self.watchlist.watches.get(review_id)
        return None if watch is None else watch.review

    def timed_out(self) -> WaitTimeoutError:
        """Return the error that says that its time is up, and how to go on."""
        pending = [review_id for review_id in self.ids if review_id in self.party.open]
        reviews = [each for review_id in self.ids if isinstance(each := self.endings.get(review_id), Review)]
        fault = self.watchlist.fault
        trouble = f"; the last read failed: {fault}" if fault is not None else ""
        seen = self.last_seen(pending[0]) if pending else None
        return WaitTimeoutError(
            f"{self._still_open(pending)} after {self.patience.timeout:g} s; call again to go on waiting{trouble}",
            review=seen if len(self.ids) == 1 else None,
            last_error=fault,
            pending=pending,
            reviews=reviews,
            retryable=True,
            retry_after=None if fault is None else fault.retry_after,
            request_id=None if fault is None else fault.request_id,
            attempts=self.polls,
            sent=self._sent(),
        )

    @property
    def polls(self) -> int:
        """How many requests were made while it waited, by itself or for it."""
        return self.watchlist.polls - self.party.polls_before

    def _sent(self) -> Sent:
        fault = self.watchlist.fault
        if any(self.last_seen(review_id) is not None for review_id in self.ids):
            return "yes"
        return "no" if fault is None else fault.sent

    def _still_open(self, pending: Sequence[str]) -> str:
        if len(self.ids) > 1:
            named = ", ".join(pending[:3]) + (" …" if len(pending) > 3 else "")
            return f"{len(pending)} of {len(self.ids)} reviews are still open ({named})"
        seen = self.last_seen(self.ids[0])
        return f"review {self.ids[0]} is " + ("not seen yet" if seen is None else f"still {seen.status}")


def wait_for_one(waits: Waits, review_id: str, known: Review | None, patience: Patience) -> Flow[Review]:
    """Return the review once a person has answered it, for or against.

    A passing fault (no connection, 429, 5xx, an answer that makes no sense) spends the wait's time, never its
    patience. An unknown status is one that is not finished yet.

    Raises:
        ReviewExpiredError, ReviewCancelledError: it ended without an answer.
        WaitTimeoutError: the timeout passed; the review is still open.
        AuthenticationError, PermissionDeniedError, ReviewNotFoundError: asking again would not help.
    """
    if known is not None and known.is_final:
        return answer_of(known)
    wait = waits.join({review_id: known}, patience)
    try:
        ended = yield from wait.next_endings()
        if not ended:
            raise wait.timed_out()
        return answer_of(ended[0][1], wait.polls)
    finally:
        wait.leave()


def wait_for_many(
    waits: Waits, given: Mapping[str, Review | None], patience: Patience, return_when: ReturnWhen
) -> Flow[list[Review]]:
    """Return the reviews that were answered, in the order in which they were given; see HITLClient.wait_for_reviews."""
    wait = begin(waits, given, patience)
    try:
        while not wait.is_over and not is_enough(wait.endings, return_when):
            if not (yield from wait.next_endings()):
                raise wait.timed_out()
    finally:
        wait.leave()
    outcomes = {review_id: wait.endings[review_id] for review_id in given if review_id in wait.endings}
    if is_enough(outcomes, return_when):
        return [each for each in outcomes.values() if isinstance(each, Review) and each.is_answered]
    return all_answers(outcomes, wait.polls)


def begin(waits: Waits, given: Mapping[str, Review | None], patience: Patience) -> Wait:
    """Begin to wait for those that are open; the others have ended already, and no request is made for them."""
    done: dict[str, Ending] = {key: review for key, review in given.items() if review is not None and review.is_final}
    wait = waits.join({key: review for key, review in given.items() if key not in done}, patience)
    wait.ids = list(given)
    wait.endings.update(done)
    return wait


def all_failures(wait: Wait) -> BatchError | None:
    """Return the error that tells of reviews that could not be read to their end; None if all could."""
    outcomes = [wait.endings[review_id] for review_id in wait.ids if review_id in wait.endings]
    return batch_error(outcomes, wait.polls) if any(isinstance(each, HITLError) for each in outcomes) else None


def _listing(turn: Look) -> Call[Listing]:
    call = operations.list_reviews(turn.query, turn.offset, hold=turn.hold, timeout=turn.timeout)
    decode: Callable[[Answer], Page[Review]] = call.decode

    def read(answer: Answer) -> Listing:
        page = decode(answer)
        return Listing(list(page.items), page.next_offset, answer.headers.get("x-changes-cursor"))

    return cast("Call[Listing]", evolve(cast("Call[Any]", call), decode=read))


def unique(items: Iterable[tuple[str, Review | None]]) -> dict[str, Review | None]:
    """Return the reviews by id, each once, in the order in which they were first given."""
    found: dict[str, Review | None] = {}
    for review_id, review in items:
        if found.get(review_id) is None:
            found[review_id] = review
    return found
