"""The retries that a client may make in all."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from one_call import get
from script import BROKEN, UNREACHABLE, Script, refused, reviewed

from hitl._calls import Backoff, Exchange
from hitl._calls.retry_policy import MOST_RETRIES, SUCCESSES_FOR_ONE, RetryBudget
from hitl.exceptions import HITLError


@pytest.fixture
def patient() -> Exchange:
    return Exchange(Backoff(3, 0.0))


def requests(exchange: Exchange, outcome, calls: int) -> int:
    script = Script([outcome])
    for _ in range(calls):
        with pytest.raises(HITLError):
            script.play(exchange(get()))
    return len(script.calls)


@pytest.mark.parametrize("fault", [refused(503), refused(429), UNREACHABLE, BROKEN])
def test_a_dead_server_costs_no_more_than_the_budget_beside_the_calls_themselves(patient, fault):
    assert requests(patient, fault, calls=200) == 200 + MOST_RETRIES


def test_the_error_says_why_it_was_not_tried_again(patient):
    requests(patient, refused(503), calls=10)
    with pytest.raises(HITLError, match="not tried again: this client has used up its retries") as caught:
        Script([refused(503)]).play(patient(get()))
    assert (caught.value.attempts, caught.value.retryable) == (1, True)


def test_retries_that_helped_cost_nothing(patient):
    for _ in range(200):
        Script([refused(503), refused(503), reviewed()]).play(patient(get()))
    assert patient.budget.left == MOST_RETRIES


@pytest.mark.parametrize(("failed", "earned", "left"), [(10, 3, 3), (0, 10, MOST_RETRIES)])
def test_calls_that_succeed_earn_retries_back_slowly_and_no_more_than_at_first(patient, failed, earned, left):
    requests(patient, refused(503), calls=failed)
    for _ in range(earned * SUCCESSES_FOR_ONE):
        Script([reviewed()]).play(patient(get()))
    assert patient.budget.left == left


def test_polls_neither_spend_it_nor_need_it(patient):
    script = Script([refused(503), reviewed()])
    for _ in range(200):
        with pytest.raises(HITLError):
            Script([refused(503)]).play(patient.once(get()))
    assert patient.budget.left == MOST_RETRIES
    requests(patient, refused(503), calls=10)
    with pytest.raises(HITLError, match=r"\(1 attempt\)") as caught:
        script.play(patient.once(get()))
    assert "tried again" not in str(caught.value)


def test_a_server_that_says_when_to_come_back_is_not_in_trouble(patient):
    for _ in range(20):
        with pytest.raises(HITLError):
            Script([refused(429, retry_after="1")]).play(patient(get()))
    assert patient.budget.left == MOST_RETRIES


def test_threads_take_no_more_out_than_there_is():
    budget = RetryBudget()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(lambda _: budget.take(), range(400)))
    finally:
        sys.setswitchinterval(interval)
    assert taken == MOST_RETRIES
