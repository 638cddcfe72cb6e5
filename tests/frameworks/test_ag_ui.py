"""AG-UI: a pydantic-ai agent behind its own adapter, and agents of events written out, against a live sandbox."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import anyio
import pytest
from ag_ui.core import (
    AssistantMessage,
    Event,
    Interrupt,
    MessagesSnapshotEvent,
    RunAgentInput,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    StateSnapshotEvent,
    TextMessageChunkEvent,
    TextMessageContentEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallChunkEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
    UserMessage,
)
from pydantic import TypeAdapter
from pydantic_ai import Agent, DeferredToolRequests
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.ui.ag_ui import AGUIAdapter

from hitl.exceptions import AnswerError, ConfigurationError, ReviewExpiredError, WaitTimeoutError
from hitl.integrations.ag_ui import messages_after, run_until_done, run_until_done_async, to_asks, to_resume
from hitl.integrations.asks import answers
from hitl.testing import Sandbox

APPROVAL = {"type": "object", "properties": {"approved": {"type": "boolean"}}, "required": ["approved"]}
COLOUR = {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


def first_input(**changes: Any) -> RunAgentInput:
    given = {"state": {}, "tools": [], "context": [], "forwarded_props": {}, **changes}
    messages = [UserMessage(id="u1", role="user", content="Go on.")]
    return RunAgentInput(thread_id="thread-1", run_id="run-1", messages=messages, **given)


# --- an agent of pydantic-ai ----------------------------------------------------------------------------------------


class Clerk:
    """An agent that wants to refund and to delete, and then says what it heard; `ran` is what really happened."""

    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.runs = 0

        async def say(messages: Any, info: Any) -> AsyncIterable[Any]:
            heard = [str(part.content) for part in messages[-1].parts if part.part_kind != "user-prompt"]
            if heard:
                yield " / ".join(heard)
            else:
                refund = '{"order": "A1", "amount": 50}'
                yield {
                    0: DeltaToolCall(name="refund", json_args=refund, tool_call_id="c1"),
                    1: DeltaToolCall(name="delete_account", json_args='{"user": "ann"}', tool_call_id="c2"),
                }

        def refund(order: str, amount: int) -> str:
            self.ran.append(("refund", order, amount))
            return f"refunded {amount}"

        def delete_account(user: str) -> str:
            self.ran.append(("delete", user))
            return "deleted"

        self._agent = Agent(FunctionModel(stream_function=say), output_type=[str, DeferredToolRequests])
        for tool in (refund, delete_account):
            self._agent.tool_plain(requires_approval=True)(tool)

    async def run(self, run_input: RunAgentInput) -> AsyncIterable[Event]:
        self.runs += 1
        async for event in AGUIAdapter(self._agent, run_input).run_stream():
            yield event


def played(sandbox: Sandbox, clerk: Clerk, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        async with sandbox.async_client() as client:
            return await run_until_done_async(clerk.run, first_input(), client, **options)

    return anyio.run(main)


def text_of(events: list[Any]) -> str:
    return "".join(event.delta for event in events if event.type == "TEXT_MESSAGE_CONTENT")


def test_parallel_calls_have_each_their_own_decision(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20})
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="She is a customer.")
    clerk = Clerk()
    events = played(sandbox, clerk, assignees=["ann@example.com"])
    assert clerk.ran == [("refund", "A1", 20)]
    assert "refunded 20" in text_of(events)
    assert "She is a customer." in text_of(events)
    (asked,) = sandbox.reviewer.asked(content={"action": "refund"}, times=1)
    assert (asked.content["arguments"], asked.assignees) == ({"order": "A1", "amount": 50}, ["ann@example.com"])
    assert (asked.metadata["framework"], asked.metadata["thread"]) == ("ag-ui", "thread-1")


def test_what_was_approved_runs_as_it_was_asked(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().approve()
    clerk = Clerk()
    assert "refunded 50" in text_of(played(sandbox, clerk))
    assert sorted(clerk.ran) == [("delete", "ann"), ("refund", "A1", 50)]  # they run side by side


def test_what_nobody_answered_does_not_run_and_the_model_reads_why(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.fast_forward()
    clerk = Clerk()
    told = text_of(played(sandbox, clerk, due_date=sandbox.clock() + timedelta(hours=1)))
    assert clerk.ran == [("refund", "A1", 50)]
    assert "nobody answered before the question expired" in told


def test_an_answer_in_place_of_the_tool_is_not_offered(sandbox: Sandbox) -> None:
    events = [*call("refund", "c1"), interrupted(Interrupt(id="i1", reason="tool_call", tool_call_id="c1"))]
    (ask,) = to_asks(events)
    assert [each["name"] for each in ask.form] == ["action", "description", "arguments", "approved", "feedback"]  # type: ignore[union-attr]


def test_a_program_that_is_started_again_asks_nobody_twice(sandbox: Sandbox) -> None:
    with pytest.raises(WaitTimeoutError):
        played(sandbox, Clerk(), timeout=0.05)
    for review in sandbox.reviewer.pending():
        sandbox.reviewer.complete(review, {"approved": review.content["action"] == "refund"})
    clerk = Clerk()
    played(sandbox, clerk)
    assert (clerk.ran, clerk.runs) == ([("refund", "A1", 50)], 2)
    sandbox.reviewer.asked(times=2)


def test_a_stored_pause_is_resumed_by_another_process(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"action": "delete_account"}).reject()

    async def first_run() -> list[bytes]:
        return [event.model_dump_json(by_alias=True).encode() async for event in Clerk().run(first_input())]

    stored = anyio.run(first_run)
    events: list[Any] = [TypeAdapter(Event).validate_json(line) for line in stored]
    with sandbox.client() as client:
        entries = to_resume(events, answers(client, to_asks(events)))
    resumed = first_input(resume=entries)
    resumed = resumed.model_copy(update={"run_id": "run-2", "messages": messages_after(resumed.messages, events)})
    clerk = Clerk()

    async def second_run() -> list[Any]:
        return [event async for event in clerk.run(resumed)]

    assert "refunded 50" in text_of(anyio.run(second_run))
    assert clerk.ran == [("refund", "A1", 50)]


# --- agents of events that are written out --------------------------------------------------------------------------


def interrupted(*interrupts: Interrupt, run_id: str = "run-1") -> RunFinishedEvent:
    outcome = RunFinishedInterruptOutcome(interrupts=list(interrupts))
    return RunFinishedEvent(thread_id="thread-1", run_id=run_id, outcome=outcome)


def call(name: str, call_id: str, arguments: str = '{"order": "A1"}') -> list[Any]:
    return [
        ToolCallStartEvent(tool_call_id=call_id, tool_call_name=name),
        *(ToolCallArgsEvent(tool_call_id=call_id, delta=each) for each in arguments),
    ]


def resumed_with(sandbox: Sandbox, *events: Any) -> dict[str, Any]:
    """Let a run end with these events, and return what the next is resumed with, by interrupt."""
    inputs: list[RunAgentInput] = []

    def run(run_input: RunAgentInput) -> list[Any]:
        inputs.append(run_input)
        return list(events) if len(inputs) == 1 else [RunFinishedEvent(thread_id="thread-1", run_id=run_input.run_id)]

    run_until_done(run, first_input(), sandbox.client())
    assert [each.run_id for each in inputs] == ["run-1", "run-1-2"]
    return {each.interrupt_id: (each.status, each.payload) for each in inputs[-1].resume or ()}


def test_questions_are_answered_as_their_schemas_say(sandbox: Sandbox) -> None:
    people = sandbox.reviewer
    people.on(content={"question": "Which colour?"}).complete({"colour": "blue"})
    people.on(content={"question": "Go on?"}).reject()
    people.on(content={"question": "custom:reason"}).complete({"answer": "As you like"})
    people.on(content={"question": "Allow it?"}).reject(feedback="Too late")
    assert resumed_with(
        sandbox,
        interrupted(
            Interrupt(id="i1", reason="input_required", message="Which colour?", response_schema=COLOUR),
            Interrupt(id="i2", reason="confirmation", message="Go on?"),
            Interrupt(id="i3", reason="custom:reason"),
            Interrupt(id="i4", reason="custom:reason", message="Allow it?", response_schema=APPROVAL),
        ),
    ) == {
        "i1": ("resolved", {"colour": "blue"}),
        "i2": ("resolved", False),
        "i3": ("resolved", "As you like"),
        "i4": ("resolved", {"approved": False}),
    }


@pytest.mark.parametrize("end", ["rejected", "cancelled"])
def test_a_question_without_an_answer_is_abandoned(sandbox: Sandbox, end: str) -> None:
    events = [interrupted(Interrupt(id="i1", reason="input_required", message="Which?", response_schema=COLOUR))]
    with sandbox.client() as client:
        (ask,) = to_asks(events)
        if end == "rejected":
            sandbox.reviewer.on().reject()
        else:
            with pytest.raises(WaitTimeoutError):
                answers(client, [ask], timeout=0.05)
            client.cancel_review(sandbox.reviewer.pending()[0].id)
        (entry,) = to_resume(events, answers(client, [ask]))
    assert (entry.status, entry.payload) == ("cancelled", None)


@pytest.mark.parametrize(
    ("schema", "edits", "reason"),
    [
        (None, False, True),
        (APPROVAL, False, False),
        ({"properties": {**APPROVAL["properties"], "editedArgs": {"type": "object"}, "reason": {}}}, True, True),  # type: ignore[dict-item]
    ],
)
def test_a_reviewer_is_offered_what_the_agent_can_take_back(
    sandbox: Sandbox, schema: dict[str, Any] | None, *, edits: bool, reason: bool
) -> None:
    sandbox.reviewer.on().reject(feedback="No.")
    waiting = Interrupt(id="i1", reason="tool_call", tool_call_id="c1", message="Why", response_schema=schema)
    status, payload = resumed_with(sandbox, *call("refund", "c1"), interrupted(waiting))["i1"]
    assert (status, payload["approved"], "reason" in payload) == ("resolved", False, reason)
    (asked,) = sandbox.reviewer.asked(times=1)
    fields = {each["name"]: each for each in sandbox.client().get_template(asked.template_id).fields}
    assert fields["arguments"].get("editable", False) is edits
    assert (asked.content["action"], asked.content["description"]) == ("refund", "Why")


def test_an_edit_that_does_not_fit_resumes_nothing(sandbox: Sandbox) -> None:
    amount = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}
    schema = {"type": "object", "properties": {"approved": {"type": "boolean"}, "editedArgs": amount}}
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"amount": "all"})
    sandbox.reviewer.on(content={"action": "ship"}).approve()
    waiting = [
        Interrupt(id=f"i{number}", reason="tool_call", tool_call_id=f"c{number}", response_schema=schema)
        for number in (1, 2)
    ]
    runs: list[Any] = []

    def run(run_input: RunAgentInput) -> list[Any]:
        runs.append(run_input)
        return [*call("refund", "c1", '{"amount": 50}'), *call("ship", "c2", '{"amount": 1}'), interrupted(*waiting)]

    with pytest.raises(AnswerError, match=r"interrupt i1 does not fit at 'editedArgs.amount'"):
        run_until_done(run, first_input(), sandbox.client())
    assert len(runs) == 1


def test_the_first_interrupt_to_expire_is_when_all_reviews_do(sandbox: Sandbox) -> None:
    soon, later = (sandbox.clock() + timedelta(hours=hours) for hours in (1, 2))
    waiting = [
        Interrupt(id=f"i{number}", reason="confirmation", message=f"Go on {number}?", expires_at=each)
        for number, each in enumerate((later.isoformat(), soon.isoformat(), "never", None))
    ]
    sandbox.fast_forward()
    with pytest.raises(ReviewExpiredError, match="start a new run"):
        resumed_with(sandbox, interrupted(*waiting))
    assert {each.due_date for each in sandbox.reviewer.asked(times=4)} == {soon}


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([], "the tool call c1, which is in none of the events"),
        (call("refund", "c1", '["A1"]'), "no object of JSON"),
        (call("refund", "c1", "{"), "no object of JSON"),
    ],
)
def test_nobody_is_asked_to_approve_what_cannot_be_seen(sandbox: Sandbox, events: list[Any], complaint: str) -> None:
    waiting = interrupted(Interrupt(id="i1", reason="tool_call", tool_call_id="c1", response_schema=APPROVAL))
    with pytest.raises(ConfigurationError, match=complaint):
        resumed_with(sandbox, *events, waiting)
    sandbox.reviewer.asked(times=0)


def test_a_payload_that_no_reviewer_can_give_is_refused(sandbox: Sandbox) -> None:
    schema = {**APPROVAL, "required": ["approved", "fingerprint"]}
    waiting = Interrupt(id="i1", reason="tool_call", tool_call_id="c1", response_schema=schema)
    with pytest.raises(ConfigurationError, match="'fingerprint'"):
        resumed_with(sandbox, *call("refund", "c1"), interrupted(waiting))
    sandbox.reviewer.asked(times=0)


def test_one_resume_answers_all_interrupts(sandbox: Sandbox) -> None:
    events = [interrupted(*(Interrupt(id=each, reason="confirmation") for each in ("i1", "i2")))]
    sandbox.reviewer.on().approve()
    with sandbox.client() as client:
        found = answers(client, to_asks(events)[:1])
    with pytest.raises(ConfigurationError, match="i2 has no answer"):
        to_resume(events, found)


def test_an_interrupt_of_another_run_is_another_question() -> None:
    keys = [
        to_asks([interrupted(Interrupt(id=each, reason="confirmation"), run_id=run_id)])[0].key
        for each in ("i1", "i2")
        for run_id in ("run-1", "run-2")
    ]
    assert len(set(keys)) == 4


def test_messages_are_put_together_from_events_of_every_kind() -> None:
    snapshot = [AssistantMessage(id="a0", role="assistant", content="Hello")]
    events = [
        TextMessageStartEvent(message_id="lost", role="assistant"),
        MessagesSnapshotEvent(messages=snapshot),
        TextMessageStartEvent(message_id="a1", role="assistant"),
        TextMessageContentEvent(message_id="a1", delta="I shall "),
        TextMessageContentEvent(message_id="a1", delta="refund."),
        ToolCallStartEvent(tool_call_id="c1", tool_call_name="refund", parent_message_id="a1"),
        ToolCallArgsEvent(tool_call_id="c1", delta="{}"),
        ToolCallChunkEvent(tool_call_id="c2", tool_call_name="ship", parent_message_id="a1", delta='{"to'),
        ToolCallChunkEvent(delta='": "Ann"}'),
        ToolCallResultEvent(message_id="t1", tool_call_id="c1", content="done"),
        TextMessageChunkEvent(message_id="u2", role="user", delta="Tha"),
        TextMessageChunkEvent(delta="nks"),
    ]
    found = [each.model_dump(exclude_none=True) for each in messages_after([], events)]
    assert [each["id"] for each in found] == ["a0", "a1", "t1", "u2"]
    assert (found[1]["content"], found[3]["role"], found[3]["content"]) == ("I shall refund.", "user", "Thanks")
    calls: list[Mapping[str, Any]] = [each["function"] for each in found[1]["tool_calls"]]
    assert calls == [{"name": "refund", "arguments": "{}"}, {"name": "ship", "arguments": '{"to": "Ann"}'}]
    assert snapshot[0].content == "Hello"


def test_the_next_run_gets_the_state_of_the_last(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().approve()
    inputs: list[RunAgentInput] = []

    def run(run_input: RunAgentInput) -> list[Any]:
        inputs.append(run_input)
        if len(inputs) == 3:
            return []
        waiting = Interrupt(id="i1", reason="confirmation", message="Go on?")
        return [StateSnapshotEvent(snapshot={"step": len(inputs)}), interrupted(waiting, run_id=run_input.run_id)]

    assert run_until_done(run, first_input(), sandbox.client()) == []
    assert [each.state for each in inputs] == [{}, {"step": 1}, {"step": 2}]
    assert [each.run_id for each in inputs] == ["run-1", "run-1-2", "run-1-3"]
    sandbox.reviewer.asked(times=2)
