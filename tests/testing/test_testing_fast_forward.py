from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from hitl import HITLClient
from hitl.exceptions import ReviewExpiredError
from hitl.testing import Sandbox, after, reject

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=lambda: START) as sandbox:
        sandbox.fast_forward()
        sandbox.fast_forward()  # once more changes nothing
        yield sandbox


def ask_and_wait(client: HITLClient, text: str) -> timedelta:
    """Return when the answer came, after the start of the test."""
    review = client.create_review("template_123", {"text": text})
    answer = client.wait_for_review(review.id)
    assert answer.completed_at is not None
    return answer.completed_at - START


def test_a_function_that_asks_and_waits_for_days_returns_at_once(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().in_turn([after("3d").approve(), reject(), after("1d").approve()])
    client = sandbox.client()
    assert [ask_and_wait(client, text) for text in "abc"] == [3 * DAY, 3 * DAY, 4 * DAY]


def test_several_programs_get_their_answers_in_the_order_of_their_times(sandbox: Sandbox) -> None:
    for days in (3, 1, 2):
        sandbox.reviewer.on(content={"text": f"{days}"}).after(days * DAY).approve()
    client = sandbox.client()
    with ThreadPoolExecutor(3) as programs:
        times = programs.map(lambda text: ask_and_wait(client, text), "312")
        assert [round(each / DAY) for each in times] == [3, 1, 2]


def test_a_review_that_nobody_answers_expires(sandbox: Sandbox) -> None:
    client = sandbox.client()
    review = client.create_review("template_123", {}, due_date=START + 9 * DAY)
    with pytest.raises(ReviewExpiredError):
        client.wait_for_review(review.id)
    assert sandbox.clock() == START + 9 * DAY


@pytest.mark.anyio
async def test_asynchronous_programs_are_not_kept_waiting_either() -> None:
    async with Sandbox() as sandbox, sandbox.async_client() as client:
        sandbox.fast_forward()
        sandbox.reviewer.on().after("72h").approve()
        review = await client.create_review("template_123", {})
        assert (await client.wait_for_review(review.id)).is_answered
        assert sandbox.clock.ahead >= 2.9 * DAY


def test_the_clock_stays_where_it_is_while_nobody_waits(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().after("3d").approve()
    client = sandbox.client()
    review = client.create_review("template_123", {})
    assert not client.get_review(review.id).is_final
    assert sandbox.clock() == START
