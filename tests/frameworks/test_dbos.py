"""Durable waits in DBOS: on a PostgreSQL of their own, in this process, and in workers that are killed."""

# The framework is not installed where types are checked.
# pyright: basic, reportMissingImports=false
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from attrs import evolve
from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID
from postgres_server import postgres_server
from psycopg.conninfo import conninfo_to_dict
from recipes import write_module

from hitl import HITLClient, Review
from hitl.exceptions import AnswerError, ConfigurationError, ReviewExpiredError, ReviewRejectedError, WaitTimeoutError
from hitl.integrations.asks import Ask, Question, ToolCall, key_of
from hitl.integrations.dbos import answers, answers_async, ask, ask_async, check_database, deliver, to_asks, to_resume
from hitl.testing import Sandbox
from hitl.webhooks import Router, WebhookEvent, signature_headers

LIFE = Path(__file__).with_name("dbos_lives.py")
ROOMY = 120.0  # seconds that a busy machine may take
SECRET = "your_webhook_secret"
LINES: list[str] = []
"""What the workflows of this process have done."""


@dataclass
class Refund:
    amount: float
    reason: str


# --- The workflows of this process


def calls(workflow_id: str, names: list[str]) -> list[Ask]:
    return [
        ToolCall(id=name, key=key_of("dbos", workflow_id, name), tool=name, arguments={"n": 1}, check=number)
        for name in names
    ]


def number(arguments: Any) -> None:
    if not isinstance(arguments["n"], int):
        raise TypeError("n must be a number")


@DBOS.step()
def act(name: str, arguments: Any) -> None:
    LINES.append(f"{name} {json.dumps(arguments)}")


def tell(found: Any) -> dict[str, tuple[str, str]]:
    for name, answer in found.items():
        if answer.arguments is not None:
            act(name, answer.arguments)
    return {name: (answer.decision, answer.told) for name, answer in found.items()}


@DBOS.workflow()
def gated(names: list[str], **options: Any) -> Any:
    return tell(answers(World.client, calls(DBOS.workflow_id, names), **options))


@DBOS.workflow()
async def gated_async(names: list[str], **options: Any) -> Any:
    async with World.sandbox.async_client() as client:
        return tell(await answers_async(client, calls(DBOS.workflow_id, names), **options))


@DBOS.workflow()
def asking(question: str, returns: Any, **options: Any) -> Any:
    return ask(World.client, question, returns, name="q", **options)


@DBOS.workflow()
async def asking_async(question: str, returns: Any, **options: Any) -> Any:
    async with World.sandbox.async_client() as client:
        return await ask_async(client, question, returns, name="q", **options)


@DBOS.workflow()
def patient(question: str) -> Any:
    """Go on waiting after the first timeout."""
    try:
        return ask(World.client, question, name="q", timeout=0.2)
    except WaitTimeoutError:
        LINES.append("timeout")
        return ask(World.client, question, name="q")


@DBOS.step()
def step_that_asks() -> Any:
    return ask(World.client, "In a step?", name="q")


@DBOS.workflow()
def in_a_step() -> Any:
    return step_that_asks()


GATED = {"blocking": gated, "asyncio": gated_async}
ASKING = {"blocking": asking, "asyncio": asking_async}
both = pytest.mark.parametrize("kind", ["blocking", "asyncio"])


class World:
    """What the workflows of the running test use."""

    sandbox: Sandbox
    client: HITLClient


# --- Servers


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        yield address


def new_database(server: str) -> str:
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    port: Any = conninfo_to_dict(server)["port"]
    return f"postgresql://hitl@127.0.0.1:{port}/{name}"


@pytest.fixture(scope="module")
def launched(server: str) -> Iterator[str]:
    """Launch DBOS in this process; return the address of its database."""
    database = new_database(server)
    config: DBOSConfig = {"name": "tests", "system_database_url": database, "run_admin_server": False}
    DBOS(config={**config, "log_level": "CRITICAL"})
    DBOS.launch()
    yield database
    DBOS.destroy()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        LINES.clear()
        World.sandbox, World.client = sandbox, sandbox.client()
        yield sandbox


def begin(workflow: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    with SetWorkflowID(f"order-{uuid.uuid4()}"):
        return DBOS.start_workflow(workflow, *arguments, **options)


def until(condition: Callable[[], Any]) -> Any:
    ends = time.monotonic() + ROOMY
    while not (found := condition()):
        assert time.monotonic() < ends
        time.sleep(0.01)
    return found


def looks(handle: Any) -> int:
    """Return how often a workflow has looked at a review; then it waits, if it has not ended."""
    steps = DBOS.list_workflow_steps(handle.get_workflow_id())
    return [each["function_name"] for each in steps].count("hitl.look")


def answered(sandbox: Sandbox, result: dict[str, Any], content: Any = None) -> Review:
    (review,) = [each for each in sandbox.reviewer.pending() if content is None or content(each.content)]
    sandbox.reviewer.complete(review, result)
    return World.client.get_review(review.id)


def waits(sandbox: Sandbox, handle: Any, reviews: int = 1) -> None:
    until(lambda: len(sandbox.reviewer.pending()) == reviews and looks(handle) >= 1)


# --- What people answer


@both
def test_each_of_several_calls_gets_its_own_answer(launched: str, sandbox: Sandbox, kind: str) -> None:
    people = sandbox.reviewer
    people.on(content={"action": "approved"}).approve()
    people.on(content={"action": "edited"}).edit(arguments={"n": 2})
    people.on(content={"action": "rejected"}).reject(feedback="She is a customer.")
    people.on(content={"action": "answered"}).complete({"approved": False, "response": "Done already."})

    found = begin(GATED[kind], ["approved", "edited", "rejected", "answered"]).get_result()

    assert [found[name][0] for name in ("approved", "edited", "rejected", "answered")] == [
        "approve",
        "edit",
        "reject",
        "respond",
    ]
    assert "She is a customer." in found["rejected"][1]
    assert found["answered"][1] == "Done already."
    assert sorted(LINES) == ['approved {"n": 1}', 'edited {"n": 2}']


@both
@pytest.mark.parametrize(
    ("returns", "result", "value"),
    [
        (bool, {"approved": True}, True),
        (Literal["red", "blue"], {"answer": "blue"}, "blue"),
        (Refund, {"amount": 25, "reason": "late"}, Refund(25.0, "late")),
        ({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, {"n": 3}, {"n": 3}),
    ],
)
def test_a_question_has_an_answer_of_its_type(
    launched: str, sandbox: Sandbox, kind: str, returns: Any, result: dict[str, Any], value: Any
) -> None:
    handle = begin(ASKING[kind], "How much?", returns, context={"order": "A1"}, assignees=["ann@example.com"])
    waits(sandbox, handle)
    review = answered(sandbox, result)
    assert review.content["context"] == {"order": "A1"}
    assert review.assignees == ["ann@example.com"]
    assert deliver(review)
    assert handle.get_result() == value


def test_a_no_is_false_where_a_bool_is_asked_for_and_an_error_otherwise(launched: str, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().reject(feedback="No.")
    assert begin(asking, "Publish?", bool).get_result() is False
    with pytest.raises(ReviewRejectedError):
        begin(asking, "How much?", float).get_result()


@both
def test_an_answer_that_does_not_fit_ends_the_workflow_and_nothing_is_done(
    launched: str, sandbox: Sandbox, kind: str
) -> None:
    sandbox.reviewer.on(content={"action": "good"}).approve()
    sandbox.reviewer.on(content={"action": "bad"}).edit(arguments={"n": "all"})
    handle = begin(GATED[kind], ["good", "bad"])
    with pytest.raises(AnswerError, match="n must be a number") as caught:
        handle.get_result()
    assert caught.value.review is not None
    assert handle.get_status().status == "ERROR"
    assert LINES == []


@both
def test_a_call_that_is_cancelled_is_a_rejection(launched: str, sandbox: Sandbox, kind: str) -> None:
    handle = begin(GATED[kind], ["delete"])
    waits(sandbox, handle)
    (review,) = sandbox.reviewer.pending()
    sandbox.client().cancel_review(review.id)
    assert deliver(World.client.get_review(review.id))
    ((decision, told),) = handle.get_result().values()
    assert decision == "reject"
    assert "cancelled" in told
    assert LINES == []


def test_an_expiry_is_an_error_where_a_value_is_asked_for(launched: str, sandbox: Sandbox) -> None:
    handle = begin(asking, "Which?", Literal["red", "blue"], due_date=sandbox.clock() + timedelta(minutes=1))
    waits(sandbox, handle)
    sandbox.clock.advance("1h")
    review = until(lambda: (found := World.client.list_reviews(status="expired")) and found[0])
    assert deliver(review)
    with pytest.raises(ReviewExpiredError):
        handle.get_result()


# --- Messages


def test_a_webhook_that_arrives_three_times_wakes_once(launched: str, sandbox: Sandbox) -> None:
    handle = begin(gated, ["refund"])
    waits(sandbox, handle)
    review = answered(sandbox, {"approved": True})
    body = json.dumps({"event": "review.completed", "review": {"id": review.id}}).encode()
    for _ in range(3):  # each at another receiver, which does not know of the others
        router = Router(SECRET)

        @router.on("review.completed")
        def resume(event: WebhookEvent) -> None:
            assert deliver(World.client.get_review(event.review_id))

        assert router.dispatch(signature_headers(body, SECRET), body) == 200
    assert handle.get_result() == {"refund": ("approve", "`refund` was approved.")}
    assert LINES == ['refund {"n": 1}']
    assert looks(handle) == 2


def test_a_decision_is_kept_until_its_wait_begins(launched: str, sandbox: Sandbox) -> None:
    handle = begin(gated, ["first", "second"])
    waits(sandbox, handle, reviews=2)
    for _ in range(3):
        second = next(review for review in World.client.list_reviews() if review.content["action"] == "second")
        if not second.is_final:
            answered(sandbox, {"approved": True}, lambda content: content["action"] == "second")
        deliver(World.client.get_review(second.id))
    assert LINES == []
    deliver(answered(sandbox, {"approved": True}, lambda content: content["action"] == "first"))
    assert {name: found[0] for name, found in handle.get_result().items()} == {"first": "approve", "second": "approve"}
    assert sorted(LINES) == ['first {"n": 1}', 'second {"n": 1}']


def test_a_decision_that_comes_after_the_end_changes_nothing(launched: str, sandbox: Sandbox) -> None:
    handle = begin(gated, ["refund"])
    waits(sandbox, handle)
    review = answered(sandbox, {"approved": True})
    deliver(review)
    handle.get_result()
    for _ in range(3):
        assert deliver(review)
    assert handle.get_status().status == "SUCCESS"
    assert LINES == ['refund {"n": 1}']


def test_an_answer_after_the_timeout_changes_nothing(launched: str, sandbox: Sandbox) -> None:
    handle = begin(gated, ["refund"], timeout=0.3)
    with pytest.raises(WaitTimeoutError) as caught:
        handle.get_result()
    assert caught.value.pending == [review.id for review in sandbox.reviewer.pending()]
    assert deliver(answered(sandbox, {"approved": True}))
    assert handle.get_status().status == "ERROR"
    assert LINES == []


def test_after_a_timeout_the_same_review_can_be_waited_for(launched: str, sandbox: Sandbox) -> None:
    handle = begin(patient, "Publish?")
    until(lambda: LINES == ["timeout"])
    deliver(answered(sandbox, {"approved": True}))
    assert handle.get_result() is True
    assert len(sandbox.reviewer.asked()) == 1


def test_a_lost_message_costs_time_only(launched: str, sandbox: Sandbox) -> None:
    handle = begin(asking, "Publish?", bool, poll_interval=0.1)
    until(lambda: looks(handle) > 2)
    answered(sandbox, {"approved": True})
    assert handle.get_result() is True


def test_a_forged_message_approves_nothing(launched: str, sandbox: Sandbox) -> None:
    handle = begin(gated, ["refund"])
    waits(sandbox, handle)
    (review,) = sandbox.reviewer.pending()
    for message in ("completed", {"approved": True}, None):
        looked = partial(lambda before: looks(handle) > before, looks(handle))
        DBOS.send(handle.get_workflow_id(), message, topic=review.id)
        until(looked)
    assert LINES == []
    deliver(answered(sandbox, {"approved": False}))
    assert handle.get_result()["refund"][0] == "reject"


def test_only_what_a_workflow_asked_and_somebody_decided_is_delivered(launched: str, sandbox: Sandbox) -> None:
    workflow = {"engine": "dbos", "workflow": "none-such"}
    foreign = World.client.create_review("content_review", {"text": "A draft"}, metadata={"workflow": "w"})
    gone = World.client.create_review("content_review", {"text": "A draft"}, metadata=workflow)
    assert to_resume(gone) is None  # still open
    assert not deliver(gone)
    for review in (foreign, gone):
        assert not deliver(evolve(World.client.get_review(review.id), status="completed"))
    assert to_resume(evolve(gone, status="rejected")) == {
        "destination_id": "none-such",
        "message": "rejected",
        "topic": gone.id,
        "idempotency_key": gone.id,
    }


def test_a_client_outside_of_the_workers_delivers_as_well(launched: str, sandbox: Sandbox) -> None:
    handle = begin(asking, "Publish?", bool)
    waits(sandbox, handle)
    outside = DBOSClient(system_database_url=launched)
    assert deliver(answered(sandbox, {"approved": True}), outside.send)
    assert handle.get_result() is True
    outside.destroy()


# --- What is refused before anybody is asked


@pytest.mark.parametrize(
    "options", [{"timeout": 0}, {"timeout": "soon"}, {"poll_interval": -1}, {"poll_interval": None}]
)
def test_a_wait_that_makes_no_sense_asks_nobody(launched: str, sandbox: Sandbox, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="seconds"):
        begin(gated, ["refund"], **options).get_result()
    assert len(World.client.list_reviews()) == 0


def test_asking_outside_of_a_workflow_is_an_error_that_says_so(launched: str, sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="workflow"):
        ask(World.client, "Publish?", name="q")
    with pytest.raises(ConfigurationError, match="outside of its steps"):
        begin(in_a_step).get_result()
    assert len(World.client.list_reviews()) == 0


def test_questions_keep_their_keys_and_get_the_address_of_their_workflow() -> None:
    asked = Question(id="q", key="langgraph:t:1", question="Which?", metadata={"framework": "langgraph"})
    (found,) = to_asks([asked], "order-7")
    assert found.key == "langgraph:t:1"
    assert found.metadata == {"framework": "langgraph", "engine": "dbos", "workflow": "order-7"}
    with pytest.raises(ConfigurationError, match="same id"):
        to_asks([asked, asked], "order-7")


def test_an_old_sqlite_is_refused_with_advice() -> None:
    for url in (None, "sqlite:///dbos.sqlite"):
        with pytest.raises(ConfigurationError, match=r"3\.42 or newer; here it is 3\.40\.1"):
            check_database(url, (3, 40, 1))
        check_database(url, (3, 42, 0))
    check_database("postgresql://db/dbos", (3, 40, 1))


# --- Workers that die


@contextmanager
def worker(sandbox: Sandbox, database: str, paid: Path, executor: str, *orders: str) -> Generator[Any, None, None]:
    """Run a worker until the block is left; then it is killed."""
    world = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key, "HITL_PAID": str(paid)}
    command = [sys.executable, str(LIFE), database, executor, *orders]
    with subprocess.Popen(command, env=os.environ | world, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def test_a_worker_that_is_killed_asks_once_and_its_successor_acts_once(
    server: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    database, paid = new_database(server), tmp_path / "paid"
    with worker(sandbox, database, paid, "local", "order-7"):
        (review,) = until(sandbox.reviewer.pending)
    with worker(sandbox, database, paid, "local"):  # it waits on
        pass
    sandbox.reviewer.complete(review, {"approved": True, "arguments": {"order": "order-7", "amount": 50}})
    with worker(sandbox, database, paid, "local", "order-7", "order-8"):
        until(paid.exists)
        until(lambda: len(sandbox.reviewer.pending()) == 1)  # of the other order
        outside = DBOSClient(system_database_url=database)
        assert outside.retrieve_workflow("order-7").get_result() == "paid back 50"
        outside.destroy()
    assert paid.read_text() == "order-7 50\n"
    assert [each.content["arguments"]["order"] for each in sandbox.reviewer.asked()] == ["order-7", "order-8"]


def test_two_workers_with_the_same_order_ask_once_and_act_once(server: str, sandbox: Sandbox, tmp_path: Path) -> None:
    database, paid = new_database(server), tmp_path / "paid"
    orders = [f"order-{number}" for number in range(5)]
    with worker(sandbox, database, paid, "one", *orders), worker(sandbox, database, paid, "two", *orders):
        until(lambda: len(sandbox.reviewer.pending()) == 5)
        for review in sandbox.reviewer.pending():
            sandbox.reviewer.complete(review, {"approved": True})
        outside = DBOSClient(system_database_url=database)
        for order in orders:
            assert outside.retrieve_workflow(order).get_result() == "paid back 500"
        outside.destroy()
    assert sorted(paid.read_text().splitlines()) == [f"{order} 500" for order in orders]
    assert len(sandbox.reviewer.asked()) == 5


def test_the_page_runs_as_a_program(server: str, tmp_path: Path) -> None:
    program = write_module("dbos.md", tmp_path)
    world = os.environ | {"DATABASE": new_database(server)}
    done = subprocess.run([sys.executable, program], env=world, capture_output=True, text=True, timeout=ROOMY * 2)
    assert done.returncode == 0, done.stderr
