"""The plugin's fixtures, used as a project would use them; what fails a test is in tests/e2e/test_pytest_plugin.py."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import ServerError
from hitl.testing import Reviewer, Sandbox


def test_a_client_without_arguments_finds_the_sandbox(hitl_sandbox: Sandbox, reviewer: Reviewer) -> None:
    reviewer.on().reject()
    with HITLClient() as client:
        client.create_review("template_123", {})
    (review,) = reviewer.asked(times=1)
    assert hitl_sandbox.client().get_review(review.id).status == "rejected"


@pytest.mark.anyio
async def test_the_asynchronous_client_works_under_a_plugin(
    hitl_async_client: AsyncHITLClient, reviewer: Reviewer
) -> None:
    reviewer.on().approve()
    review = await hitl_async_client.create_review("template_123", {})
    assert (await hitl_async_client.wait_for_review(review.id)).is_answered


def test_the_asynchronous_client_works_on_one_loop_after_another(hitl_async_client: AsyncHITLClient) -> None:
    numbers = [asyncio.run(hitl_async_client.create_review("template_123", {})).id for _ in range(2)]
    assert numbers == ["rev_1", "rev_2"]


def test_a_fault_that_was_met_is_no_complaint(hitl_sandbox: Sandbox) -> None:
    hitl_sandbox.faults.next()
    with pytest.raises(ServerError):
        hitl_sandbox.client(max_retries=0).get_review("rev_1")


def test_faults_of_the_other_generation_come_in_its_own_envelope(hitl_sandbox: Sandbox) -> None:
    hitl_sandbox.faults.next(503)
    headers = {"Authorization": f"Bearer {hitl_sandbox.api_key}"}
    answer = httpx.get(f"{hitl_sandbox.base_url}/v1/api/loops", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (503, True)


def test_a_moved_clock_leaves_the_rate_limit_in_the_time_of_the_client(hitl_sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {hitl_sandbox.api_key}"}
    hitl_sandbox.clock.advance("72h")
    answer = httpx.get(f"{hitl_sandbox.base_url}/v1/reviews", headers=headers)
    # A client that waits paces itself by this; three days ahead, it would read once in some seconds.
    assert 0 <= int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 61
