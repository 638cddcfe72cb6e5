"""Decisions as a stream over real connections: both clients, against a sandbox with its feed of held changes."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from plain_server import PlainServer
from pytest_httpserver import HTTPServer
from requests_fit import Recorder

from hitl import AsyncHITLClient, HITLClient, Review
from hitl.approval import SQLiteLedger
from hitl.exceptions import ConfigurationError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
NEVER = 3600.0  # longer than any test: what only a second look could find would never be found
ROOMY = 20.0  # seconds that a busy machine may take
HELD = 90.0  # seconds after which a request that the server holds open has come back


def ids(reviews: list[Review]) -> list[str]:
    return [review.id for review in reviews]


def taken(stream: Any, count: int) -> list[str]:
    return [next(stream).id for _ in range(count)]


def test_all_that_is_decided_comes_in_order_and_from_the_beginning(client: HITLClient, sandbox: Sandbox) -> None:
    first, second, third = client.create_reviews([ASKED] * 3)
    sandbox.reviewer.complete(second, {"approved": True})
    client.cancel_review(third.id)
    sandbox.reviewer.reject(first, {})
    stream = client.decisions(since="beginning", poll_interval=NEVER)
    assert [next(stream).verdict for _ in range(3)] == ["approved", "cancelled", "rejected"]


def test_a_decision_that_is_made_meanwhile_comes_at_once(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    stream = client.decisions(since="beginning", poll_interval=NEVER)
    other = next(iter(client.create_reviews([{**ASKED, "template_id": "content_review"}])))
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(next, stream)
        while "list_reviews" not in recorder.operations:
            time.sleep(0.005)
        review = client.create_review(**ASKED)  # new reviews join
        sandbox.reviewer.complete(review, {"approved": True})
        assert turn.result(ROOMY).id == review.id
    sandbox.reviewer.complete(other, {"approved": True})
    assert taken(stream, 1) == [other.id]


def test_the_filter_of_a_template_is_the_servers_as_well(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    mine, other = client.create_reviews([ASKED, {**ASKED, "template_id": "content_review"}])
    for review in (other, mine):
        sandbox.reviewer.complete(review, {"approved": True})
    assert taken(client.decisions(template_id="template_123", since="beginning"), 1) == [mine.id]
    asked = [each.request.url.params for each in recorder.exchanges if each.operation == "list_reviews"]
    assert {each.get("template_id") for each in asked} == {"template_123"}


def test_a_stream_over_one_run_reads_no_reviews_of_others(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder
) -> None:
    others = [{**ASKED, "metadata": {"run": f"r-{number % 7 + 2}"}} for number in range(210)]
    reviews = client.create_reviews([*others, *[{**ASKED, "metadata": {"run": "r-1", "n": str(n)}} for n in range(3)]])
    for review in reviews:
        sandbox.reviewer.complete(review, {"approved": True})
    stream = client.decisions(metadata={"run": "r-1"}, since="beginning")
    assert taken(stream, 3) == ids(reviews[-3:])
    late = client.create_reviews([*others[:5], {**ASKED, "metadata": {"run": "r-1"}}])
    for review in late:
        sandbox.reviewer.complete(review, {"approved": True})
    assert taken(stream, 1) == [late[-1].id]
    lists = [each.response.json()["data"] for each in recorder.exchanges if each.operation == "list_reviews"]
    assert {each["metadata"]["run"] for listed in lists for each in listed} == {"r-1"}
    assert [len(listed) for listed in lists] == [3, 3, 1]  # where it begins, what changed, and what changed since


@pytest.mark.parametrize("refuses", [False, True])
def test_where_the_server_has_no_metadata_the_client_filters(
    sandbox: Sandbox, httpserver: HTTPServer, *, refuses: bool
) -> None:
    plain = PlainServer(sandbox, httpserver, refuses=refuses)
    with HITLClient(sandbox.api_key, base_url=plain.url) as client:
        reviews = client.create_reviews([{**ASKED, "metadata": {"run": f"r-{number % 5}"}} for number in range(120)])
        for review in reviews:
            sandbox.reviewer.complete(review, {"approved": True})
        stream = client.decisions(metadata={"run": "r-1"}, since="beginning")
        assert sorted(taken(stream, 24)) == sorted(ids(reviews[1::5]))
    with_filter = ["metadata[run]" in query for query in plain.asked("GET", "/v1/reviews")]
    assert with_filter == [True, *[not refuses] * (len(with_filter) - 1)]


def test_a_stream_goes_on_from_its_cursor(sandbox: Sandbox) -> None:
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = client.create_reviews([ASKED] * 250)  # more than a page
        stream = client.decisions()
        for review in reviews:
            sandbox.reviewer.complete(review, {"approved": True})
        shown = taken(stream, 130)
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        shown += taken(client.decisions(since=stream.cursor), 120)
    assert shown == ids(reviews)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_share_a_stream_and_a_task_that_is_cancelled_loses_nothing(sandbox: Sandbox, backend: str) -> None:
    import anyio

    async def main() -> None:
        shown: list[str] = []
        async with (
            AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client,
            client.decisions(poll_interval=NEVER) as stream,
        ):
            with anyio.move_on_after(0.05):
                await anext(stream)
            reviews = await client.create_reviews([ASKED] * 40)

            async def work() -> None:
                shown.extend([(await anext(stream)).id for _ in range(10)])

            with anyio.fail_after(ROOMY):
                async with anyio.create_task_group() as tasks:
                    for _ in range(4):
                        tasks.start_soon(work)
                    for review in reviews:
                        await anyio.to_thread.run_sync(sandbox.reviewer.complete, review, {"approved": True})
            assert sorted(shown) == sorted(ids(reviews))

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_asynchronous_run_awaits_its_handlers_and_ends_with_its_client(
    sandbox: Sandbox, backend: str, tmp_path: Any
) -> None:
    import anyio.lowlevel

    async def main(count: int) -> list[str]:
        shown: list[str] = []
        async with AsyncHITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:

            @client.on_decision(template_id="template_123")
            async def handle(review: Review) -> None:
                await anyio.lowlevel.checkpoint()
                shown.append(review.id)
                if len(shown) == count:
                    await client.aclose()

            with anyio.fail_after(ROOMY):
                await client.run(
                    cursor_store=tmp_path / "cursor", ledger=SQLiteLedger(tmp_path / "ledger.db"), since="beginning"
                )
        return shown

    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = client.create_reviews([ASKED] * 6)
    for review in reviews:
        sandbox.reviewer.complete(review, {"approved": True})
    first = anyio.run(main, 2, backend=backend)
    (tmp_path / "cursor").unlink()  # what has been handled the ledger knows, too
    assert first + anyio.run(main, 4, backend=backend) == ids(reviews)


def test_a_coroutine_function_is_no_handler_of_the_blocking_client(sandbox: Sandbox) -> None:
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        client.on_decision()(asyncio.sleep)
        sandbox.reviewer.complete(client.create_review(**ASKED), {"approved": True})
        with pytest.raises(ConfigurationError, match="AsyncHITLClient"):
            client.run(since="beginning")


def test_closing_the_client_ends_a_stream_that_waits(sandbox: Sandbox) -> None:
    client = HITLClient(sandbox.api_key, base_url=sandbox.base_url)
    stream = client.decisions()
    ended = threading.Thread(target=lambda: list(stream))
    ended.start()
    time.sleep(0.1)
    client.close()
    ended.join(HELD)
    assert not ended.is_alive()
    assert list(stream) == []
