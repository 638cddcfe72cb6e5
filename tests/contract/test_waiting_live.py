"""Waiting for people, over a real connection that the sandbox holds open, through both clients."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from both_clients import Clock
from requests_fit import Recorder

from hitl import HITLClient, Review
from hitl.exceptions import ReviewCancelledError, ReviewExpiredError, WaitTimeoutError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}

# Longer than any test: an answer that only a second read could find would never be found.
NEVER = 3600.0


class Waiting:
    """Waits for reviews in other threads, and knows when the sandbox holds their reads."""

    def __init__(self, client: HITLClient, http: httpx.Client, threads: ThreadPoolExecutor) -> None:
        self._client = client
        self._http = http
        self._threads = threads

    def begin(self, *reviews: Review) -> list[Future[Review]]:
        """Return once the reads of all these waits are held."""
        before = self._left()
        waits = [self._threads.submit(self._client.wait_for_review, each.id, poll_interval=NEVER) for each in reviews]
        own = 1
        # A read counts against the rate limit as soon as it is in, which is all that can be seen of it from outside.
        # Several waits share their reads: one looks for all, and one is held.
        while before - self._left() < own + min(2, len(reviews)) or self._client.wait_stats().open < len(reviews):
            own += 1
        return waits

    def _left(self) -> int:
        return int(self._http.get("/v1/reviews?limit=1").headers["X-RateLimit-Remaining"])


@pytest.fixture
def waiting(client: HITLClient, sandbox: Sandbox) -> Iterator[Waiting]:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with (
        httpx.Client(base_url=sandbox.base_url, headers=headers, verify=False) as http,
        ThreadPoolExecutor(8) as threads,
    ):
        yield Waiting(client, http, threads)


def test_a_wait_ends_with_the_reviewers_answer_in_the_read_that_is_held(
    client: HITLClient, sandbox: Sandbox, waiting: Waiting, recorder: Recorder
) -> None:
    review = client.create_review(**ASKED)
    [wait] = waiting.begin(review)
    sandbox.reviewer.complete(review, {"approved": True}, "ann@example.com")
    answered = wait.result()
    assert (answered.status, answered.result, answered.reviewer) == ("completed", {"approved": True}, "ann@example.com")
    assert recorder.operations == ["create_review", "get_review"]
    held = recorder.exchanges[-1]
    assert held.request.headers["Prefer"] == held.response.headers["Preference-Applied"] == "wait=25"


def test_changes_that_do_not_answer_a_review_do_not_end_the_wait(
    client: HITLClient, sandbox: Sandbox, waiting: Waiting
) -> None:
    review = client.create_review(**ASKED)
    [wait] = waiting.begin(review)
    sandbox.reviewer.start(review)
    sandbox.reviewer.complete(review, {"approved": False})
    assert wait.result().result == {"approved": False}


def test_a_review_that_expires_ends_the_wait(
    client: HITLClient, sandbox: Sandbox, clock: Clock, waiting: Waiting
) -> None:
    review = client.create_review(**ASKED, due_date=clock.now + timedelta(hours=72))
    [wait] = waiting.begin(review)
    clock.advance(hours=72)
    assert sandbox.reviewer.pending() == []  # somebody looks, and the sandbox sees what time it is
    with pytest.raises(ReviewExpiredError, match="expired before anybody answered") as caught:
        wait.result()
    assert caught.value.review == client.get_review(review.id)


def test_a_review_that_is_cancelled_ends_the_wait(client: HITLClient, waiting: Waiting) -> None:
    review = client.create_review(**ASKED)
    [wait] = waiting.begin(review)
    cancelled = client.cancel_review(review.id)
    with pytest.raises(ReviewCancelledError) as caught:
        wait.result()
    assert caught.value.review == cancelled


def test_many_reviews_are_waited_for_at_once_and_answered_in_any_order(
    client: HITLClient, sandbox: Sandbox, waiting: Waiting
) -> None:
    reviews = client.create_reviews([ASKED] * 6)
    waits = waiting.begin(*reviews)
    for review in reversed(reviews):
        sandbox.reviewer.complete(review, {"approved": True, "feedback": review.id})
    assert [wait.result().result["feedback"] for wait in waits] == [review.id for review in reviews]


def test_a_wait_that_timed_out_can_be_gone_on_with(client: HITLClient, sandbox: Sandbox) -> None:
    review = client.create_review(**ASKED)
    with pytest.raises(WaitTimeoutError, match=r"still created after 0\.01 s; call again") as caught:
        client.wait_for_review(review.id, timeout=0.01)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.retryable
    sandbox.reviewer.complete(review, {"approved": True})
    assert client.wait_for_review(review.id, timeout=timedelta(minutes=1)).is_answered
