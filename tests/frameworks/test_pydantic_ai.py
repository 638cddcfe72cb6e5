"""The adapter for pydantic-ai: real runs with a scripted model, answered by scripted people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, ApprovalRequired, CallDeferred, DeferredToolRequests, RunContext
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from hitl.exceptions import AnswerError, ConfigurationError, WaitTimeoutError
from hitl.integrations.asks import answers
from hitl.integrations.pydantic_ai import request_input, run_until_done, run_until_done_async, to_asks, to_resume
from hitl.testing import Sandbox

REFUND = ToolCallPart("refund", {"order": "A1", "amount": 50}, "c1")
DELETE = ToolCallPart("delete_account", {"user": "ann"}, "c2")
COLOUR = ToolCallPart("ask_user", {"question": "Which colour?", "why": "The order does not say."}, "c3")
PARCEL = ToolCallPart("weigh", {"parcel": 7}, "c4")
COLOURS = {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


class Address(BaseModel):
    street: str
    number: int


class Clerk:
    """An agent with tools that wait for people, what its tools did, and what its model read about each call."""

    def __init__(self, *turns: list[Any], **settings: Any) -> None:
        self.ran: list[tuple[Any, ...]] = []
        self.heard: dict[str, Any] = {}
        self.turns = [*turns, [TextPart("done")]]
        settings.setdefault("output_type", [str, DeferredToolRequests])
        self.agent: Agent[Any, Any] = Agent(FunctionModel(self.respond), **settings)

        @self.agent.tool_plain(requires_approval=True)
        def refund(order: str, amount: int) -> str:
            self.ran.append(("refund", order, amount))
            return f"refunded {amount}"

        @self.agent.tool
        def delete_account(context: RunContext[Any], user: str) -> str:
            if not context.tool_call_approved:
                raise ApprovalRequired(metadata={"reason": "It cannot be undone."})
            self.ran.append(("delete", user))
            return "deleted"

        @self.agent.tool_plain(requires_approval=True)
        def move(address: Address) -> str:
            self.ran.append(("move", address.street, address.number))
            return "moved"

        @self.agent.tool_plain
        def ask_user(question: str, why: str) -> str:
            raise CallDeferred(metadata={"response_schema": COLOURS})

        @self.agent.tool_plain
        def weigh(parcel: int) -> str:
            raise CallDeferred

    def respond(self, messages: list[Any], _info: Any) -> ModelResponse:
        for part in messages[-1].parts:
            if hasattr(part, "tool_call_id"):
                self.heard[part.tool_call_id] = part.content
        return ModelResponse(self.turns.pop(0))


def run(sandbox: Sandbox, clerk: Clerk, kind: str = "blocking", **options: Any) -> Any:
    if kind == "blocking":
        with sandbox.client() as client:
            return run_until_done(clerk.agent, "Refund A1", client, **{"run": "r1", **options})

    async def go() -> Any:
        async with sandbox.async_client() as client:
            return await run_until_done_async(clerk.agent, "Refund A1", client, **{"run": "r1", **options})

    return anyio.run(go)


@pytest.fixture(params=["blocking", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_approved_call_runs_as_it_was_asked(sandbox: Sandbox, kind: str) -> None:
    clerk = Clerk([DELETE])
    sandbox.reviewer.on(content={"action": "delete_account", "arguments": {"user": "ann"}}).approve()
    result = run(sandbox, clerk, kind, assignees=["ann@example.com"])
    assert (clerk.ran, clerk.heard, result.output) == ([("delete", "ann")], {"c2": "deleted"}, "done")
    [review] = sandbox.reviewer.asked()
    assert review.content["description"] == "It cannot be undone."
    assert review.metadata == {"framework": "pydantic-ai", "run": "r1", "call": "c2"}
    assert review.assignees == ["ann@example.com"]


def test_an_edited_call_runs_as_it_was_edited(sandbox: Sandbox, kind: str) -> None:
    clerk = Clerk([REFUND, ToolCallPart("move", {"street": "Elm", "number": 1}, "c5")])
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20})
    sandbox.reviewer.on(content={"action": "move"}).edit(arguments={"street": "Elm", "number": 2})
    run(sandbox, clerk, kind)
    assert sorted(clerk.ran) == [("move", "Elm", 2), ("refund", "A1", 20)]


def test_a_rejected_call_does_not_run_and_the_model_reads_why(sandbox: Sandbox, kind: str) -> None:
    clerk = Clerk([REFUND])
    sandbox.reviewer.on(content={"action": "refund"}).reject(feedback="Paid on Monday.")
    run(sandbox, clerk, kind)
    assert clerk.ran == []
    assert "Paid on Monday." in clerk.heard["c1"]


def test_an_answer_in_place_of_the_tool_is_what_the_model_reads(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND])
    sandbox.reviewer.on(content={"action": "refund"}).complete({"approved": True, "response": "Paid on Monday."})
    run(sandbox, clerk)
    assert (clerk.ran, clerk.heard) == ([], {"c1": "Paid on Monday."})


def test_parallel_calls_of_all_kinds_get_their_own_answers(sandbox: Sandbox, kind: str) -> None:
    clerk = Clerk([REFUND, DELETE, COLOUR, PARCEL])
    people = sandbox.reviewer
    people.on(content={"question": "What does weigh return?", "context": {"parcel": 7}}).complete({"answer": "3 kg"})
    people.on(content={"question": "Which colour?"}).complete({"colour": "blue"})
    people.on(content={"action": "delete_account"}).reject(feedback="No.")
    people.on(content={"action": "refund"}).approve()
    run(sandbox, clerk, kind)
    assert clerk.ran == [("refund", "A1", 50)]
    assert "No." in clerk.heard.pop("c2")
    assert clerk.heard == {"c1": "refunded 50", "c3": {"colour": "blue"}, "c4": "3 kg"}


def test_a_question_that_is_rejected_has_failed_and_the_model_reads_why(sandbox: Sandbox) -> None:
    clerk = Clerk([COLOUR])
    sandbox.reviewer.on(content={"question": "Which colour?"}).reject(feedback="Ask the customer.")
    run(sandbox, clerk)
    assert "Ask the customer." in clerk.heard["c3"]


def test_another_process_goes_on_and_asks_nobody_twice(sandbox: Sandbox, kind: str) -> None:
    pauses: list[str] = []
    with pytest.raises(WaitTimeoutError):
        run(sandbox, Clerk([REFUND, DELETE, COLOUR]), kind, store=pauses.append, timeout=0.05)
    first = sandbox.reviewer.pending()
    for review in first:
        verdict = {"approved": review.content.get("action") == "refund"}
        sandbox.reviewer.complete(review, {"colour": "red"} if "question" in review.content else verdict)

    restarted = Clerk()
    result = run(sandbox, restarted, kind, stored=pauses[-1])

    assert (restarted.ran, result.output) == ([("refund", "A1", 50)], "done")
    assert restarted.heard["c3"] == {"colour": "red"}
    assert "delete_account" in restarted.heard["c2"]
    assert [review.id for review in sandbox.reviewer.asked()] == [review.id for review in first]


def test_a_run_that_goes_on_pauses_again(sandbox: Sandbox) -> None:
    pauses: list[str] = []

    async def keep(pause: str) -> None:
        pauses.append(pause)

    sandbox.reviewer.on().approve()
    first = Clerk([REFUND], [DELETE])
    run(sandbox, first, "async", store=keep)
    assert len(pauses) == 2

    restarted = Clerk()
    run(sandbox, restarted, stored=pauses[1], run_options={"metadata": {"restarted": True}})

    assert restarted.ran == [("delete", "ann")]
    sandbox.reviewer.asked(times=2)


@pytest.mark.parametrize(
    "arguments", [{"order": "A1", "amount": "all"}, {"order": "A1"}, {"order": "A1", "amount": 1.5}]
)
def test_an_edit_that_does_not_fit_resumes_nothing(sandbox: Sandbox, arguments: dict[str, Any]) -> None:
    clerk = Clerk([REFUND, DELETE])
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments=arguments)
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()
    with pytest.raises(AnswerError) as caught:
        run(sandbox, clerk)
    assert (clerk.ran, clerk.heard, caught.value.path) == ([], {}, "arguments")


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_call_that_nobody_answered_does_not_run(sandbox: Sandbox, end: str) -> None:
    pauses: list[str] = []
    due = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(WaitTimeoutError):
        run(sandbox, Clerk([REFUND, COLOUR]), store=pauses.append, timeout=0.05, due_date=due)
    for review in sandbox.reviewer.pending():
        with sandbox.client() as client:
            client.cancel_review(review.id) if end == "cancelled" else sandbox.clock.advance("2h")
    clerk = Clerk()
    run(sandbox, clerk, stored=pauses[0])
    assert clerk.ran == []
    assert end in clerk.heard["c1"]
    assert end in clerk.heard["c3"]


def inline(sandbox: Sandbox, clerk: Clerk, **options: Any) -> Any:
    async def go() -> Any:
        async with sandbox.async_client() as client:
            return await clerk.agent.run("go", capabilities=[request_input(client, **options)])

    return anyio.run(go)


def test_a_run_itself_waits_for_people(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND, DELETE, COLOUR], output_type=str)
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20})
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="No.")
    sandbox.reviewer.on(content={"question": "Which colour?"}).complete({"colour": "red"})
    assert inline(sandbox, clerk, assignees=["ann@example.com"]).output == "done"
    assert clerk.ran == [("refund", "A1", 20)]
    assert "No." in clerk.heard["c2"]
    assert clerk.heard["c3"] == {"colour": "red"}
    assert [review.assignees for review in sandbox.reviewer.asked()] == [["ann@example.com"]] * 3


def test_a_question_that_fails_within_a_run_ends_it_and_nothing_runs(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND, COLOUR], output_type=str)
    sandbox.reviewer.on(content={"question": "Which colour?"}).reject(feedback="?")
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": "all"})
    with pytest.raises(AnswerError):
        inline(sandbox, clerk, run="r1")
    assert (clerk.ran, clerk.heard) == ([], {})


def test_a_run_without_deferred_calls_asks_nobody(sandbox: Sandbox) -> None:
    assert run(sandbox, Clerk()).output == "done"
    sandbox.reviewer.asked(times=0)


def test_one_resume_needs_all_answers(sandbox: Sandbox) -> None:
    requests = Clerk([REFUND, DELETE]).agent.run_sync("go").output
    asks = to_asks("r1", requests)
    assert {ask.key for ask in asks} == {"pydantic-ai:r1:c1", "pydantic-ai:r1:c2"}
    sandbox.reviewer.on().approve()
    with sandbox.client() as client, pytest.raises(KeyError):
        to_resume(requests, answers(client, asks[:1]))


def test_a_run_without_a_name_is_refused_before_anybody_is_asked(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="name the run"):
        run(sandbox, Clerk([REFUND]), run="")
    sandbox.reviewer.asked(times=0)


def test_the_reviewer_is_named_to_a_framework_that_wants_to_know(sandbox: Sandbox) -> None:
    requests = Clerk([REFUND]).agent.run_sync("go").output
    sandbox.reviewer.on().approve()
    with sandbox.client() as client:
        found = to_resume(requests, answers(client, to_asks("r1", requests)))
    [review] = sandbox.reviewer.asked()
    people = {"c1": review.reviewer}
    assert getattr(found, "answered_by", people) == people
