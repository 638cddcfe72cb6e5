"""The adapter for the OpenAI Agents SDK: real runs with a scripted model, answered by scripted people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from agents import Agent, HostedMCPTool, Runner, ShellTool, function_tool, set_tracing_disabled
from agents.testing import ScriptedModel, assistant_message, function_call
from openai.types.responses.response_function_shell_tool_call import Action, ResponseFunctionShellToolCall
from openai.types.responses.response_output_item import McpApprovalRequest

from hitl.exceptions import AnswerError, ConfigurationError, WaitTimeoutError
from hitl.integrations.asks import answers_async
from hitl.integrations.openai_agents import run_until_done, to_asks, to_resume
from hitl.testing import Sandbox

set_tracing_disabled(disabled=True)

REFUND = function_call("refund", {"order": "A1", "amount": 50}, call_id="c1")
DELETE = function_call("delete_account", {"user": "ann"}, call_id="c2")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


class Clerk:
    """An agent with two tools that need approval, and what its tools did."""

    def __init__(self, *turns: list[Any]) -> None:
        self.ran: list[tuple[Any, ...]] = []
        self.model = ScriptedModel([*turns, [assistant_message("done")]])

        @function_tool(needs_approval=True)
        def refund(order: str, amount: int) -> str:
            """Pay money back."""
            self.ran.append(("refund", order, amount))
            return f"refunded {amount}"

        @function_tool(needs_approval=True)
        def delete_account(user: str) -> str:
            """Delete an account."""
            self.ran.append(("delete", user))
            return "deleted"

        self.agent = Agent(name="clerk", model=self.model, tools=[refund, delete_account])


def heard(result: Any) -> dict[str, str]:
    """Return what the model was told about each call."""
    items = result.to_input_list()
    return {item["call_id"]: item["output"] for item in items if item.get("type") == "function_call_output"}


def run(sandbox: Sandbox, clerk: Clerk, **options: Any) -> Any:
    async def go() -> Any:
        async with sandbox.async_client() as client:
            return await run_until_done(clerk.agent, "Refund A1", client, **{"run": "r1", **options})

    return anyio.run(go)


def test_an_approved_call_runs_as_it_was_asked(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND])
    sandbox.reviewer.on(content={"action": "refund", "arguments": {"order": "A1", "amount": 50}}).approve()
    result = run(sandbox, clerk, assignees=["ann@example.com"])
    assert (clerk.ran, heard(result), result.final_output) == ([("refund", "A1", 50)], {"c1": "refunded 50"}, "done")
    [review] = sandbox.reviewer.asked()
    assert review.metadata == {"framework": "openai-agents", "run": "r1", "call": "c1", "agent": "clerk"}
    assert review.assignees == ["ann@example.com"]


def test_a_rejected_call_does_not_run_and_the_model_reads_why(sandbox: Sandbox) -> None:
    clerk = Clerk([DELETE])
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="Ann is a customer.")
    result = run(sandbox, clerk)
    assert clerk.ran == []
    assert "Ann is a customer." in heard(result)["c2"]


def test_an_edit_is_a_rejection_that_names_the_edited_call_which_is_asked_about_again(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND], [function_call("refund", {"order": "A1", "amount": 20}, call_id="c3")])
    people = sandbox.reviewer
    people.on(content={"arguments": {"amount": 50}}).edit(arguments={"order": "A1", "amount": 20})
    people.on(content={"arguments": {"amount": 20}}).approve()
    result = run(sandbox, clerk)
    assert clerk.ran == [("refund", "A1", 20)]
    assert '{"order": "A1", "amount": 20}' in heard(result)["c1"]
    assert heard(result)["c3"] == "refunded 20"


def test_an_answer_in_place_of_the_tool_is_what_the_model_reads(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND])
    sandbox.reviewer.on(content={"action": "refund"}).complete({"approved": True, "response": "Paid on Monday."})
    result = run(sandbox, clerk)
    assert (clerk.ran, heard(result)) == ([], {"c1": "Paid on Monday."})


def test_parallel_calls_get_their_own_answers(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND, DELETE])
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="No.")
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    result = run(sandbox, clerk)
    assert clerk.ran == [("refund", "A1", 50)]
    assert heard(result)["c1"] == "refunded 50"
    assert "No." in heard(result)["c2"]


def test_two_calls_of_one_tool_get_their_own_answers(sandbox: Sandbox) -> None:
    other = function_call("refund", {"order": "B2", "amount": 9}, call_id="c4")
    clerk = Clerk([REFUND, other])
    sandbox.reviewer.on(content={"arguments": {"order": "A1"}}).reject()
    sandbox.reviewer.on(content={"arguments": {"order": "B2"}}).approve()
    run(sandbox, clerk)
    assert clerk.ran == [("refund", "B2", 9)]


def test_another_process_goes_on_and_asks_nobody_twice(sandbox: Sandbox) -> None:
    states: list[str] = []
    with pytest.raises(WaitTimeoutError):
        run(sandbox, Clerk([REFUND, DELETE]), store=states.append, timeout=0.05)
    first = sandbox.reviewer.pending()
    for review in first:
        sandbox.reviewer.complete(review, {"approved": review.content["action"] == "refund"})

    restarted = Clerk()
    result = run(sandbox, restarted, stored=states[-1])

    assert restarted.ran == [("refund", "A1", 50)]
    assert heard(result).keys() == {"c1", "c2"}
    assert [review.id for review in sandbox.reviewer.asked()] == [review.id for review in first]


def test_a_resumed_run_pauses_again_and_its_context_is_given_anew(sandbox: Sandbox) -> None:
    states: list[str] = []

    async def keep(state: str) -> None:
        states.append(state)

    with pytest.raises(WaitTimeoutError):
        run(sandbox, Clerk([REFUND]), store=keep, timeout=0.05, run_options={"context": {"user": 1}})
    [review] = sandbox.reviewer.pending()
    sandbox.reviewer.complete(review, {"approved": True})
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()

    restarted = Clerk([DELETE])
    result = run(sandbox, restarted, stored=states[0], store=keep, run_options={"context": {"user": 2}})

    assert restarted.ran == [("refund", "A1", 50), ("delete", "ann")]
    assert result.context_wrapper.context == {"user": 2}
    assert len(states) == 2


@pytest.mark.parametrize("arguments", [{"order": "A1", "amount": "all"}, {"order": "A1"}, {"nobody": 1}])
def test_an_edit_that_does_not_fit_resumes_nothing(sandbox: Sandbox, arguments: dict[str, Any]) -> None:
    clerk = Clerk([REFUND, DELETE])
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments=arguments)
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()
    with pytest.raises(AnswerError) as caught:
        run(sandbox, clerk)
    assert (clerk.ran, caught.value.path) == ([], "arguments")
    assert len(clerk.model.calls) == 1


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_call_that_nobody_answered_does_not_run(sandbox: Sandbox, end: str) -> None:
    states: list[str] = []
    with pytest.raises(WaitTimeoutError):
        run(
            sandbox, Clerk([REFUND]), store=states.append, timeout=0.05, due_date=datetime.now(UTC) + timedelta(hours=1)
        )
    [review] = sandbox.reviewer.pending()
    if end == "expired":
        sandbox.clock.advance("2h")
    else:
        with sandbox.client() as client:
            client.cancel_review(review.id)
    clerk = Clerk()
    result = run(sandbox, clerk, stored=states[0])
    assert clerk.ran == []
    assert end in heard(result)["c1"]


def test_a_run_without_approvals_asks_nobody(sandbox: Sandbox) -> None:
    assert run(sandbox, Clerk()).final_output == "done"
    sandbox.reviewer.asked(times=0)


@pytest.mark.parametrize("approved", [True, False])
def test_the_calls_of_an_agent_within_a_tool_are_asked_about_once_over_a_restart(
    sandbox: Sandbox, *, approved: bool
) -> None:
    def boss(clerk: Clerk, *turns: list[Any]) -> Agent[Any]:
        model = ScriptedModel([*turns, [assistant_message("end")]])
        return Agent(name="boss", model=model, tools=[clerk.agent.as_tool("desk", "The refund desk")])

    states: list[str] = []

    async def go() -> Any:
        async with sandbox.async_client() as client:
            first = boss(Clerk([REFUND]), [function_call("desk", {"input": "go"}, call_id="o1")])
            with pytest.raises(WaitTimeoutError):
                await run_until_done(first, "go", client, run="r1", store=states.append, timeout=0.05)
            [review] = sandbox.reviewer.pending()
            sandbox.reviewer.complete(review, {"approved": approved})
            return await run_until_done(boss(restarted), "go", client, run="r1", stored=states[0])

    restarted = Clerk()
    assert anyio.run(go).final_output == "end"
    assert restarted.ran == ([("refund", "A1", 50)] if approved else [])
    sandbox.reviewer.asked(times=1)


SHELL = ResponseFunctionShellToolCall(
    call_id="s1",
    id="x1",
    action=Action(commands=["git push"], timeout_ms=None, max_output_length=100),
    status="completed",
    type="shell_call",
)
SEARCH = McpApprovalRequest(
    id="m1", arguments='{"text": "A1"}', name="search", server_label="orders", type="mcp_approval_request"
)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("approved", [True, False])
def test_a_shell_and_a_hosted_tool_are_shown_with_what_they_would_do(
    sandbox: Sandbox, *, approved: bool, stored: bool
) -> None:
    ran: list[Any] = []
    shell = ShellTool(executor=lambda request: str(ran.append(request.data.action.commands)), needs_approval=True)
    config: Any = {
        "type": "mcp",
        "server_label": "orders",
        "server_url": "https://x.example",
        "require_approval": "always",
    }
    states: list[str] = []

    def clerk(*turns: list[Any]) -> Clerk:
        made = Clerk(*turns)
        made.agent.tools = [shell, HostedMCPTool(tool_config=config)]
        return made

    with pytest.raises(WaitTimeoutError):
        run(sandbox, clerk([SHELL, SEARCH]), store=states.append, timeout=0.05)
    reviews = {review.content["action"]: review for review in sandbox.reviewer.pending()}
    assert reviews["shell"].content["arguments"] == {"action": {"commands": ["git push"], "max_output_length": 100}}
    assert reviews["search"].content["arguments"] == {"text": "A1"}
    assert reviews["search"].content["description"] == "A tool of the MCP server orders"
    for review in reviews.values():
        sandbox.reviewer.complete(review, {"approved": approved, "feedback": "Because."})

    second = clerk() if stored else clerk([SHELL, SEARCH])
    result = run(sandbox, second, stored=states[0] if stored else None)

    assert ran == ([["git push"]] if approved else [])
    [hosted] = [each for each in result.to_input_list() if each.get("type") == "mcp_approval_response"]
    assert (hosted["approve"], "Because." in str(hosted.get("reason"))) == (approved, not approved)
    sandbox.reviewer.asked(times=2)


def test_one_resume_needs_all_answers_and_changes_nothing_without_them(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND, DELETE])

    async def go() -> None:
        result = await Runner.run(clerk.agent, "go")
        state = result.to_state()
        before = state.to_string()
        asks = to_asks("r1", state.get_interruptions())
        assert [ask.key for ask in asks] == ["openai-agents:r1:c1", "openai-agents:r1:c2"]
        sandbox.reviewer.on().approve()
        async with sandbox.async_client() as client:
            found = await answers_async(client, asks[:1])
        with pytest.raises(KeyError):
            to_resume(state, found)
        assert state.to_string() == before

    anyio.run(go)
    assert clerk.ran == []


def test_a_run_without_a_name_is_refused_before_anybody_is_asked(sandbox: Sandbox) -> None:
    clerk = Clerk([REFUND])
    with pytest.raises(ConfigurationError, match="name the run"):
        run(sandbox, clerk, run="")
    sandbox.reviewer.asked(times=0)


@pytest.mark.parametrize(
    ("text", "shown"), [("rm -rf /", "rm -rf /"), ('["rm"]', ["rm"]), ('{"order": ', '{"order": ')]
)
def test_arguments_that_are_no_object_are_shown_as_they_are(sandbox: Sandbox, text: str, shown: Any) -> None:
    clerk = Clerk([function_call("refund", text, call_id="c1")])
    sandbox.reviewer.on(content={"arguments": {"input": shown}}).approve()
    result = run(sandbox, clerk)
    assert clerk.ran == []
    assert "error" in heard(result)["c1"]
