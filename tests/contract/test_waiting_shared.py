"""Many waits of one client over real connections: one poller, nothing left behind, whoever leads may leave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import trio
from requests_fit import Recorder

from hitl import ANY_REJECTED, FIRST, AsyncHITLClient, HITLClient, Review
from hitl.exceptions import WaitTimeoutError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
NEVER = 3600.0  # longer than any test: an answer that only a second look could find would never be found
ROOMY = 20.0  # seconds that a busy machine may take; a held read that is missed takes longer


@pytest.fixture
def spent(sandbox: Sandbox) -> Iterator[Callable[[], int]]:
    """Return what tells how many requests the sandbox has had since the last call, its own not among them."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, verify=False) as http:
        before = int(http.get("/v1/templates?limit=1").headers["X-RateLimit-Remaining"])

        def spent() -> int:
            nonlocal before
            left = int(http.get("/v1/templates?limit=1").headers["X-RateLimit-Remaining"])
            before, used = left, before - left - 1
            return used

        yield spent


def answer(sandbox: Sandbox, reviews: list[Review]) -> None:
    for review in reviews:
        sandbox.reviewer.complete(review, {"approved": True})


def until(condition: Callable[[], bool]) -> None:
    """Look again and again until it is so; there is nothing to be told by."""
    ends = time.monotonic() + ROOMY
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def threads_of_the_client() -> set[threading.Thread]:
    """Return all threads but the workers of the sandbox, which is in this process."""
    return {thread for thread in threading.enumerate() if thread.name != "AnyIO worker thread"}


def test_two_hundred_threads_share_one_poller_and_leave_no_thread(sandbox: Sandbox, spent: Callable[[], int]) -> None:
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = client.create_reviews([ASKED] * 200)
        spent()
        before = threads_of_the_client()
        with ThreadPoolExecutor(200) as pool:
            waits = [pool.submit(client.wait_for_review, each.id, poll_interval=NEVER) for each in reviews]
            until(lambda: client.wait_stats().open == 200)
            answer(sandbox, reviews)
            assert {wait.result(ROOMY).status for wait in waits} == {"completed"}
        assert threads_of_the_client() == before
        assert client.wait_stats().open == client.wait_stats().waits == 0
        used = spent()
        # A look for each that began and one for each answer, if each comes alone; 200 pollers would ask 20,000 times.
        assert used == client.wait_stats().polls <= 400


def test_a_thousand_tasks_share_one_poller(sandbox: Sandbox, spent: Callable[[], int]) -> None:
    async def main() -> int:
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
            tasks = [asyncio.create_task(client.wait_for_review(each, poll_interval=NEVER)) for each in reviews]
            while client.wait_stats().polls < 11:  # noqa: ASYNC110 - there is nothing to be told by
                await asyncio.sleep(0.01)
            await asyncio.to_thread(answer, sandbox, reviews)
            done = await asyncio.wait_for(asyncio.gather(*tasks), ROOMY)
            assert {review.status for review in done} == {"completed"}
            assert len(asyncio.all_tasks()) == 1
            return client.wait_stats().polls

    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = client.create_reviews([ASKED] * 1000)
    spent()
    polls = asyncio.run(main())
    assert spent() == polls <= 2000


def test_tasks_of_trio_do_so_too(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client, trio.open_nursery() as tasks:
            reviews = await client.create_reviews([ASKED] * 50)
            for review in reviews:
                tasks.start_soon(client.wait_for_review, review)
            while client.wait_stats().open < 50:  # noqa: ASYNC110 - there is nothing to be told by
                await trio.sleep(0.005)
            with trio.fail_after(ROOMY):
                await trio.to_thread.run_sync(answer, sandbox, reviews)

    trio.run(main)


def test_several_event_loops_use_one_client_at_the_same_time(sandbox: Sandbox) -> None:
    client = AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url)
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as other:
        reviews = other.create_reviews([ASKED] * 4)
        stats = client.wait_stats

        def loop(review: Review) -> Review:
            return asyncio.run(client.wait_for_review(review))

        with ThreadPoolExecutor(4) as pool:
            waits = [pool.submit(loop, review) for review in reviews]
            until(lambda: stats().open == 4)
            answer(sandbox, reviews)
            assert {wait.result(ROOMY).status for wait in waits} == {"completed"}
        assert stats().open == 0
    asyncio.run(client.aclose())


def test_a_task_that_leads_may_be_cancelled(sandbox: Sandbox) -> None:
    async def main() -> Review:
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
            first, second = await client.create_reviews([ASKED] * 2)
            leads = asyncio.create_task(client.wait_for_review(first, poll_interval=NEVER))
            await asyncio.sleep(0.05)
            follows = asyncio.create_task(client.wait_for_review(second, poll_interval=NEVER))
            await asyncio.sleep(0.05)
            leads.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leads
            await asyncio.to_thread(answer, sandbox, [second])
            return await asyncio.wait_for(follows, ROOMY)

    assert asyncio.run(main()).status == "completed"


def test_reviews_come_as_they_end(client: HITLClient, sandbox: Sandbox) -> None:
    first, second, third = client.create_reviews([ASKED] * 3)
    client.cancel_review(second.id)
    ends = client.as_completed([first, second.id, third], timeout=ROOMY)
    assert next(ends).status == "cancelled"
    sandbox.reviewer.reject(third, {})
    assert (last := next(ends)).status == "rejected"
    assert last.id == third.id
    answer(sandbox, [first])
    assert [review.id for review in ends] == [first.id]


def test_an_iterator_that_is_left_waits_no_longer(client: HITLClient, sandbox: Sandbox) -> None:
    reviews = client.create_reviews([ASKED] * 3)
    answer(sandbox, reviews[:1])
    for review in client.as_completed(reviews):
        assert review.id == reviews[0].id
        break
    until(lambda: client.wait_stats().waits == 0)


def test_many_are_waited_for_until_one_or_all_are_done(client: HITLClient, sandbox: Sandbox) -> None:
    reviews = client.create_reviews([ASKED] * 3)
    sandbox.reviewer.reject(reviews[1], {})
    [first] = client.wait_for_reviews(reviews, return_when=FIRST)
    assert first.id == reviews[1].id
    [rejected] = client.wait_for_reviews([each.id for each in reviews], return_when=ANY_REJECTED)
    assert rejected.status == "rejected"
    with pytest.raises(WaitTimeoutError, match="2 of 3 reviews are still open") as caught:
        client.wait_for_reviews([reviews[0], rejected, reviews[2]], timeout=0.05)
    assert caught.value.pending == [reviews[0].id, reviews[2].id]
    assert [review.id for review in caught.value.reviews] == [reviews[1].id]
    answer(sandbox, [reviews[0], reviews[2]])
    assert [review.id for review in client.wait_for_reviews(caught.value.pending)] == caught.value.pending


def test_a_webhook_ends_a_wait_from_another_thread(client: HITLClient, sandbox: Sandbox, recorder: Recorder) -> None:
    reviews = client.create_reviews([ASKED] * 2)
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(client.wait_for_reviews, reviews, timeout=ROOMY, poll_interval=NEVER)
        until(lambda: client.wait_stats().polls > 0)
        answer(sandbox, reviews)
        for review in reviews:
            done = client.get_review(review.id)
            client.notify(done)
        assert [review.status for review in wait.result(ROOMY)] == ["completed", "completed"]


def test_one_that_expires_is_told_in_the_list_that_is_held(client: HITLClient, sandbox: Sandbox, clock: Any) -> None:
    from datetime import timedelta

    reviews = client.create_reviews([{**ASKED, "due_date": clock.now + timedelta(hours=1)}, ASKED])
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(lambda: next(iter(client.as_completed(reviews, timeout=ROOMY, poll_interval=NEVER))))
        until(lambda: client.wait_stats().polls > 0)
        clock.advance(hours=1)
        sandbox.reviewer.pending()  # somebody looks, and the sandbox sees what time it is
        assert wait.result(ROOMY).status == "expired"
