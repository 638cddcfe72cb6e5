"""Waits that nobody would ever end: they fail, for whichever client waits, and no other wait does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import httpx
import pytest
from hitl_api import AuthenticatedClient
from hitl_api.api.reviews import get_review

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import APIStatusError, BatchError, ReviewExpiredError, WaitTimeoutError
from hitl.models import Review
from hitl.testing import Sandbox, after, approve, complete, never, patience, threads
from hitl.testing.threads import may_act, positions

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(patience, "_IF_ALL_WAIT", 0.1)
    monkeypatch.setattr(patience, "_LOOK", 0.02)
    with Sandbox(clock=lambda: START) as sandbox:
        monkeypatch.setenv("HITL_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("HITL_API_KEY", sandbox.api_key)
        yield sandbox


def ask_and_wait(text: str = "Refund?", **settings: Any) -> Review:
    with HITLClient(**settings) as client:
        return client.wait_for_review(client.create_review("content_review", {"text": text}).id)


async def ask_and_wait_async() -> Review:
    async with AsyncHITLClient() as client:
        review = await client.create_review("content_review", {"text": "Refund?"})
        return await client.wait_for_review(review.id)


def in_a_thread() -> Review:
    with ThreadPoolExecutor() as threads:
        return threads.submit(ask_and_wait).result()


WAYS: dict[str, Callable[[], object]] = {
    "blocking": ask_and_wait,
    "asyncio": lambda: anyio.run(ask_and_wait_async, backend="asyncio"),
    "trio": lambda: anyio.run(ask_and_wait_async, backend="trio"),
    "in a thread": in_a_thread,
    "through httpx": lambda: ask_and_wait(transport=httpx.HTTPTransport()),
    "with a first hold of ten seconds": lambda: ask_and_wait(request_timeout=30),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wait_fails_if_no_rule_answers(sandbox: Sandbox, way: str) -> None:
    sandbox.reviewer.on(template_id="code_review").approve()
    with pytest.raises(APIStatusError, match=r"nobody will answer rev_1: on\(template_id='code_review'\)") as caught:
        WAYS[way]()
    assert (caught.value.status_code, caught.value.code) == (424, "nobody_answers")
    assert caught.value.details == {"explanation": sandbox.given_up}
    assert "rev_1 (content_review, created) {'text': 'Refund?'}" in sandbox.given_up


@pytest.mark.parametrize("way", WAYS)
def test_a_wait_fails_if_its_answer_does_not_fit(sandbox: Sandbox, way: str) -> None:
    sandbox.reviewer.on().complete({"aproved": True})
    with pytest.raises(APIStatusError, match="could not complete: approved: is required"):
        WAYS[way]()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([after("72h").approve()], "will approve after 3 days"),
        ([never()], "stays open on purpose"),
        ([], "its answers are used up"),
    ],
)
def test_a_wait_fails_if_its_answer_does_not_come(sandbox: Sandbox, answers: list[Any], reason: str) -> None:
    sandbox.reviewer.on().in_turn(answers)
    with pytest.raises(APIStatusError, match=reason):
        ask_and_wait()


def test_the_review_can_be_read_and_answered_after_that(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().in_turn([complete({"aproved": True})])
    with HITLClient() as client:
        review = client.create_review("content_review", {})
        for _ in range(2):
            with pytest.raises(APIStatusError, match="could not complete"):
                client.wait_for_review(review)
        assert client.get_review(review.id).status == "created"
        sandbox.reviewer.complete(review, {"approved": True})
        assert client.wait_for_review(review).is_answered


def test_fast_forward_leads_to_the_end_of_all_that_is_due_and_no_further(sandbox: Sandbox) -> None:
    sandbox.fast_forward()
    sandbox.reviewer.on().in_turn([after("72h").approve()])
    assert ask_and_wait().is_answered
    with pytest.raises(APIStatusError, match="used up"):
        ask_and_wait()


def test_of_many_reviews_only_those_fail_that_nobody_answers(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().in_turn([approve(), complete({"aproved": True}), approve()])
    with HITLClient() as client:
        reviews = [client.create_review("content_review", {"text": text}) for text in "abcd"]
        with pytest.raises(BatchError) as caught:
            client.wait_for_reviews(reviews)
        assert [type(each) for each in caught.value.outcomes] == [Review, APIStatusError, Review, APIStatusError]
        ended = client.as_completed(reviews)
        assert {next(ended).id, next(ended).id} == {reviews[0].id, reviews[2].id}
        with pytest.raises(BatchError):
            next(ended)


def test_a_short_timeout_of_ones_own_is_kept(sandbox: Sandbox) -> None:
    with HITLClient() as client, pytest.raises(WaitTimeoutError):
        client.wait_for_review(client.create_review("content_review", {}).id, timeout=1.1)
    assert sandbox.given_up == ""


def test_a_rule_that_is_added_meanwhile_ends_the_wait(sandbox: Sandbox) -> None:
    waits = threading.Event()
    sandbox._site.changes.on_watch(waits.set)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(ask_and_wait)
        waits.wait(20)
        sandbox.reviewer.on().approve()
        assert answer.result().is_answered


@pytest.mark.parametrize("moment", ["an answer", "the end of the review"])
def test_what_comes_soon_by_itself_is_waited_for(moment: str) -> None:
    with Sandbox() as sandbox, sandbox.client() as client:
        due = sandbox.clock() + timedelta(seconds=0.5) if moment == "the end of the review" else None
        sandbox.reviewer.on().after(0.5 if due is None else "1h").approve()
        review = client.create_review("content_review", {}, due_date=due)
        if due is None:
            assert client.wait_for_review(review).is_answered
        else:
            with pytest.raises(ReviewExpiredError):
                client.wait_for_review(review)


def test_whoever_has_a_link_to_the_inbox_is_waited_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_LONG", 1)
    with HITLClient() as client:
        review_id = client.create_review("content_review", {}).id
        with pytest.raises(APIStatusError, match="nobody will answer"):
            client.wait_for_review(review_id, timeout=1.1)
        assert sandbox.inbox_url
        with pytest.raises(WaitTimeoutError):
            client.wait_for_review(review_id, timeout=1.1)


def test_a_review_that_is_polled_for_long_is_given_up(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with HITLClient() as client:
        review_id = client.create_review("content_review", {}).id
        reads = [client.get_review(review_id) for _ in range(5)]
        assert not any(each.is_final for each in reads)
        monkeypatch.setattr(patience, "_IN_ANY_CASE", 0.0)
        with pytest.raises(APIStatusError, match="no rules"):
            client.get_review(review_id)
        sandbox.reviewer.on().approve()
        assert client.get_review(review_id).is_answered


def test_a_held_read_of_the_generated_client_is_refused(sandbox: Sandbox) -> None:
    with HITLClient() as client:
        review_id = client.create_review("content_review", {}).id
    with AuthenticatedClient(sandbox.base_url, sandbox.api_key) as raw:
        answer = get_review.sync_detailed(review_id, client=raw, prefer="wait=25")
    assert answer.status_code == 424


# Who may still act


@pytest.fixture(autouse=True)
def _no_threads_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what other tests of the process have started, and have not ended yet."""
    others = threads._frames().keys() - {threading.get_ident()}
    frames = threads._frames
    monkeypatch.setattr(threads, "_frames", lambda: {each: at for each, at in frames().items() if each not in others})


def seen_from_a_sandbox(before: dict[int, tuple[int, int]]) -> bool:
    """Return `may_act` as a sandbox's thread sees it, while this one waits for it."""
    found: list[bool] = []
    watcher = threading.Thread(target=lambda: found.append(may_act(before)), name="hitl-sandbox")
    watcher.start()
    watcher.join()
    return found[0]


@pytest.mark.parametrize(("timeout", "acts"), [(None, False), (1000.0, False), (20.0, True)])
def test_a_thread_that_wakes_soon_may_act(timeout: float | None, acts: bool) -> None:
    before, done = dict(positions()), threading.Event()
    thread = threading.Thread(target=done.wait, args=[timeout])
    thread.start()
    try:
        assert seen_from_a_sandbox(before) is acts
        assert seen_from_a_sandbox(dict(positions())) is False  # a thread that was there before and does not move
    finally:
        done.set()
        thread.join()


def test_a_server_that_waits_for_requests_does_not_act() -> None:
    before, server = dict(positions()), ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        assert not any(seen_from_a_sandbox(before) for _ in range(20))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("seconds", "acts"), [(1000.0, False), (20.0, True)])
def test_a_task_that_wakes_soon_may_act(backend: str, seconds: float, acts: bool) -> None:
    before = dict(positions())

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, seconds)
            assert await anyio.to_thread.run_sync(seen_from_a_sandbox, before) is acts
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
