"""How many requests of a batch are under way, and when none may be."""

from __future__ import annotations

import pytest
from script import answer, refused, reviewed

from hitl._batches import ConcurrencyLimiter
from hitl._batches.concurrency import BEGIN, PATIENCE, RETRY_SLOT
from hitl._calls import Backoff

QUICK = 0.02  # seconds


class Load:
    """A limiter, and a clock that it reads."""

    def __init__(self, most: int = 64) -> None:
        self.now = 1000.0
        self.limiter = ConcurrencyLimiter(
            most, lambda: self.now, Backoff(PATIENCE, 1.0, 60.0, uniform=lambda low, high: high)
        )

    def round(self, seconds: float = QUICK, count: int | None = None) -> None:
        """Have as many requests answered as may be under way."""
        began = self.now
        self.now += seconds
        for _ in range(count or self.limiter.limit):
            self.limiter.observe(reviewed(code=201), began)

    def refuse(self, *, after: float = QUICK, **headers: str) -> None:
        began = self.now
        self.now += after
        self.limiter.observe(refused(429, **headers), began)


def test_a_batch_begins_with_sixteen_or_with_what_it_may_have():
    assert ConcurrencyLimiter(1000, float).limit == BEGIN == 16
    assert ConcurrencyLimiter(3, float).limit == 3


def test_it_doubles_with_each_round_until_it_has_what_it_may_have():
    load, limits = Load(most=100), []
    load.round(count=BEGIN - 1)
    assert load.limiter.limit == BEGIN  # not in the middle of a round
    load.round(count=1)
    assert load.limiter.limit == 32
    load, limits = Load(most=100), []
    for _ in range(4):
        load.round()
        limits.append(load.limiter.limit)
    assert limits == [32, 64, 100, 100]


def test_it_stops_growing_when_answers_take_twice_as_long():
    load = Load(most=1000)
    load.round(QUICK)
    load.round(2 * QUICK)
    assert load.limiter.limit == 64
    load.round(2.1 * QUICK)
    assert load.limiter.limit == 64


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_halves_it_and_from_then_on_it_grows_by_one(status):
    load = Load()
    load.limiter.observe(refused(status), load.now)
    assert load.limiter.limit == BEGIN // 2
    load.round()
    assert load.limiter.limit == BEGIN // 2 + 1


def test_requests_that_were_under_way_together_are_one_refusal():
    load = Load()
    began = load.now
    load.now += QUICK
    for seconds in ("3", "5", "4"):
        load.limiter.observe(refused(429, retry_after=seconds), began)
    assert load.limiter.limit == BEGIN // 2
    assert load.limiter.pause() == 5.0


def test_those_that_are_refused_together_go_on_in_their_turn():
    load = Load(most=4)
    began = load.now
    assert [load.limiter.acquire(who) for who in "abcd"] == [0.0] * 4
    load.now += QUICK
    for _ in "abcd":
        load.limiter.release()
        load.limiter.observe(refused(429, retry_after="3"), began)
    assert [load.limiter.acquire(who) for who in "dcba"] == [pytest.approx(3.3)] * 4
    load.now += 3.4
    assert [load.limiter.acquire(who) for who in "abcd"] == [RETRY_SLOT, RETRY_SLOT, 0.0, 0.0]
    assert load.limiter.acquire("e") == RETRY_SLOT
    load.limiter.release()
    assert [load.limiter.acquire(who) for who in "eab"] == [RETRY_SLOT, RETRY_SLOT, 0.0]


def test_one_is_always_under_way():
    load = Load(most=2)
    for _ in range(3):
        load.refuse()
    assert load.limiter.limit == 1


def test_a_pause_is_what_the_server_asks_for_and_never_less():
    load = Load()
    load.refuse(retry_after="7")
    assert load.limiter.pause() == pytest.approx(7.7)  # the jitter goes upwards only
    load.now += 7.8
    assert load.limiter.pause() == 0.0


def test_a_503_pauses_the_batch_only_if_it_says_for_how_long():
    load = Load()
    load.limiter.observe(answer(503, b""), load.now)
    assert load.limiter.pause() == 0.0
    load.now += 1
    load.limiter.observe(answer(503, b"", retry_after="2"), load.now)
    assert load.limiter.pause() >= 2.0


def test_pauses_of_a_server_that_does_not_say_how_long_double_until_a_success():
    load, pauses = Load(), []
    for _ in range(PATIENCE):
        load.refuse()
        pauses.append(load.limiter.pause())
        load.now += pauses[-1]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    load.round(count=1)
    load.refuse()
    assert load.limiter.pause() == 1.0


def test_it_gives_up_after_so_many_pauses_without_a_success():
    load = Load()
    for _ in range(PATIENCE):
        load.refuse()
        assert load.limiter.stopped_for is None
    load.refuse()
    assert load.limiter.stopped_for == 0.0


def test_it_gives_up_at_once_if_the_server_asks_for_more_than_a_minute():
    load = Load()
    load.refuse(retry_after="60")
    assert load.limiter.stopped_for is None
    load.refuse(retry_after="61")
    assert load.limiter.stopped_for == 61.0


def test_it_gives_up_if_only_one_of_those_that_were_under_way_together_asks_for_more_than_a_minute():
    load = Load()
    began = load.now
    load.now += QUICK
    load.limiter.observe(refused(429, retry_after="1"), began)
    load.limiter.observe(refused(429, retry_after="999999999999"), began)
    assert load.limiter.stopped_for == 999999999999.0
    assert load.limiter.pause() < 2.0
