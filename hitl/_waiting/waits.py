"""Waiting for people: the flows of single waits, which share their requests through a `SharedPoller`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from attrs import define, evolve, field, frozen

from hitl._api import Page, operations
from hitl._calls import Exchange
from hitl._engine import Response
from hitl._flows import ApiCall, Clock, Flow, Sleep
from hitl._waiting.model import (
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ServerCapabilities,
    WaitCounters,
    Waiter,
    WaitOutcome,
)
from hitl._waiting.notifications import notice_of
from hitl._waiting.outcomes import ReturnWhen, all_answers, answer_of, batch_error, is_enough
from hitl._waiting.poller import SharedPoller
from hitl._waiting.rate_limit import RateLimitBudget, WaitBudgetWarning
from hitl._waiting.schedule import OVERSHOOT, SLOWEST, instant
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


@frozen(weakref_slot=False)
class WaitOptions:
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
class WaitRegistry:
    """All waits of one client: a watchlist for each place where there are some, and what they have learned."""

    exchange: Exchange
    clock: Clock
    place: Callable[[], Hashable]
    lock: Callable[[], AbstractContextManager[object]]
    request_timeout: float
    _budget: RateLimitBudget = field(init=False)
    _ways: ServerCapabilities = field(factory=ServerCapabilities, init=False)
    _counts: WaitCounters = field(factory=WaitCounters, init=False)
    _lists: dict[Hashable, SharedPoller] = field(factory=dict[Hashable, SharedPoller], init=False)
    _has_warned: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._budget = RateLimitBudget(self.exchange.server)

    def join(self, seen: Mapping[str, Review | None], patience: WaitOptions) -> Wait:
        """Begin a wait here for these reviews; an object tells what is known already."""
        key = self.place()
        while True:
            watchlist = self._lists.get(key) or self._lists.setdefault(key, self._new_list())
            may_be_told_last = patience.timeout is not None and len(seen) == 1  # in a WaitTimeoutError
            party = watchlist.join(
                seen,
                patience.poll_interval,
                wants_news=patience.on_update is not None,
                wants_whole=patience.on_update is not None or may_be_told_last,
            )
            if party is not None:
                return Wait(self, watchlist, party, patience, party.ids, party.joined)
            self.left(watchlist)

    def left(self, watchlist: SharedPoller) -> None:
        """Forget a place where nobody waits any more."""
        for key, each in list(self._lists.items()):
            if each is watchlist:
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
            seconds_to_reset=server.to_reset(now),
            interval=max((each.interval() for each in lists), default=None),
        )

    def warn_if_late(self, watchlist: SharedPoller) -> None:
        """Say once that the rate limit makes answers late, how late, and what would help."""
        now, server = self.clock.epoch(), self.exchange.server
        to_reset = server.to_reset(now)
        if self._has_warned or server.remaining is None or to_reset is None:
            return
        if (pace := self._budget.pace(now)) <= SLOWEST:
            return
        self._has_warned = True
        of = "" if server.limit is None else f" of {server.limit}"
        warnings.warn(
            f"the server's rate limit leaves {server.remaining}{of} requests for the next "
            f"{to_reset:.0f} s, of which {self._budget.reserve(now):.0f} are kept for other calls: "
            f"{len(watchlist.watches)} open review(s) are looked at every {pace:.0f} s, so answers are seen "
            f"{pace / 2:.0f} s late on average. Webhooks help (client.notify), and so does a higher limit",
            WaitBudgetWarning,
            stacklevel=2,
        )

    def _new_list(self) -> SharedPoller:
        return SharedPoller(self.lock(), self.clock, self._budget, self._ways, self._counts, self.request_timeout)


@define(eq=False, weakref_slot=False)
class Wait:
    """One wait, from when it is begun to when it is left."""

    waits: WaitRegistry
    watchlist: SharedPoller
    party: Waiter
    patience: WaitOptions
    ids: Sequence[str]
    started: float
    _endings: dict[str, WaitOutcome] | None = field(default=None, init=False)
    _has_looked_last: bool = field(default=False, init=False)

    @property
    def endings(self) -> dict[str, WaitOutcome]:
        """What has ended, by id; made when it is first asked for, which most who sleep have not done."""
        if self._endings is None:
            self._endings = {}
        return self._endings

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
        try:
            self._leave()
        except BaseException:  # Ctrl-C in the middle of it
            self._leave()
            raise

    def _leave(self) -> None:
        if self.watchlist.leave(self.party):
            self.waits.left(self.watchlist)
        if self.patience.display is not None:
            self.patience.display.close()

    def next_endings(self) -> Flow[list[tuple[str, WaitOutcome]]]:
        """Take part until some reviews have ended, and return them; none when the time is up.

        Raises:
            AuthenticationError, TLSError: no further question would be answered.
        """
        if len(self.watchlist.watches) == 1:
            yield Sleep(0.0)  # tasks that begin together are asked about together, also the first of them
        # Ten thousand may be in the middle of this, so it keeps little, and no other generator, while they sleep.
        while not self.is_over:
            self.watchlist.begin(self.party)
            try:
                while (step := self._next_step()) is not None:
                    if isinstance(step, Sleep):
                        yield step
                    else:
                        yield from self._play(step)
            finally:
                self.watchlist.rest(self.party)
            if self.party.fatal is not None:
                raise self.party.fatal
            if ended := self._collect():
                return ended
            if self.waits.clock.monotonic() >= self.until:
                break
        return []

    def _next_step(self) -> PollRequest | Sleep | None:
        """Return what is due, or the sleep until then; None if there is something to collect, or the time is up."""
        watchlist, party, clock = self.watchlist, self.party, self.waits.clock
        while not party.has_something and party.open:
            now = clock.monotonic()
            until = self.until
            if now >= until and watchlist.is_looked_at(party):
                return self._last_look()
            if now >= until + OVERSHOOT:  # not even a first look was possible
                return None
            turn = watchlist.plan(party, until)
            self._show()
            if isinstance(turn, GetOne | ListMany):
                return turn
            self.waits.warn_if_late(watchlist)
            longest = math.inf if self.patience.display is None else REFRESH
            until += 0.0 if watchlist.is_looked_at(party) else OVERSHOOT
            if (seconds := min(turn, until - now, longest)) > 0:
                return Sleep(seconds, party.bell)
        return None

    def _last_look(self) -> PollRequest | None:
        if self._has_looked_last:
            return None
        self._has_looked_last = True
        return self.watchlist.last_look(self.party)

    def _play(self, turn: PollRequest) -> Flow[None]:
        once, watchlist = self.waits.exchange.once, self.watchlist
        try:
            if isinstance(turn, GetOne):
                call = operations.get_review(turn.review_id, hold=turn.hold, timeout=turn.timeout)
                watchlist.read(turn, (yield from once(call)))
            else:
                watchlist.listed(turn, (yield from once(_listing(turn))))
        except HITLError as error:
            watchlist.failed(turn, error)
        finally:
            watchlist.finished(turn, self.party)

    def _collect(self) -> list[tuple[str, WaitOutcome]]:
        found, self.party.found = self.party.found, None
        ended: list[tuple[str, WaitOutcome]] = []
        for review_id, each in found or ():
            if isinstance(each, HITLError) or each.is_final:
                self.endings[review_id] = each
                ended.append((review_id, each))
            if isinstance(each, Review) and self.patience.on_update is not None:
                self.patience.on_update(each)
        self._show()
        return ended

    def _show(self) -> None:
        if self.patience.display is not None:
            self.patience.display.show(self.progress())

    def progress(self) -> Progress:
        """Return how far it is."""
        created = [
            instant(watch.seen.created_at).timestamp()
            for review_id in self.watchlist.open_ids(self.party)
            if (watch := self.watchlist.watches.get(review_id)) is not None and watch.seen is not None
        ]
        rejected = sum(isinstance(each, Review) and each.status == "rejected" for each in self.endings.values())
        oldest = self.waits.clock.epoch() - min(created) if created else None
        return Progress(len(self.ids), self.party.open, rejected, oldest, self.watchlist.next_look())

    def last_seen(self, review_id: str) -> Review | None:
        """Return a review as it was last seen, if it was kept."""
        ending = self.endings.get(review_id)
        if isinstance(ending, Review):
            return ending
        watch = self.watchlist.watches.get(review_id)
        return None if watch is None else watch.review

    def timed_out(self) -> WaitTimeoutError:
        """Return the error that says that its time is up, and how to go on."""
        pending = self.watchlist.open_ids(self.party)
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
        if any(map(self._was_seen, self.ids)):
            return "yes"
        fault = self.watchlist.fault
        return "no" if fault is None else fault.sent

    def _was_seen(self, review_id: str) -> bool:
        watch = self.watchlist.watches.get(review_id)
        return isinstance(self.endings.get(review_id), Review) or (watch is not None and watch.seen is not None)

    def _still_open(self, pending: Sequence[str]) -> str:
        if len(self.ids) > 1:
            named = ", ".join(pending[:3]) + (" …" if len(pending) > 3 else "")
            return f"{len(pending)} of {len(self.ids)} reviews are still open ({named})"
        seen = self.last_seen(self.ids[0])
        return f"review {self.ids[0]} is " + ("not seen yet" if seen is None else f"still {seen.status}")


def wait_for_one(waits: WaitRegistry, review_id: str, known: Review | None, patience: WaitOptions) -> Flow[Review]:
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
    waits: WaitRegistry, given: Mapping[str, Review | None], patience: WaitOptions, return_when: ReturnWhen
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


def begin(waits: WaitRegistry, given: Mapping[str, Review | None], patience: WaitOptions) -> Wait:
    """Begin to wait for those that are open; the others have ended already, and no request is made for them."""
    done: dict[str, WaitOutcome] = {
        key: review for key, review in given.items() if review is not None and review.is_final
    }
    wait = waits.join({key: review for key, review in given.items() if key not in done}, patience)
    wait.ids = list(given)
    wait.endings.update(done)
    return wait


def all_failures(wait: Wait) -> BatchError | None:
    """Return the error that tells of reviews that could not be read to their end; None if all could."""
    outcomes = [wait.endings[review_id] for review_id in wait.ids if review_id in wait.endings]
    return batch_error(outcomes, wait.polls) if any(isinstance(each, HITLError) for each in outcomes) else None


def _listing(turn: ListMany) -> ApiCall[ListResult]:
    call = operations.list_reviews(turn.query, turn.offset, hold=turn.hold, timeout=turn.timeout)
    decode: Callable[[Response], Page[Review]] = call.decode

    def read(answer: Response) -> ListResult:
        page = decode(answer)
        return ListResult(list(page.items), page.next_offset, answer.headers.get("x-changes-cursor"))

    return cast("ApiCall[ListResult]", evolve(cast("ApiCall[Any]", call), decode=read))


def unique(items: Iterable[tuple[str, Review | None]]) -> dict[str, Review | None]:
    """Return the reviews by id, each once, in the order in which they were first given."""
    found: dict[str, Review | None] = {}
    for review_id, review in items:
        if found.get(review_id) is None:
            found[review_id] = review
    return found
