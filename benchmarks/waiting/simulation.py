"""Days of waiting in virtual time: so many reviews an hour, people who take ten minutes, a rate limit.

A review is created, a person takes a lognormal time (median 10 minutes, sigma 1), and somebody waits. Its extra
latency is the time from the person's answer to when the waiter has it.
"""

from __future__ import annotations

import math
import random
import statistics
import warnings
from collections.abc import Iterable, Mapping
from functools import partial

from attrs import astuple, frozen

from benchmarks.waiting.vendor import TEMPLATE, RateLimit, Vendor
from benchmarks.waiting.waiters import Adaptive, Alone, Together, Waiter, every_five_seconds, growing
from benchmarks.waiting.world import EPOCH, World
from hitl import WaitBudgetWarning
from hitl._api import operations
from hitl._calls import Backoff, Exchange, random_key
from hitl._flows import Flow, Sleep
from hitl._waiting import WaitOptions
from hitl.exceptions import RateLimitError
from hitl.models import Review

DAY = 24 * 3600.0
LONGEST = 2 * DAY  # when a simulation is ended; whoever has not seen an answer by then is at least so late
MEDIAN = 600.0
SIGMA = 1.0
LOST = 0.01  # of the webhooks
ON_TIME = 1.0  # seconds; a creation that takes longer was held up
RETRIES = Backoff(2, 0.5, uniform=lambda low, _high: low)  # the client's own, without chance: a seed is a day


@frozen
class Load:
    """New reviews for a day, or a burst that is there when the day begins."""

    name: str
    per_hour: float = 0.0
    burst: int = 0


@frozen
class Figures:
    """What a day came to; seconds, and requests by the hour for as long as reviews are created.

    Attributes:
        requests: To create and to look, an hour; of a burst in all.
        refusals: Those that were answered 429, likewise.
        held_up: Share of the creations that took longer than a second.
        unseen: Share of the answers that the waiter had not seen when the simulation was ended. They count as late by
            the time since then, so the latencies are at least these.
    """

    requests: float
    refusals: float
    mean: float
    p95: float
    held_up: float
    unseen: float


LIMITS = (RateLimit("100/hour", 100), RateLimit("1,000/minute", 1000, 60.0), RateLimit("none", None))
LOADS = (*(Load(f"{rate}/h", per_hour=rate) for rate in (1, 10, 40, 80)), Load("burst of 10,000", burst=10_000))
NAIVE, LOOP, ADAPTIVE = "each every 5 s", "get_review loop", "adaptive, shared"
POLLING, WEBHOOKS = "hitl, polling", "hitl, webhooks"
WAITERS = (NAIVE, LOOP, ADAPTIVE, POLLING, WEBHOOKS)


class Day:
    """One simulation; `late` and `delays` are the seconds that answers and creations took too long."""

    def __init__(self, rate_limit: RateLimit, waiter: str, seed: int, poll_interval: float = 1.0) -> None:
        self.vendor = Vendor(rate_limit)
        self.world = World(self.vendor)
        self.late: dict[str, float] = {}
        self.delays: list[float] = []
        self._draw = random.Random(seed)
        self._exchange = Exchange(RETRIES, clock=self.world.clock, timeout=30.0)
        self._waiter = self._made(waiter, poll_interval)

    def _made(self, waiter: str, poll_interval: float) -> Waiter:
        if waiter in (NAIVE, LOOP):
            return Alone(self.world, self.vendor, self._seen, every_five_seconds if waiter == NAIVE else growing)
        if waiter == ADAPTIVE:
            return Adaptive(self.world, self.vendor, self._seen)
        options = WaitOptions(None, poll_interval)
        return Together(self.world, self._exchange, self._seen, options, has_webhooks=waiter == WEBHOOKS)

    def arrive(self, per_hour: float) -> None:
        """Let reviews be created at this rate for a day."""
        at = EPOCH
        while (at := at + self._draw.expovariate(per_hour / 3600.0)) < EPOCH + DAY:
            creation = self._create(self._human_time(), is_lost=self._is_lost())
            self.world.at(at, partial(self.world.start, creation))

    def burst(self, count: int) -> None:
        """Begin to wait for so many reviews, which another program has just created."""
        for _ in range(count):
            review_id = self.vendor.add(EPOCH)
            review = operations.get_review(review_id).decode(self.vendor.read(review_id, EPOCH))
            self._ask(review, self._human_time(), is_lost=self._is_lost())

    def _human_time(self) -> float:
        return self._draw.lognormvariate(math.log(MEDIAN), SIGMA)

    def _is_lost(self) -> bool:
        return self._draw.random() < LOST

    def _create(self, after: float, *, is_lost: bool) -> Flow[None]:
        began = self.world.now
        while True:
            try:
                creation = operations.create_review({"template_id": TEMPLATE, "content": {}})
                review = yield from self._exchange(creation.with_key(random_key()))
                break
            except RateLimitError as error:
                yield Sleep(error.retry_after or 0.0)
        self.delays.append(self.world.now - began)
        self._ask(review, after, is_lost=is_lost)

    def _ask(self, review: Review, after: float, *, is_lost: bool) -> None:
        self.vendor.ends[review.id] = self.world.now + after
        self._waiter.ends(review.id, self.world.now + after, is_lost=is_lost)
        self._waiter.wait(review)

    def _seen(self, review_id: str) -> None:
        self.late[review_id] = self.world.now - self.vendor.ends[review_id]

    def finish(self) -> None:
        """Let time pass until all answers are seen, or for as long as a simulation may go on."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WaitBudgetWarning)
            self.world.run(EPOCH + LONGEST)

    def figures(self, hours: float) -> Figures:
        """Return what it came to, the counts divided by so many hours; infinite `hours` for the counts in all."""
        since = {each: EPOCH + LONGEST - ends for each, ends in self.vendor.ends.items() if each not in self.late}
        unseen = [late for late in since.values() if late > 0]
        late = sorted([*self.late.values(), *unseen])
        return Figures(
            self._counted(self.vendor.asked, hours),
            self._counted(self.vendor.refused, hours),
            statistics.mean(late),
            late[int(0.95 * (len(late) - 1))],
            sum(delay > ON_TIME for delay in self.delays) / max(1, len(self.delays)),
            len(unseen) / len(late),
        )

    def _counted(self, counts: Mapping[tuple[str, int], int], hours: float) -> float:
        first = int(EPOCH // 3600)
        return sum(count for (_, hour), count in counts.items() if hour - first < hours) / (
            1 if math.isinf(hours) else hours
        )


def simulate(rate_limit: RateLimit, load: Load, waiter: str, seeds: Iterable[int]) -> Figures:
    """Return the means of some days, which differ by their seeds."""
    found = [_one(rate_limit, load, waiter, seed) for seed in seeds]
    return Figures(*(statistics.mean(values) for values in zip(*map(astuple, found), strict=True)))


def _one(rate_limit: RateLimit, load: Load, waiter: str, seed: int) -> Figures:
    day = Day(rate_limit, waiter, seed)
    if load.burst:
        day.burst(load.burst)
    else:
        day.arrive(load.per_hour)
    day.finish()
    return day.figures(math.inf if load.burst else DAY / 3600)


def share_of_interval(interval: float) -> float:
    """Return the mean extra latency by the polling interval, both as the waiter was told and nothing limits it."""
    day = Day(RateLimit("none", None), POLLING, seed=1, poll_interval=interval)
    day.arrive(10)
    day.finish()
    return day.figures(DAY / 3600).mean / interval
