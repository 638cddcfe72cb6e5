"""The flows of single waits, which share their requests through a `SharedPoller`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

from attrs import asdict, define, field

from hitl._api import Page, PageRequest, entry
from hitl._calls import Exchange
from hitl._engine import Response
from hitl._flows import ApiCall, Clock, Flow, Sleep
from hitl._waiting.arguments import Subjects, WaitOptions, notice_of
from hitl._waiting.kinds import REVIEWS, Kind, Subject
from hitl._waiting.model import (
    ClientState,
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ServerCapabilities,
    Waiter,
    Watch,
)
from hitl._waiting.outcomes import WaitOutcome, all_answers, answer_of, is_enough
from hitl._waiting.poller import SharedPoller
from hitl._waiting.progress import Progress
from hitl._waiting.rate_limit import RateLimitBudget, WaitBudgetWarning
from hitl._waiting.return_when import ReturnWhen
from hitl._waiting.timing import OVERSHOOT, SLOWEST
from hitl.exceptions import HITLError, WaitTimeoutError
from hitl.models import WaitStats

S = TypeVar("S", bound=Subject)

REFRESH = 1.0  # seconds between two displays of the progress


class WaitRegistry:
    """All waits of one client: a poller for each kind and domain where there are some, and what they have learned.

    `domain` returns where the caller runs (a process, an event loop): only waits in one domain can share requests.
    """

    def __init__(
        self, exchange: Exchange, clock: Clock, domain: Callable[[], Hashable], request_timeout: float
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self._domain = domain
        self._client = ClientState(clock, exchange.server, RateLimitBudget(exchange.server), request_timeout)
        self._capabilities: dict[str, ServerCapabilities] = {}
        self._pollers: dict[Hashable, SharedPoller] = {}
        self._watches: dict[Watch, None] = {}
        self._has_warned = False

    def begin(
        self,
        reviews: Mapping[str, Subject | None],
        options: WaitOptions,
        started: float | None = None,
        kind: Kind[Any] = REVIEWS,
    ) -> Wait:
        """Begin to wait here for those that are open; those that have ended already cost no request."""
        ended: dict[str, WaitOutcome] = {
            key: review for key, review in reviews.items() if review is not None and review.is_final
        }
        pending = {key: review for key, review in reviews.items() if key not in ended}
        domain, ids, began = self._domain(), tuple(reviews), self.clock.monotonic() if started is None else started
        place = (domain, kind.noun)
        deadline = math.inf if options.timeout is None else began + options.timeout
        while True:
            poller = self._pollers.get(place) or self._pollers.setdefault(place, self._new_poller(kind))
            self._share()
            wait = Wait(ids, options, self.clock.monotonic(), poller.polls, self, poller, deadline, ended)
            if poller.join(wait, pending):
                return wait
            self.discard(poller)

    def _new_poller(self, kind: Kind[Any]) -> SharedPoller:
        new = ServerCapabilities(id_filter=None if kind.has_filters else False, change_feed=kind.has_filters)
        return SharedPoller(self._client, self._capabilities.setdefault(kind.noun, new), kind)

    def _share(self) -> None:
        """Divide the budget among those who poll."""
        self._client.budget.sharers = max(1, len(self._pollers))

    @property
    def client(self) -> ClientState:
        """What everything of this client that waits shares."""
        return self._client

    def add_watch(self, watch: Watch) -> None:
        """Have webhooks told to a stream, too, until it is closed."""
        self._watches[watch] = None

    def discard_watch(self, watch: Watch) -> None:
        """Tell it no more; idempotent."""
        self._watches.pop(watch, None)

    def close_watches(self) -> None:
        """End all streams: the client is being closed."""
        for watch in list(self._watches):
            watch.close()

    def discard(self, poller: SharedPoller) -> None:
        """Forget a poller that nobody waits for any more."""
        for place, each in list(self._pollers.items()):
            if each is poller:
                self._pollers.pop(place, None)
        self._share()

    def notify(self, event: Any) -> bool:
        """See HITLClient.notify."""
        if (notice := notice_of(event)) is None:
            return False
        pollers = [each for each in list(self._pollers.values()) if each.kind is notice.kind]
        applied = [poller.apply(notice.review_id, notice.update) for poller in pollers]
        if notice.kind is REVIEWS:
            applied += [watch.apply(notice.update) for watch in list(self._watches)]
        return any(applied)

    def stats(self) -> WaitStats:
        """See HITLClient.wait_stats."""
        pollers, watches = list(self._pollers.values()), list(self._watches)
        intervals = [*(each.interval() for each in pollers), *(each.interval() for each in watches)]
        server, counters, now = self._client.server, self._client.counters, self.clock.epoch()
        return WaitStats(
            waits=sum(poller.waiter_count for poller in pollers) + len(watches),
            open=sum(poller.open_count for poller in pollers),
            **asdict(counters),
            limit=server.limit,
            remaining=server.remaining,
            reserve=round(self._client.budget.reserve(now), 1),
            seconds_to_reset=server.to_reset(now),
            interval=max(intervals, default=None),
            month_limit=server.month_limit,
            month_remaining=server.month_left(now),
        )

    def warn_if_late(self, poller: SharedPoller | None = None) -> None:
        """Warn once that the rate limit makes answers late, how late, and what would help; None is a stream."""
        now, server, budget = self.clock.epoch(), self._client.server, self._client.budget
        to_reset, interval = server.to_reset(now), budget.interval(now)
        if self._has_warned or server.remaining is None or to_reset is None or interval <= SLOWEST:
            return
        self._has_warned = True
        of = "" if server.limit is None else f" of {server.limit}"
        looked = (
            "decisions are looked for"
            if poller is None
            else f"{poller.open_count} open {poller.kind.noun}(s) are looked at"
        )
        warnings.warn(
            f"the server's rate limit leaves {server.remaining}{of} requests for the next "
            f"{to_reset:.0f} s, of which {budget.reserve(now):.0f} are kept for other calls: "
            f"{looked} every {interval:.0f} s, so answers are seen "
            f"{interval / 2:.0f} s late on average. Webhooks help (client.notify), and so does a higher limit",
            WaitBudgetWarning,
            stacklevel=2,
        )


@define(eq=False, weakref_slot=False)
class Wait(Waiter):
    """One wait as a flow, from when it begins until it is left."""

    registry: WaitRegistry
    poller: SharedPoller
    deadline: float  # by the monotonic clock
    outcomes: dict[str, WaitOutcome]  # what has ended, by id
    _has_polled_finally: bool = field(default=False, init=False)

    @property
    def is_over(self) -> bool:
        """True if everything has ended and was collected."""
        return not self.open_count and not self.has_something

    @property
    def polls(self) -> int:
        """How many requests were made while it waited, by it or for it."""
        return self.poller.polls - self.polls_before

    def ordered_outcomes(self) -> list[WaitOutcome]:
        """Return what has ended, in the order in which the reviews were given."""
        return [self.outcomes[review_id] for review_id in self.ids if review_id in self.outcomes]

    def leave(self) -> None:
        """Stop waiting; idempotent."""
        try:
            self._leave()
        except BaseException:  # Ctrl-C in the middle of it
            self._leave()
            raise

    def _leave(self) -> None:
        if self.poller.leave(self):
            self.registry.discard(self.poller)
        if self.options.display is not None:
            self.options.display.close()

    def next_outcomes(self) -> Flow[list[tuple[str, WaitOutcome]]]:
        """Take part until some reviews have ended, and return them; none when the time is up."""
        if self.poller.open_count == 1:
            yield Sleep(0.0)  # tasks that begin together are asked about together, also the first of them
        # Ten thousand may be in the middle of this, so it keeps little, and no other generator, while they sleep.
        while not self.is_over:
            try:
                while (step := self._next_step()) is not None:
                    if isinstance(step, Sleep):
                        yield step
                    else:
                        yield from self._send(step)
            finally:
                self.poller.rest(self)
            if self.fatal is not None:
                raise self.fatal
            if ended := self._collect():
                return ended
            if self.registry.clock.monotonic() >= self.deadline:
                break
        return []

    def _next_step(self) -> PollRequest | Sleep | None:
        """Return what is due, or the sleep until then; None if there is something to collect, or the time is up."""
        while not self.has_something and self.open_count:
            now, until = self.registry.clock.monotonic(), self.deadline
            has_polled = self.poller.has_polled_since(self.joined)
            if now >= until and has_polled:
                return self._final_request()
            if now >= until + OVERSHOOT:  # not even a first poll was possible
                return None
            step = self.poller.plan(self, until)
            self._show()
            if isinstance(step, GetOne | ListMany):
                return step
            self.registry.warn_if_late(self.poller)
            refresh = math.inf if self.options.display is None else REFRESH
            until += 0.0 if has_polled else OVERSHOOT
            if (seconds := min(step, until - now, refresh)) > 0:
                return Sleep(seconds, self.wakeup)
        return None

    def _final_request(self) -> PollRequest | None:
        if self._has_polled_finally:
            return None
        self._has_polled_finally = True
        return self.poller.final_request(self)

    def _send(self, request: PollRequest) -> Flow[None]:
        once, kind = self.registry.exchange.once, self.poller.kind
        try:
            if isinstance(request, GetOne):
                call = kind.get(request.review_id, hold=request.hold, timeout=request.timeout)
                result = ListResult([(yield from once(call))], None, None)
            else:
                result = yield from once(_list_call(kind, request))
            self.poller.completed(request, result)
        except HITLError as error:
            self.poller.failed(request, error)
        finally:
            self.poller.finished(request, self)

    def _collect(self) -> list[tuple[str, WaitOutcome]]:
        found, self.found = self.found or (), None
        ended = [(review_id, each) for review_id, each in found if isinstance(each, HITLError) or each.is_final]
        self.outcomes.update(ended)
        for _, each in found:
            if not isinstance(each, HITLError) and self.options.on_update is not None:
                self.options.on_update(each)
        self._show()
        return ended

    def _show(self) -> None:
        if self.options.display is None:
            return
        times = map(self.poller.created_at, self.poller.open_ids(self))
        oldest = min((each.timestamp() for each in times if each is not None), default=None)
        ended = (each for each in self.outcomes.values() if not isinstance(each, HITLError))
        rejected = sum(each.status == "rejected" for each in ended)
        age = None if oldest is None else self.registry.clock.epoch() - oldest
        next_poll = self.poller.next_poll_in()
        self.options.display.show(Progress(len(self.ids), self.open_count, rejected, age, next_poll))

    def timed_out(self) -> WaitTimeoutError:
        """Return the error for a wait whose time is up: what is open, and how to go on."""
        pending, error = self.poller.open_ids(self), self.poller.last_error
        noun = self.poller.kind.noun
        ended = [each for each in self.ordered_outcomes() if not isinstance(each, HITLError)]
        seen = self.poller.last_seen(self.ids[0]) if len(self.ids) == 1 else None
        shown: dict[str, Any] = {noun: seen, f"{noun}s": ended}
        is_known = bool(ended) or any(self.poller.created_at(review_id) for review_id in self.ids)
        trouble = "" if error is None else f"; the last read failed: {error}"
        return WaitTimeoutError(
            f"{self._still_open(pending, seen)} after {self.options.timeout:g} s; call again to go on waiting{trouble}",
            last_error=error,
            pending=pending,
            retryable=True,
            retry_after=None if error is None else error.retry_after,
            request_id=None if error is None else error.request_id,
            attempts=self.polls,
            sent="yes" if is_known else "no" if error is None else error.sent,
            **shown,
        )

    def _still_open(self, pending: Sequence[str], seen: Subject | None) -> str:
        noun = self.poller.kind.noun
        if len(self.ids) == 1:
            return f"{noun} {self.ids[0]} is " + ("not seen yet" if seen is None else f"still {seen.status}")
        named = ", ".join(pending[:3]) + (" …" if len(pending) > 3 else "")
        return f"{len(pending)} of {len(self.ids)} {noun}s are still open ({named})"


def _list_call(kind: Kind[Any], request: ListMany) -> ApiCall[ListResult]:
    call: ApiCall[Any] = kind.list(
        request.query, PageRequest(request.query["limit"], request.offset), hold=request.hold, timeout=request.timeout
    )

    def decode(response: Response) -> ListResult:
        page: Page[Any] = call.decode(response)
        found = [each for each in map(entry, page.items) if each.id not in page.hidden]
        return ListResult(found, page.next_offset, response.headers.get("x-changes-cursor"), page.hidden)

    return call._replace(decode=decode)


def wait_for_one(
    registry: WaitRegistry, review_id: str, known: S | None, options: WaitOptions, kind: Kind[S]
) -> Flow[S]:
    """Return the review once a person has answered it, for or against; see HITLClient.wait_for_review."""
    if known is not None and known.is_final:
        return answer_of(known)
    wait = registry.begin({review_id: known}, options, kind=kind)
    try:
        if not (ended := (yield from wait.next_outcomes())):
            raise wait.timed_out()
        return answer_of(cast("S | HITLError", ended[0][1]), wait.polls)
    finally:
        wait.leave()


def wait_for_many(
    registry: WaitRegistry, reviews: Subjects[S], options: WaitOptions, return_when: ReturnWhen, kind: Kind[S]
) -> Flow[list[S]]:
    """Return the reviews that were answered, one for each id in the order given; see HITLClient.wait_for_reviews."""
    wait = registry.begin(reviews.known, options, kind=kind)
    try:
        while not wait.is_over and not is_enough(wait.outcomes.values(), return_when):
            if not (yield from wait.next_outcomes()):
                raise wait.timed_out()
    finally:
        wait.leave()
    outcomes = [cast("S | HITLError", wait.outcomes[each]) for each in reviews.ids if each in wait.outcomes]
    if is_enough(outcomes, return_when):
        return [each for each in outcomes if not isinstance(each, HITLError) and each.is_answered]
    return all_answers(outcomes, wait.polls, kind.noun)
