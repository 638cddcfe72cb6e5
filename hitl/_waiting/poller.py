"""The waits of one domain (a process, or an event loop), which share their requests.

There is no thread or task of our own: whichever waiter finds a request due sends it, for all of them. One waiter, the
timer's owner, sleeps until the next request is due; the others sleep until they are woken. A wait that ends, is
cancelled or interrupted gives back what it was assigned, and another goes on.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from threading import RLock
from typing import Any

from attrs import evolve

from hitl._calls import NOT_DONE
from hitl._flows import Wakeup
from hitl._review import FINAL_STATUSES
from hitl._waiting.arguments import WebhookUpdate
from hitl._waiting.kinds import REVIEWS, Kind, Subject
from hitl._waiting.model import (
    Channel,
    ClientState,
    GetOne,
    ListMany,
    ListResult,
    PollRequest,
    ReviewStub,
    ServerCapabilities,
    Subscription,
    Waiter,
    version_of,
)
from hitl._waiting.outcomes import WaitOutcome
from hitl._waiting.schedule import Schedule
from hitl._waiting.timing import Timing
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    HITLError,
    ServerError,
    TLSError,
    UnexpectedResponseError,
)


class SharedPoller:
    """Who waits for what, who sends which request, and what became of the reviews; to be called from any thread."""

    def __init__(self, client: ClientState, server: ServerCapabilities, kind: Kind[Any] = REVIEWS) -> None:
        self.kind = kind
        self.last_error: HITLError | None = None  # the last transient error; None after an answer
        self.polls = 0  # requests that have completed
        self._is_abandoned = False  # once all waiters have left, nobody may join any more
        self._client = client
        self._lock = RLock()  # re-entrant: the garbage collector may call `leave` at any moment
        self._subscriptions: dict[str, Subscription] = {}
        self._waiters: dict[Waiter, None] = {}  # in the order in which they joined
        self._timing = Timing(client)
        self._schedule = Schedule(self._subscriptions, self._timing, server)
        self._in_flight: dict[Channel, Waiter] = {}
        self._timer_owner: Waiter | None = None

    def join(self, waiter: Waiter, reviews: Mapping[str, Subject | None]) -> bool:
        """Wait for these reviews, with what is known of them, and return whether that was possible."""
        try:
            with self._lock:
                if not self._is_abandoned:
                    self._subscribe(waiter, reviews)
                return not self._is_abandoned
        except BaseException:  # Ctrl-C, which comes at any moment; nobody has the waiter yet who could leave
            self.leave(waiter)
            raise

    def _subscribe(self, waiter: Waiter, reviews: Mapping[str, Subject | None]) -> None:
        waiter.open_count = len(reviews)
        self._waiters[waiter] = None
        self._timing.joined(waiter)
        for review_id, review in reviews.items():
            if (found := self._subscriptions.get(review_id)) is not None:
                found.waiters.append(waiter)
                if waiter.wants_content and isinstance(found.seen, ReviewStub):
                    self._schedule.add(review_id, is_known=False)
            else:
                self._subscriptions[review_id] = Subscription([waiter], review)
                self._schedule.add(review_id, is_known=review is not None)

    def leave(self, waiter: Waiter) -> bool:
        """Stop waiting, and return whether nobody is left; idempotent."""
        with self._lock:
            self.rest(waiter)
            for review_id in waiter.ids if waiter.open_count else ():
                self._unsubscribe(review_id, waiter)
            waiter.open_count = 0
            self._waiters.pop(waiter, None)
            self._is_abandoned = not self._waiters
            return self._is_abandoned

    def _unsubscribe(self, review_id: str, waiter: Waiter) -> None:
        if (subscription := self._subscriptions.get(review_id)) is None:
            return
        if waiter in subscription.waiters:
            subscription.waiters.remove(waiter)
        if not subscription.waiters:
            self._forget(review_id)

    def _forget(self, review_id: str) -> None:
        self._schedule.remove(review_id)
        self._subscriptions.pop(review_id, None)  # last, so that what Ctrl-C left undone is done when it is repeated

    @property
    def waiter_count(self) -> int:
        return len(self._waiters)

    @property
    def open_count(self) -> int:
        return len(self._subscriptions)

    def open_ids(self, waiter: Waiter) -> list[str]:
        """Return what the waiter waits for and has not ended."""
        with self._lock:
            found = ((review_id, self._subscriptions.get(review_id)) for review_id in waiter.ids)
            return [review_id for review_id, each in found if each is not None and waiter in each.waiters]

    def last_seen(self, review_id: str) -> Any:
        """Return an open review as it was last seen, if it was kept."""
        found = self._subscriptions.get(review_id)
        return None if found is None or isinstance(found.seen, ReviewStub) else found.seen

    def created_at(self, review_id: str) -> datetime | None:
        """Return when an open review was created; None if it was not seen yet."""
        found = self._subscriptions.get(review_id)
        return None if found is None else found.created_at

    def plan(self, waiter: Waiter, until: float) -> PollRequest | float:
        """Return the request that the waiter is to send now, or for how many seconds it may sleep on its wakeup."""
        with self._lock:
            waiter.wakeup = Wakeup()
            if waiter.has_something or not waiter.open_count:
                return 0.0
            left = max(0.0, until - self._timing.now())
            request = self._schedule.next_request(self._in_flight.keys(), left)
            if isinstance(request, GetOne | ListMany):
                return self._assign(request, waiter)
            if self._timer_owner is None or self._timer_owner in self._in_flight.values():
                self._timer_owner = waiter
            return request if self._timer_owner is waiter else math.inf

    def final_request(self, waiter: Waiter) -> PollRequest | None:
        """Return the request to be sent when a waiter's time is up; None if it is not worth one."""
        with self._lock:
            request = None if self._in_flight else self._schedule.final_request(self.open_ids(waiter))
            return None if request is None else self._assign(request, waiter)

    def _assign(self, request: PollRequest, waiter: Waiter) -> PollRequest:
        self._in_flight[request.channel] = waiter
        self._timing.began()
        return request

    def finished(self, request: PollRequest, waiter: Waiter) -> None:
        """Release what the waiter was assigned; to be called after each request, however it ended."""
        with self._lock:
            if self._in_flight.get(request.channel) is waiter:
                del self._in_flight[request.channel]
            if self._timer_owner is not waiter:
                self._wake_another()

    def rest(self, waiter: Waiter) -> None:
        """Take no part for now; what the waiter was assigned is given back."""
        with self._lock:
            waiter.wakeup = None
            self._in_flight = {channel: each for channel, each in self._in_flight.items() if each is not waiter}
            if self._timer_owner is waiter:
                self._timer_owner = None
            if self._timer_owner is None:
                self._wake_another()

    def _wake_another(self) -> None:
        """Wake a waiter that can do what is due. One with a request in flight cannot: it may be held open for long."""
        for waiter in chain((self._timer_owner,), self._waiters):
            if waiter is not None and waiter.wakeup is not None and waiter not in self._in_flight.values():
                waiter.wake()
                return

    def has_polled_since(self, moment: float) -> bool:
        return self._timing.has_polled_since(moment)

    def next_poll_in(self) -> float | None:
        """Return in how many seconds the next poll is due; None while a request is held open."""
        with self._lock:
            return None if self._in_flight.keys() & {"changes", "single"} else self._timing.next_poll_in()

    def interval(self) -> float:
        with self._lock:
            return self._timing.interval()

    def completed(self, request: PollRequest, result: ListResult) -> None:
        """Apply a response; a single review is a list of one."""
        with self._lock:
            self.last_error = None
            self.polls += 1
            self._timing.answered()
            was_held = self._schedule.completed(request, result, has_news=self._has_news(request, result))
            self._client.counters.held += was_held
            for review in result.reviews:
                self._update(review)

    def _has_news(self, request: PollRequest, result: ListResult) -> bool:
        if isinstance(request, ListMany):
            return bool(result.reviews)
        found = self._subscriptions.get(request.review_id)
        return found is not None and not self._shows(found, result.reviews[0])

    def _shows(self, found: Subscription, review: Subject) -> bool:
        """Return whether a review is unchanged since it was last seen."""
        if isinstance(found.seen, ReviewStub):
            return bool(found.seen.version == version_of(review))
        return found.seen is not None and self.kind.is_same(found.seen, review)

    def failed(self, request: PollRequest, error: HITLError) -> None:
        """Apply an error: it ends all waits, one, or none."""
        with self._lock:
            self.polls += 1
            self._client.counters.polls += 1
            if is_transient(error, is_known=self._client.server.is_known):
                self._pause(request, error)
            elif isinstance(error, AuthenticationError) or not isinstance(error, APIStatusError):
                for waiter in self._waiters:  # an exception belongs to one stack, so each gets its own
                    waiter.fatal = copy.copy(error)
                    waiter.wake()
            elif isinstance(request, GetOne):
                self._end(request.review_id, error)
            else:
                self._schedule.unsupported(request)

    def _pause(self, request: PollRequest, error: HITLError) -> None:
        self.last_error = error
        if isinstance(error, UnexpectedResponseError):
            self._schedule.malformed(request)
        self._timing.troubled(error)

    def apply(self, review_id: str, update: WebhookUpdate) -> bool:
        """Apply what a webhook reports, and return whether the review was waited for."""
        with self._lock:
            is_waited_for = review_id in self._subscriptions
            if is_waited_for:
                self._client.counters.notified += 1
                self._update_from_webhook(review_id, update)
            self._timing.webhook_arrived()  # even if a poll saw the change first
            return is_waited_for

    def _update_from_webhook(self, review_id: str, update: WebhookUpdate) -> None:
        known = self.last_seen(review_id)
        if not isinstance(update, dict):
            self._update(update)
        elif known is not None and update:
            self._update(evolve(known, **update))
        elif update.get("status") in (None, *FINAL_STATUSES):  # it is not known well enough to be completed
            self._schedule.poll_now(review_id)
            self._wake_another()

    def _update(self, review: Subject) -> None:
        if (found := self._subscriptions.get(review.id)) is None:
            return
        if review.is_final:
            self._timing.webhook_missed()  # until one arrives
            self._end(review.id, review)
        elif found.seen is None or not _is_older(review, found.seen):
            is_changed = not self._shows(found, review)
            if is_changed or isinstance(found.seen, ReviewStub):
                found.seen = self._kept(review, found)
            for waiter in found.waiters if is_changed else ():
                if waiter.options.on_update is not None:
                    waiter.deliver(review.id, review)

    def _kept(self, review: Subject, found: Subscription) -> Subject | ReviewStub:
        """Return as much of an open review as may be needed before it ends."""
        # A webhook may report only the changes. A feed of changes shows whole reviews.
        version, created = version_of(review), review.created_at
        if not self._schedule.has_feed or any(each.wants_content for each in found.waiters):
            return review
        return review if version is None or created is None else ReviewStub(created, version)

    def _end(self, review_id: str, outcome: WaitOutcome) -> None:
        if (subscription := self._subscriptions.get(review_id)) is None:  # nobody waits for it any more
            return
        self._forget(review_id)
        self._client.counters.hits += 1
        for waiter in subscription.waiters:
            waiter.open_count -= 1
            waiter.deliver(review_id, copy.copy(outcome) if isinstance(outcome, HITLError) else outcome)


def is_transient(error: HITLError, *, is_known: bool) -> bool:  # guard: transient-in-waits
    """Return whether the same request may succeed later: no connection, 429, 5xx, or a malformed response."""
    match error:
        case TLSError():
            return False
        case APIConnectionError():
            # A name that has been resolved before may fail to resolve for a while, as on a machine without its network.
            return error.retryable or is_known
        case ServerError():
            return error.status_code not in NOT_DONE
        case _:
            return error.retryable or isinstance(error, UnexpectedResponseError)


def _is_older(review: Subject, other: Subject | ReviewStub) -> bool:
    mine, others = version_of(review), version_of(other)
    return isinstance(mine, int) and isinstance(others, int) and mine < others  # as the server sent them
