"""Programs under test that have stopped the clocks of their process: nothing waits for ever, no deadline is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import anyio
import freezegun
import httpx
import pytest
import time_machine
from sockets import answering, serving, silent, url_of

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import APITimeoutError, ServerError, WaitTimeoutError
from hitl.retry import retry_with_backoff
from hitl.testing import Sandbox
from hitl.webhooks import signature_headers, verify_signature

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
REVIEW: Any = {"template_id": "content_review", "content": {"text": "A draft"}}
SECRET = "a-secret-of-more-than-thirty-two-characters"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}"
MONTHS = 90 * 86_400.0


def by_freezegun() -> AbstractContextManager[Any]:
    return freezegun.freeze_time(MOMENT)


def by_time_machine() -> AbstractContextManager[Any]:
    return time_machine.travel(MOMENT, tick=False)


@pytest.fixture(params=[by_freezegun, by_time_machine])
def frozen(request: pytest.FixtureRequest) -> Iterator[None]:
    with request.param():
        yield


@pytest.mark.usefixtures("frozen")
def test_a_sandbox_serves_at_the_frozen_time_and_closes() -> None:
    with Sandbox() as sandbox:
        client = sandbox.client()
        (template,) = list(client.list_templates())[:1]
        review = client.create_review(template.id, {"text": "A draft"})
        assert review.created_at == MOMENT
        with pytest.raises(WaitTimeoutError):
            client.wait_for_review(review, timeout=0.2)
        assert len(client.create_reviews([{**REVIEW, "template_id": template.id}] * 20)) == 20


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("through", [lambda: None, httpx.HTTPTransport])
def test_a_call_still_times_out(through: Any) -> None:
    with (
        serving(silent) as address,
        HITLClient("key", base_url=url_of(address), timeout=0.3, transport=through()) as client,
        pytest.raises(APITimeoutError),
    ):
        client.get_review("rev_1")


@pytest.mark.usefixtures("frozen")
def test_retries_still_give_up() -> None:
    with serving(answering(BUSY)) as address, HITLClient("key", base_url=url_of(address), timeout=1) as client:
        with pytest.raises(ServerError):
            client.get_review("rev_1")
        decorated = retry_with_backoff(max_retries=1, base_delay=0.01)(client.get_review)
        with pytest.raises(ServerError):
            decorated("rev_1")


@pytest.mark.usefixtures("frozen")
def test_the_age_of_a_webhook_is_that_of_the_frozen_time() -> None:
    headers = signature_headers(b"{}", SECRET, webhook_id="msg_1")
    assert headers["webhook-timestamp"] == str(int(MOMENT.timestamp()))
    assert verify_signature(headers, b"{}", SECRET)


def test_it_may_even_be_imported_and_used_first_in_a_freeze() -> None:
    program = """
import freezegun
with freezegun.freeze_time("2020-01-01"):
    from hitl import HITLClient
    from hitl.exceptions import APITimeoutError
    try:
        HITLClient("key", base_url=URL, timeout=0.3).get_review("rev_1")
    except APITimeoutError:
        print("in time")
"""
    with serving(silent) as address:
        program = program.replace("URL", repr(url_of(address)))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("in time\n", "")


@pytest.mark.parametrize("seconds", [MONTHS, 1e12, 1e300])
def test_a_timeout_may_be_as_long_as_one_likes(seconds: float) -> None:
    async def create(url: str, key: str, template_id: str) -> str:
        async with AsyncHITLClient(key, base_url=url, timeout=seconds) as client:
            review = await client.create_review(template_id, {"text": "A draft"})
            return (await client.wait_for_review(review, timeout=seconds)).status

    with Sandbox() as sandbox:
        sandbox.reviewer.on().complete({"approved": True})
        client = sandbox.client(timeout=seconds)
        template_id = next(iter(client.list_templates())).id
        review = client.create_review(template_id, {"text": "A draft"})
        assert client.wait_for_review(review, timeout=seconds).status == "completed"
        assert len(client.create_reviews([{**REVIEW, "template_id": template_id}] * 3)) == 3
        over_httpx = sandbox.client(timeout=seconds, transport=httpx.HTTPTransport())
        assert over_httpx.get_review(review.id).id == review.id
        assert anyio.run(create, sandbox.base_url, sandbox.api_key, template_id) == "completed"
