"""What is waited for in one place, and whose turn it is to ask about it.

Waits share their requests by taking turns: whichever of them finds something due asks, for all of them, and the others
sleep until they are told. So there is no thread or task of our own; a wait that ends, is cancelled or interrupted gives
its turn back, and the next one goes on. One, the keeper, sleeps until the next look is due; the others sleep until
their bells ring.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any

from attrs import evolve

from hitl._calls import NOT_DONE
from hitl._flows import Clock, Wakeup
from hitl._review import FINAL_STATUSES, Review
from hitl._waiting.model import (
    Channel,
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ReviewStub,
    ServerCapabilities,
    Subscription,
    WaitCounters,
    Waiter,
    WaitOutcome,
)
from hitl._waiting.rate_limit import RateLimitBudget
from hitl._waiting.schedule import Schedule
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    HITLError,
    RateLimitError,
    ServerError,
    TLSError,
    UnexpectedResponseError,
)


class SharedPoller:
    """The waits of one place. Its methods may be called from any thread.

    Attributes:
        watches: What is waited for, by id.
        parties: Who waits, in the order in which they joined.
        is_left: True once everybody has left; nobody may join any more.
        fault: The last passing fault; None after an answer.
        polls: Exchanges that have ended.
    """

    def __init__(
        self,
        lock: AbstractContextManager[object],
        clock: Clock,
        budget: RateLimitBudget,
        ways: ServerCapabilities,
        counts: WaitCounters,
        request_timeout: float,
    ) -> None:
        self.watches: dict[str, Subscription] = {}
        self.parties: dict[Waiter, None] = {}
        self.is_left = False
        self.fault: HITLError | None = None
        self.polls = 0
        self._lock = lock
        self._clock = clock
        self._budget = budget
        self._counts = counts
        self._schedule = Schedule(self.watches, clock, budget, ways, request_timeout)
        self._busy: dict[Channel, Waiter] = {}
        self._keeper: Waiter | None = None

    # --- who waits for what ---

    def join(
        self,
        seen: Mapping[str, Review | None],
        poll_interval: float,
        *,
        wants_news: bool = False,
        wants_whole: bool = False,
    ) -> Waiter | None:
        """Wait for these reviews, with what is known of them; None if everybody has left."""
        now = self._clock.monotonic()
        party = Waiter(tuple(seen), len(seen), poll_interval, now, wants_news, wants_whole, self.polls)
        try:
            with self._lock:
                if self.is_left:
                    return None
                self._enter(party, seen)
                return party
        except BaseException:  # Ctrl-C, which comes at any moment; nobody knows of the party who could leave
            self.leave(party)
            raise

    def _enter(self, party: Waiter, seen: Mapping[str, Review | None]) -> None:
        self.parties[party] = None
        self._schedule.joined(party)
        for review_id, review in seen.items():
            if (watch := self.watches.get(review_id)) is not None:
                watch.parties.append(party)
                if party.wants_whole and isinstance(watch.seen, ReviewStub):
                    self._schedule.add(review_id, is_known=False)
            else:
                self.watches[review_id] = Subscription([party], review)
                self._schedule.add(review_id, is_known=review is not None)

    def leave(self, party: Waiter) -> bool:
        """Stop waiting, and return whether nobody is left; may be repeated."""
        with self._lock:
            return self._leave(party)

    def _leave(self, party: Waiter) -> bool:
        self._rest(party)
        for review_id in party.ids if party.open else ():
            self._drop(review_id, party)
        party.open = 0
        self.parties.pop(party, None)
        self.is_left = not self.parties
        return self.is_left

    def open_ids(self, party: Waiter) -> list[str]:
        """Return what the party waits for and has not ended."""
        with self._lock:
            return self._open_ids(party)

    def _open_ids(self, party: Waiter) -> list[str]:
        watches = ((review_id, self.watches.get(review_id)) for review_id in party.ids)
        return [review_id for review_id, watch in watches if watch is not None and party in watch.parties]

    def begin(self, party: Waiter) -> None:
        """Take part in the work from now on."""
        party.is_attending = True

    def rest(self, party: Waiter) -> None:
        """Take no part in the work for now; what the party has taken on is given back."""
        with self._lock:
            self._rest(party)

    def _rest(self, party: Waiter) -> None:
        party.is_attending = False
        self._busy = {slot: holder for slot, holder in self._busy.items() if holder is not party}
        if self._keeper is party:
            self._keeper = None
        if self._keeper is None:
            self._ring_one()

    def _drop(self, review_id: str, party: Waiter) -> None:
        watch = self.watches.get(review_id)
        if watch is None:
            return
        if party in watch.parties:
            watch.parties.remove(party)
        if not watch.parties:
            self._forget(review_id)

    def _forget(self, review_id: str) -> None:
        self._schedule.forget(review_id)
        self.watches.pop(review_id, None)  # last, so that what Ctrl-C has left undone is done when it is repeated

    def _ring_one(self) -> None:
        """Wake somebody who can do what is due."""
        # Who is in the middle of an exchange hears no bell, and it may be held open for long.
        busy = self._busy.values()
        someone = next(
            (each for each in chain((self._keeper,), self.parties) if each and each.is_attending and each not in busy),
            None,
        )
        if someone is not None:
            someone.bell.ring()

    # --- whose turn it is ---

    def plan(self, party: Waiter, until: float) -> PollRequest | float:
        """Return what the party is to do now, or for how many seconds it may sleep on its bell."""
        with self._lock:
            party.bell = Wakeup()
            if party.has_something or not party.open:
                return 0.0
            turn = self._schedule.turn(self._busy.keys(), max(0.0, until - self._clock.monotonic()))
            if isinstance(turn, GetOne | ListMany):
                return self._taken(turn, party)
            if self._keeper is None or self._keeper in self._busy.values():
                self._keeper = party
            return turn if self._keeper is party else math.inf

    def last_look(self, party: Waiter) -> PollRequest | None:
        """Return the look to be taken when a party's time is up; None where it is not worth a request."""
        with self._lock:
            turn = None if self._busy else self._schedule.last_look(self._open_ids(party))
            return None if turn is None else self._taken(turn, party)

    def _taken(self, turn: PollRequest, party: Waiter) -> PollRequest:
        self._busy[turn.slot] = party
        self._schedule.began()
        return turn

    def finished(self, turn: PollRequest, party: Waiter) -> None:
        """Let go of what the party had taken on; to be called after each turn, however it ended."""
        with self._lock:
            if self._busy.get(turn.slot) is party:
                del self._busy[turn.slot]
            if self._keeper is not party:
                self._ring_one()

    def is_looked_at(self, party: Waiter) -> bool:
        """Return whether an exchange has ended that began after the party joined."""
        return self._schedule.has_looked_since(party.joined)

    def next_look(self) -> float | None:
        """Return in how many seconds the next look is due; None while the server is listened to."""
        with self._lock:
            return None if self._busy.keys() & {"follow", "listen"} else self._schedule.next_look()

    def interval(self) -> float:
        """Return the seconds between two looks, as things are."""
        with self._lock:
            return self._schedule.interval()

    # --- what came of it ---

    def read(self, turn: GetOne, review: Review) -> None:
        """Take note of a single review."""
        with self._lock:
            before = self.watches.get(turn.review_id)
            self._answered(turn, is_news=before is not None and not before.shows(review))
            self._schedule.read(turn)
            self._saw(review)

    def listed(self, turn: ListMany, listing: ListResult) -> None:
        """Take note of a list."""
        with self._lock:
            self._answered(turn, is_news=bool(listing.reviews))
            self._schedule.listed(turn, listing)
            for review in listing.reviews:
                self._saw(review)

    def _answered(self, turn: PollRequest, *, is_news: bool) -> None:
        self.fault = None
        self._budget.spent(self._clock.epoch())
        self._count()
        self._counts.held += self._schedule.answered(turn, is_news=is_news)

    def _count(self) -> None:
        self.polls += 1
        self._counts.polls += 1

    def failed(self, turn: PollRequest, error: HITLError) -> None:
        """Take note of an exchange that failed: it ends all waits, one, or none."""
        with self._lock:
            self._count()
            if is_transient(error, is_known=self._budget.server.is_known):
                self._pause(turn, error)
            elif isinstance(error, AuthenticationError) or not isinstance(error, APIStatusError):
                for party in self.parties:  # an exception belongs to one stack, so each gets its own
                    party.fatal = copy.copy(error)
                    party.bell.ring()
            elif isinstance(turn, GetOne):
                self._end(turn.review_id, error)
            else:
                self._schedule.do_without(turn)

    def _pause(self, turn: PollRequest, error: HITLError) -> None:
        self.fault = error
        if isinstance(error, RateLimitError):
            self._counts.refused += 1
            self._budget.refused(self._clock.epoch(), error.retry_after)
        if isinstance(turn, ListMany) and isinstance(error, UnexpectedResponseError):
            self._schedule.misfit()
        self._schedule.failed(error.retry_after)

    def told(self, review: Review) -> bool:
        """Take note of a review that came some other way, and return whether it was waited for."""
        with self._lock:
            self._trust_notice(review.id)
            is_waited_for = review.id in self.watches
            self._saw(review, by_notice=True)
            return is_waited_for

    def told_of(self, review_id: str, changes: Mapping[str, Any]) -> bool:
        """Take note of what changed of a review; what cannot be pieced together from that is read at once."""
        with self._lock:
            self._trust_notice(review_id)
            watch = self.watches.get(review_id)
            if watch is None:
                return False
            if watch.review is not None and changes:
                self._saw(evolve(watch.review, **changes), by_notice=True)
            elif changes.get("status") in (None, *FINAL_STATUSES):
                self._schedule.ask_at_once(review_id)
                self._ring_one()
            return True

    def _trust_notice(self, review_id: str) -> None:
        self._counts.notified += review_id in self.watches
        self._schedule.trust_notice(is_trusted=True)  # also where a look was a little faster

    # --- what became of the reviews ---

    def _saw(self, review: Review, *, by_notice: bool = False) -> None:
        watch = self.watches.get(review.id)
        if watch is None:
            return
        if review.is_final:
            if not by_notice:
                self._schedule.trust_notice(is_trusted=False)
            self._end(review.id, review)
        elif watch.seen is None or not _is_older(review, watch.seen):
            is_news = not watch.shows(review)
            if is_news or isinstance(watch.seen, ReviewStub):
                watch.seen = self._kept(review, watch)
            for party in watch.parties if is_news else ():
                if party.wants_news:
                    party.tell(review.id, review)

    def _kept(self, review: Review, watch: Subscription) -> Review | ReviewStub:
        """Return as much of an open review as somebody may need before it ends."""
        # A webhook may tell only of what changed. Where the server itself tells of changes, it tells the whole of them.
        is_needed = not self._schedule.is_told_of_changes or any(party.wants_whole for party in watch.parties)
        return review if is_needed or review.version is None else ReviewStub(review.created_at, review.version)

    def _end(self, review_id: str, ending: WaitOutcome) -> None:
        watch = self.watches.get(review_id)
        if watch is None:  # nobody waits for it any more
            return
        self._forget(review_id)
        self._counts.ended += 1
        for party in watch.parties:
            party.open -= 1
            party.tell(review_id, copy.copy(ending) if isinstance(ending, HITLError) else ending)


def is_transient(error: HITLError, *, is_known: bool) -> bool:
    """Return whether the same question may be answered later: no connection, 429, 5xx, an answer without sense.

    Args:
        error: What came of the question.
        is_known: True if the server has answered before; then even its name may be unknown for a while, as on a
            machine that has lost its network.
    """
    match error:
        case TLSError():
            return False
        case APIConnectionError():
            return error.retryable or is_known
        case ServerError():
            return error.status_code not in NOT_DONE
        case _:
            return error.retryable or isinstance(error, UnexpectedResponseError)


def _is_older(review: Review, other: Review | ReviewStub) -> bool:
    mine, others = review.version, other.version
    return isinstance(mine, int) and isinstance(others, int) and mine < others  # as the server sent them
