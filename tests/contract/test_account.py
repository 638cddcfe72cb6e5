"""Whose API key it is, what is left of its limits, and batches that do not fit into the month, through both clients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from both_clients import Clock, Connect
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import AuthenticationError, BatchError, RateLimitError
from hitl.models import Quota, ReviewFields
from hitl.testing import Sandbox

ITEM: ReviewFields = {"template_id": "content_review", "content": {"text": "A draft"}}


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = datetime(2100, 11, 17, 12, tzinfo=UTC)  # so that for this machine no month is over
    return clock


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, rate_limit=(100, 3600.0), monthly_quota=3) as sandbox:
        yield sandbox


def answer(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.complete(client.create_review(**ITEM), {"approved": True})


def test_it_says_whose_key_it_is_and_what_is_left(client: HITLClient) -> None:
    account = client.account()
    assert account.email.endswith("@example.com")
    assert (account.status, "requests:write" in account.permissions) == ("active", True)
    assert account.user_id != account.key_id
    assert account.hour == Quota(100, 1, 99, datetime(2100, 11, 17, 13, tzinfo=UTC))
    assert account.month == Quota(3, 0, 3, datetime(2100, 12, 1, tzinfo=UTC))
    assert account.extra == {}


def test_a_month_counts_the_responses_of_people_and_begins_anew(
    client: HITLClient, sandbox: Sandbox, clock: Clock
) -> None:
    answer(sandbox, client)
    client.cancel_review(client.create_review(**ITEM).id)
    month = client.account().month
    assert month is not None
    assert (month.used, month.remaining) == (1, 2)
    clock.advance(days=14)
    month = client.account().month
    assert month is not None
    assert (month.used, month.remaining, month.resets_at) == (0, 3, datetime(2101, 1, 1, tzinfo=UTC))


def test_the_hour_and_the_month_are_in_the_stats_of_waiting(client: HITLClient, sandbox: Sandbox) -> None:
    answer(sandbox, client)
    assert (client.wait_stats().month_limit, client.wait_stats().month_remaining) == (None, None)
    client.account()
    stats = client.wait_stats()
    assert (stats.limit, stats.remaining, stats.month_limit, stats.month_remaining) == (100, 98, 3, 2)


def test_a_batch_that_does_not_fit_into_the_month_is_refused_before_anything_is_sent(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    answer(sandbox, client)
    client.account()
    sent = len(recorder.exchanges)
    with pytest.raises(RateLimitError, match="the 3 items do not fit into the month, which has 2 of 3") as caught:
        client.create_reviews([ITEM] * 3)
    assert (caught.value.sent, caught.value.attempts, caught.value.code) == ("no", 0, "monthly_quota")
    with pytest.raises(RateLimitError, match=r"^iter_create_reviews: .* pass iter\(items\)"):
        list(client.iter_create_reviews([ITEM] * 3))
    assert len(recorder.exchanges) == sent
    assert len(client.create_reviews(iter([ITEM] * 3))) == 3
    assert len(client.create_reviews([ITEM] * 2)) == 2


def test_nothing_is_refused_where_the_month_is_not_known_or_is_over(client: HITLClient, clock: Clock) -> None:
    assert len(client.create_reviews([ITEM] * 4)) == 4
    clock.now = datetime(2020, 1, 1, tzinfo=UTC)
    client.account()
    assert client.wait_stats().month_remaining is None
    assert len(client.create_reviews([ITEM] * 4)) == 4


def test_once_the_month_is_used_up_questions_are_refused_and_reads_are_not(
    client: HITLClient, sandbox: Sandbox
) -> None:
    for _ in range(3):
        answer(sandbox, client)
    with pytest.raises(RateLimitError, match="the 3 responses of this month are used up") as caught:
        client.create_review(**ITEM)
    assert (caught.value.code, caught.value.attempts) == ("monthly_quota_exceeded", 1)
    assert caught.value.retry_after == 13.5 * 86_400
    with pytest.raises(BatchError):
        client.create_reviews(iter([ITEM]))
    assert len(client.list_reviews()) == 3
    loop = client.loops.create("Moderators")
    assert client.loops.get(loop.id) == client.loops.list()[0]


def test_a_wrong_key_is_told_as_one(connect: Connect, sandbox: Sandbox) -> None:
    with pytest.raises(AuthenticationError):
        connect(sandbox, api_key="another-key").account()
