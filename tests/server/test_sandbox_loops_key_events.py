"""What webhooks hear about the rate limit of a key."""

from __future__ import annotations

from typing import Any

import pytest
from fake_clock import NOON

from hitl.server.http.rate_limit import RateLimit, RateLimiter
from hitl.server.loops.accounts import account_of
from hitl.server.loops.events import KeyEvents
from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer


@pytest.fixture
def budgets(server: ReviewServer) -> RateLimiter:
    return RateLimiter(RateLimit(10, 3600.0), KeyEvents(server.database, server.outbox, server.clock).record)


def told(server: ReviewServer) -> list[tuple[str, dict[str, Any]]]:
    return [(event.event, event.payload["data"]) for event in server.outbox.events_after(0, 100)]


def spend(budgets: RateLimiter, owner: str, times: int, now: float = NOON.timestamp()) -> None:
    for _ in range(times):
        budgets.of(owner).spend(now)


def test_a_warning_comes_once_when_four_fifths_are_spent(server: ReviewServer, budgets: RateLimiter) -> None:
    spend(budgets, "a digest", 7)
    assert told(server) == []
    spend(budgets, "a digest", 3)
    account = account_of("a digest")
    facts = {
        "api_key_id": account.api_key_id,
        "user_id": account.user_id,
        "usage_count": 8,
        "usage_limit": 10,
        "remaining": 2,
        "reset_at": "2026-11-23T13:00:00.000000Z",
    }
    assert told(server) == [("api_key.quota_warning", facts)]


def test_the_first_refusal_of_a_window_is_told(server: ReviewServer, budgets: RateLimiter) -> None:
    spend(budgets, "a digest", 10)
    for _ in range(3):
        with pytest.raises(ApiError):
            spend(budgets, "a digest", 1)
    spend(budgets, "a digest", 8, NOON.timestamp() + 3600)
    names = [name for name, _ in told(server)]
    assert names == ["api_key.quota_warning", "api_key.limit_exceeded", "api_key.quota_warning"]


def test_nobody_hears_of_those_without_a_key(server: ReviewServer, budgets: RateLimiter) -> None:
    spend(budgets, "", 10)
    assert told(server) == []


def test_who_has_no_key_has_the_budget_of_his_address(budgets: RateLimiter) -> None:
    for _ in range(10):
        budgets.of("", "192.0.2.1").spend(NOON.timestamp())
    with pytest.raises(ApiError, match="are spent"):
        budgets.of("", "192.0.2.1").spend(NOON.timestamp())
    budgets.of("", "192.0.2.2").spend(NOON.timestamp())
