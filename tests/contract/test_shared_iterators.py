"""Lists and `as_completed` shared by several workers: each entry goes to one of them, and all come to an end."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from hitl import HITLClient
from hitl.exceptions import WaitTimeoutError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
WORKERS = 4
ROOMY = 60.0


def work(shared: Any) -> list[Any]:
    """Return the ids that one worker was given, and the error that it met."""
    met: list[Any] = []
    try:
        while True:
            met.append(next(shared).id)
    except StopIteration:
        return met
    except WaitTimeoutError as error:
        return [*met, error]


def test_workers_share_what_ends(client: HITLClient, sandbox: Sandbox) -> None:
    reviews = client.create_reviews([ASKED] * 12)
    shared = client.as_completed(reviews, timeout=ROOMY)
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work, shared) for _ in range(WORKERS)]
        for review in reviews:
            sandbox.reviewer.complete(review, {"approved": True})
        met = [each for worker in workers for each in worker.result(ROOMY)]
    assert Counter(met) == Counter(review.id for review in reviews)
    assert work(shared) == []


def test_an_error_goes_to_one_worker_and_ends_the_others(client: HITLClient) -> None:
    shared = client.as_completed(client.create_reviews([ASKED] * 3), timeout=0.3)
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work, shared) for _ in range(WORKERS)]
        met = [each for worker in workers for each in worker.result(ROOMY)]
    assert [type(each) for each in met] == [WaitTimeoutError]


def test_workers_share_a_list(client: HITLClient) -> None:
    reviews = client.create_reviews([ASKED] * 30)
    shared = iter(client.list_reviews(page_size=4))
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work, shared) for _ in range(WORKERS)]
        met = [each for worker in workers for each in worker.result(ROOMY)]
    assert Counter(met) == Counter(review.id for review in reviews)


def test_closing_it_ends_the_workers_that_wait(sandbox: Sandbox) -> None:
    client = sandbox.client()
    shared = client.as_completed(client.create_reviews([ASKED] * 3))
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work, shared) for _ in range(WORKERS)]
        while client.wait_stats().polls == 0:
            pass
        shared.close()
        assert [worker.result(ROOMY) for worker in workers] == [[]] * WORKERS


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_one_worker_leaves_the_others_theirs(sandbox: Sandbox, backend: str) -> None:
    met: list[str] = []

    async def take(shared: Any, scope: anyio.CancelScope) -> None:
        with scope:
            async for review in shared:
                met.append(review.id)

    async def main() -> list[str]:
        async with sandbox.async_client() as client:
            reviews = await client.create_reviews([ASKED] * 6)
            shared = client.as_completed(reviews, timeout=ROOMY)
            scopes = [anyio.CancelScope() for _ in range(WORKERS)]
            async with anyio.create_task_group() as tasks:
                for scope in scopes:
                    tasks.start_soon(take, shared, scope)
                while client.wait_stats().polls == 0:
                    await anyio.lowlevel.checkpoint()
                scopes[0].cancel()
                for review in reviews:
                    await anyio.to_thread.run_sync(sandbox.reviewer.complete, review, {"approved": True})
            return [review.id for review in reviews]

    assert Counter(anyio.run(main, backend=backend)) == Counter(met)
