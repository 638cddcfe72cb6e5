"""The adapter for CrewAI: crews with a scripted model, and flows, answered by scripted people."""

# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Before the import: it would send what it does to its makers.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.async_feedback.types import HumanFeedbackPending
from crewai.flow.flow import Flow, listen, start
from crewai.flow.human_feedback import HumanFeedbackResult, human_feedback
from crewai.flow.persistence import SQLiteFlowPersistence
from crewai.hooks.dispatch import HookAborted
from crewai.hooks.tool_hooks import get_before_tool_call_hooks
from crewai.llms.base_llm import BaseLLM
from crewai.tools import tool
from pydantic import Field

from hitl import HITLClient
from hitl.exceptions import WaitTimeoutError
from hitl.integrations.crewai import Reviewers, gated_tools, run_until_done
from hitl.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[HITLClient]:
    with sandbox.client() as connected:
        yield connected


class Scripted(BaseLLM):
    """A model that says the given texts, and keeps what it was told."""

    turns: list[Any]
    native: bool = False  # whether it calls tools, rather than writing that it does
    heard: list[str] = Field(default_factory=list)

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        self.heard.append(str(messages))
        return self.turns.pop(0)

    def supports_function_calling(self) -> bool:
        return self.native


def action(name: str, arguments: str) -> str:
    return f"Thought: I use it.\nAction: {name}\nAction Input: {arguments}\n"


REFUND = action("refund", '{"order": "A1", "amount": 50}')
DONE = "Thought: I now know the final answer\nFinal Answer: done"


class Clerk:
    """A crew with a tool that pays back, and what it paid."""

    def __init__(self, *turns: Any, native: bool = False) -> None:
        self.paid: list[tuple[str, int]] = []
        self.model = Scripted(model="scripted", turns=[*turns, DONE], native=native)

        @tool("refund")
        def refund(order: str, amount: int) -> str:
            """Pay money back."""
            self.paid.append((order, amount))
            return f"refunded {amount}"

        agent = Agent(role="clerk", goal="help", backstory="patient", llm=self.model, tools=[refund], max_iter=5)
        self.crew = Crew(agents=[agent], tasks=[Task(description="Pay", expected_output="done", agent=agent)])

    def work(self) -> list[str]:
        """Run the crew, and return what the model was told."""
        self.crew.kickoff()
        return self.model.heard


def test_an_approved_call_runs(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    clerk = Clerk(REFUND)
    with gated_tools(client, run="r-1", tools=["Refund"], assignees=["ann@example.com"]):
        clerk.work()
    assert clerk.paid == [("A1", 50)]
    (review,) = sandbox.reviewer.asked()
    assert review.metadata == {"framework": "crewai", "run": "r-1"}
    assert review.assignees == ["ann@example.com"]
    assert not get_before_tool_call_hooks()


def test_a_second_tool_of_the_same_name_is_held_back_as_well(client: HITLClient, sandbox: Sandbox) -> None:
    """CrewAI calls it refund_2."""
    context = SimpleNamespace(tool_name="refund_2", tool=None, tool_input={"order": "A1"})
    sandbox.reviewer.on(content={"action": "refund_2"}).reject()
    with gated_tools(client, run="r-1", tools=["refund"]):
        (hook,) = get_before_tool_call_hooks()
        with pytest.raises(HookAborted):
            hook(context)


def test_edited_arguments_are_what_runs(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 20})
    clerk = Clerk(REFUND)
    with gated_tools(client, run="r-1"):
        clerk.work()
    assert clerk.paid == [("A1", 20)]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"approved": False, "feedback": "She is a customer."}, "She is a customer."),
        ({"approved": True, "response": "Paid already."}, "Paid already."),
        ({"approved": True, "arguments": {"order": "A1", "amount": "all"}}, "no approval could be had"),
    ],
)
def test_what_is_not_approved_does_not_run_and_the_model_reads_why(
    client: HITLClient, sandbox: Sandbox, result: dict[str, Any], told: str
) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).complete(result)
    clerk = Clerk(REFUND)
    with gated_tools(client, run="r-1"):
        heard = clerk.work()
    assert clerk.paid == []
    assert told in " ".join(heard)


def test_nothing_runs_if_nobody_can_be_asked_or_nobody_answers(client: HITLClient, sandbox: Sandbox) -> None:
    for refusing in (HITLClient(api_key="wrong", base_url=sandbox.base_url), client):
        clerk = Clerk(REFUND)
        with refusing, gated_tools(refusing, run="r-1", timeout=0.05):
            assert "no approval could be had" in " ".join(clerk.work())
        assert clerk.paid == []


def test_an_expired_question_does_not_run(client: HITLClient, sandbox: Sandbox) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    clerk = Clerk(REFUND)
    with gated_tools(client, run="r-1", timeout=0.05, due_date=due):
        clerk.work()
    sandbox.clock.advance("2h")
    again = Clerk(REFUND)
    with gated_tools(client, run="r-1", due_date=due):
        assert "expired" in " ".join(again.work())
    assert clerk.paid == again.paid == []


def test_two_calls_are_decided_one_by_one(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content=lambda content: content["arguments"]["order"] == "A1").reject()
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    clerk = Clerk(REFUND, action("refund", '{"order": "B2", "amount": 7}'))
    with gated_tools(client, run="r-1"):
        clerk.work()
    assert clerk.paid == [("B2", 7)]


def test_two_calls_at_once_are_decided_one_by_one(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content=lambda content: content["arguments"]["order"] == "A1").reject(feedback="Not hers.")
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "B2", "amount": 7})
    both = [
        {"id": order, "type": "function", "function": {"name": "refund", "arguments": {"order": order, "amount": 50}}}
        for order in ("A1", "B2")
    ]
    clerk = Clerk(both, native=True)
    with gated_tools(client, run="r-1"):
        heard = clerk.work()
    assert clerk.paid == [("B2", 7)]
    assert "Not hers." in heard[-1]
    assert "refunded 7" in heard[-1]


def test_a_run_that_is_started_again_asks_nobody_twice(client: HITLClient, sandbox: Sandbox) -> None:
    with gated_tools(client, run="r-1", timeout=0.05):
        Clerk(REFUND).work()
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    clerk = Clerk(REFUND)
    with gated_tools(client, run="r-1"):
        clerk.work()
    assert clerk.paid == [("A1", 50)]
    assert len(sandbox.reviewer.asked()) == 1


def draft(provider: Any, **feedback: Any) -> type[Flow[Any]]:
    class Draft(Flow[Any]):
        @start()
        @human_feedback(message="Publish this?", provider=provider, **feedback)
        def write(self) -> str:
            return "A long text"

        @listen(write)
        def after(self, heard: HumanFeedbackResult) -> str:
            return f"heard: {heard.feedback}"

    return Draft


def test_a_flow_gets_the_words_of_a_person(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "Publish this?", "context": "A long text"}).complete({"answer": "Shorter"})
    assert draft(Reviewers(client))().kickoff() == "heard: Shorter"


def test_a_flow_gets_one_of_the_outcomes_or_fails(client: HITLClient, sandbox: Sandbox) -> None:
    flow = draft(Reviewers(client, outcomes=["publish", "revise"]))
    with pytest.raises(WaitTimeoutError):
        draft(Reviewers(client, outcomes=["publish", "revise"], timeout=0.05))().kickoff()
    sandbox.reviewer.on(content={"question": "Publish this?"}).complete({"outcome": "publish"})
    assert flow().kickoff() == "heard: publish"


def test_a_refusal_is_no_outcome(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "Publish this?"}).reject()
    assert "There is no answer" in draft(Reviewers(client))().kickoff()
    with pytest.raises(Exception, match="There is no answer"):
        draft(Reviewers(client, outcomes=["publish", "revise"]))().kickoff()


def test_emit_is_refused_because_a_model_would_choose(client: HITLClient, sandbox: Sandbox) -> None:
    flow = draft(Reviewers(client), emit=["publish", "revise"], llm="gpt-5.4-mini")
    with pytest.raises(Exception, match="leave it out"):
        flow().kickoff()
    assert sandbox.reviewer.pending() == []


def test_a_flow_that_pauses_goes_on_after_a_restart(client: HITLClient, sandbox: Sandbox, tmp_path: Path) -> None:
    store = SQLiteFlowPersistence(str(tmp_path / "flows.db"))
    flow = draft(Reviewers(client, pauses=True, outcomes=["publish", "revise"]))
    paused = flow(persistence=store).kickoff()
    assert isinstance(paused, HumanFeedbackPending)

    with pytest.raises(WaitTimeoutError):
        run_until_done(client, flow, paused.context.flow_id, persistence=store, timeout=0.05)
    sandbox.reviewer.complete(sandbox.reviewer.pending()[0], {"outcome": "revise"})
    reopened = SQLiteFlowPersistence(str(tmp_path / "flows.db"))
    assert run_until_done(client, flow, paused.context.flow_id, persistence=reopened) == "heard: revise"
    assert len(sandbox.reviewer.asked()) == 1
