"""Programs under test that have stopped the clocks of their process: nothing waits for ever, no deadline is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
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
from hitl._clock import epoch, monotonic
from hitl.exceptions import APITimeoutError, HITLError, ServerError, WaitTimeoutError
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


def in_steps() -> AbstractContextManager[Any]:
    return freezegun.freeze_time(MOMENT, auto_tick_seconds=3600)


def ticking() -> AbstractContextManager[Any]:
    return freezegun.freeze_time(MOMENT, tick=True)


@pytest.fixture(params=[by_freezegun, by_time_machine, in_steps, ticking])
def frozen_somehow(request: pytest.FixtureRequest) -> Iterator[None]:
    with request.param():
        yield


def run(backend: str, awaited: Callable[[], Awaitable[None]]) -> float:
    began = monotonic()
    anyio.run(awaited, backend=backend)
    return monotonic() - began


@pytest.mark.usefixtures("frozen_somehow")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("through", [lambda: None, httpx.AsyncHTTPTransport])
def test_an_awaited_call_times_out_and_no_sooner(backend: str, through: Any) -> None:
    async def read() -> None:
        async with AsyncHITLClient("key", base_url=url_of(address), timeout=0.3, transport=through()) as client:
            with pytest.raises(APITimeoutError):
                await client.get_review("rev_1")

    with serving(silent) as address:
        assert run(backend, read) >= 0.19  # two thirds are for the first attempt, and another one does not fit in


@pytest.mark.filterwarnings("ignore::hitl.WaitBudgetWarning")  # the sandbox's dates leap with the steps
@pytest.mark.usefixtures("frozen_somehow")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_awaited_retries_and_waits_end(backend: str) -> None:
    async def give_up() -> None:
        async with AsyncHITLClient("key", base_url=url_of(address), timeout=1) as client:
            with pytest.raises(ServerError):
                await client.get_review("rev_1")
            with pytest.raises(ServerError):
                await retry_with_backoff(max_retries=1, base_delay=0.01)(client.get_review)("rev_1")

    async def wait() -> None:
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
            template = await anext(aiter(client.list_templates()))
            reviews = await client.create_reviews([{**REVIEW, "template_id": template.id}] * 40)
            with pytest.raises(WaitTimeoutError):
                await client.wait_for_reviews(reviews, timeout=0.3)

    with serving(answering(BUSY)) as address:
        run(backend, give_up)
    with Sandbox() as sandbox:
        assert run(backend, wait) >= 0.29


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_freeze_may_begin_or_end_during_a_call(backend: str) -> None:
    async def read() -> None:
        async with AsyncHITLClient("key", base_url=url_of(address), timeout=0.4) as client:
            for freezes in (True, False):
                freeze = by_freezegun()
                first, second = (freeze.__enter__, freeze.__exit__)
                if not freezes:
                    first()
                async with anyio.create_task_group() as group:
                    group.start_soon(times_out, client)
                    await anyio.wait_all_tasks_blocked()
                    first() if freezes else second(None, None, None)
                if freezes:
                    second(None, None, None)

    async def times_out(client: AsyncHITLClient) -> None:
        with pytest.raises(APITimeoutError):
            await client.get_review("rev_1")

    with serving(silent) as address:
        assert run(backend, read) >= 0.52


@pytest.mark.usefixtures("frozen_somehow")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_awaited_wait_for_what_nobody_answers_ends(backend: str) -> None:
    async def wait() -> None:
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
            template = await anext(aiter(client.list_templates()))
            review = await client.create_review(template.id, {"text": "A draft"})
            with pytest.raises(HITLError, match="nobody will answer"):
                await client.wait_for_review(review)

    with Sandbox() as sandbox:
        run(backend, wait)


@pytest.mark.usefixtures("frozen_somehow")
def test_the_clock_of_rate_limits_goes_on() -> None:
    began = epoch()
    threading.Event().wait(0.01)
    assert 0.01 <= epoch() - began < 60


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
