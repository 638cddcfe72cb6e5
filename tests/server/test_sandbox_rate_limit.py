from __future__ import annotations

import pytest

from hitl.server.http.rate_limit import RateLimit, RateLimiter
from hitl.server.primitives.errors import ApiError


def test_a_budget_counts_down_and_then_refuses_until_its_window_ends() -> None:
    budget = RateLimiter(RateLimit(2, 60.0)).of("somebody")
    budget.spend(1000.5)
    assert budget.headers() == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "1061",
    }
    budget.spend(1001.0)
    with pytest.raises(ApiError) as caught:
        budget.spend(1030.0)
    assert caught.value.status == 429
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.headers == {"Retry-After": "31"}
    budget.spend(1060.5)
    assert budget.left == 1


def test_each_caller_has_a_budget_of_its_own() -> None:
    budgets = RateLimiter(RateLimit(1, 60.0))
    budgets.of("one").spend(0.0)
    budgets.of("another").spend(0.0)
    with pytest.raises(ApiError):
        budgets.of("one").spend(0.0)


def test_a_clock_that_is_set_back_does_not_lock_anybody_out() -> None:
    budget = RateLimiter(RateLimit(1, 60.0)).of("somebody")
    budget.spend(1_000_000.0)
    budget.spend(0.0)
    assert budget.ends == 60.0
