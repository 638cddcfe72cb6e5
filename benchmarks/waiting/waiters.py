"""Those who wait in the simulation: the package's own flows, two that ask about each review by itself, and one rival.

The rival is what a careful programmer would write for HITL.sh: one poll for all, paced by what the rate limit leaves.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from attrs import define, field, frozen

from benchmarks.waiting.vendor import Vendor
from benchmarks.waiting.world import TRAVEL, World
from hitl._calls import Exchange
from hitl._flows import Flow
from hitl._waiting import REVIEWS, WaitOptions, WaitRegistry, wait_for_one
from hitl.models import Review

Seen = Callable[[str], None]
Pauses = Callable[[], Iterator[float]]
REQUEST_TIMEOUT = 30.0
ADAPTIVE_SHORTEST = 5.0  # seconds between two polls of the rival
RECONSIDERED = 5.0  # seconds after which it looks again at what the rate limit leaves
HOOK_DELAY = 1.0  # seconds from an answer to the webhook that tells of it


class Waiter(Protocol):
    """Waits for reviews, one after the other or many at once."""

    def wait(self, review: Review) -> None:
        """Begin to wait for a review, at the present moment of the world."""
        ...

    def ends(self, review_id: str, moment: float, *, is_lost: bool) -> None:
        """Be told when a review will end, and whether the webhook that tells of it is lost."""
        ...


def every_five_seconds() -> Iterator[float]:
    """Return the pauses of the naive waiter."""
    return itertools.repeat(5.0)


def growing() -> Iterator[float]:
    """Return the pauses of a careful loop around `get_review`: 2 seconds, twice as long each time, at most 60."""
    return (min(60.0, 2.0 * 2.0**number) if number < 6 else 60.0 for number in itertools.count())


@frozen
class Alone:
    """Asks about each review by itself; after a 429 it waits for as long as `Retry-After` says, and goes on."""

    world: World
    vendor: Vendor
    seen: Seen
    pauses: Pauses

    def wait(self, review: Review) -> None:
        pauses = self.pauses()
        if self.vendor.is_unlimited:  # then it meets nobody else, and its day can be told without living through it
            self._simulate(review.id, pauses)
        else:
            self.world.at(self.world.now + next(pauses), lambda: self._look(review.id, pauses))

    def ends(self, review_id: str, moment: float, *, is_lost: bool) -> None:
        """Nobody tells it."""

    def _look(self, review_id: str, pauses: Iterator[float]) -> None:
        now = self.world.now
        _, refused = self.vendor.spend("look", now)
        if refused is None and self.vendor.ends[review_id] <= now:
            self.world.at(now + TRAVEL, lambda: self.seen(review_id))
        else:
            pause = next(pauses) if refused is None else refused
            self.world.at(now + pause + 2 * TRAVEL, lambda: self._look(review_id, pauses))

    def _simulate(self, review_id: str, pauses: Iterator[float]) -> None:
        moment = self.world.now + next(pauses)
        self.vendor.spend("look", moment)
        while moment < self.vendor.ends[review_id]:
            moment += next(pauses) + 2 * TRAVEL
            self.vendor.spend("look", moment)
        self.world.at(moment + TRAVEL, lambda: self.seen(review_id))


@define
class Adaptive:
    """Asks about all reviews at once, as often as the rate limit leaves room beside what is created.

    It knows better than it could: how many reviews are created, and one request shows all that it waits for, though a
    list has pages.
    """

    world: World
    vendor: Vendor
    seen: Seen
    open: dict[str, None] = field(factory=dict[str, None])
    last: float = -math.inf
    is_scheduled: bool = False

    def wait(self, review: Review) -> None:
        self.open[review.id] = None
        self._schedule()

    def ends(self, review_id: str, moment: float, *, is_lost: bool) -> None:
        """Nobody tells it."""

    def _schedule(self) -> None:
        if self.open and not self.is_scheduled:
            self.is_scheduled = True
            self.world.at(max(self.world.now, min(self._due(), self.world.now + RECONSIDERED)), self._act)

    def _act(self) -> None:
        self.is_scheduled = False
        if self._due() <= self.world.now:
            self._look()
        self._schedule()

    def _due(self) -> float:
        if self.vendor.is_unlimited:
            return self.last + ADAPTIVE_SHORTEST
        left, to_reset = self.vendor.left(self.world.now)
        reserve = min(0.85 * left, 1.1 * self.vendor.created_lately(self.world.now) / 3600.0 * to_reset)
        free = left - reserve
        return self.last + max(ADAPTIVE_SHORTEST, to_reset / free) if free >= 1.0 else self.world.now + to_reset

    def _look(self) -> None:
        now = self.last = self.world.now
        _, refused = self.vendor.spend("look", now)
        for review_id in list(self.open) if refused is None else ():
            if self.vendor.ends[review_id] <= now:
                del self.open[review_id]
                self.world.at(now + TRAVEL, partial(self.seen, review_id))


class Together:
    """Waits with the package's own flows, which share their requests."""

    def __init__(
        self, world: World, exchange: Exchange, seen: Seen, options: WaitOptions, *, has_webhooks: bool
    ) -> None:
        self._world = world
        self._seen = seen
        self._has_webhooks = has_webhooks
        self._options = options
        self._waits = WaitRegistry(exchange, world.clock, lambda: "here", REQUEST_TIMEOUT)

    def wait(self, review: Review) -> None:
        self._world.start(self._wait(review))

    def ends(self, review_id: str, moment: float, *, is_lost: bool) -> None:
        if self._has_webhooks and not is_lost:
            event = _event(review_id, moment)
            self._world.at(moment + HOOK_DELAY, lambda: self._notify(event))

    def _notify(self, event: dict[str, Any]) -> None:
        self._waits.notify(event)

    def _wait(self, review: Review) -> Flow[None]:
        ended = yield from wait_for_one(self._waits, review.id, review, self._options, REVIEWS)
        self._seen(ended.id)


def _event(review_id: str, moment: float) -> dict[str, Any]:
    now = datetime.fromtimestamp(moment, UTC).isoformat()
    review = {"id": review_id, "status": "completed", "result": {"approved": True}, "reviewer": "a@example.com"}
    return {"event": "review.completed", "review": {**review, "completed_at": now}, "timestamp": now}
