"""Google ADK: a real agent with a scripted model, its runner and its sessions, against a live sandbox."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import anyio
import pytest
from google.adk.agents import LlmAgent
from google.adk.apps import App, ResumabilityConfig
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.tools import BaseTool, FunctionTool, ToolContext
from google.genai import types

from hitl.approval import ApprovalMismatch
from hitl.exceptions import ConfigurationError, WaitTimeoutError
from hitl.integrations.asks import answers
from hitl.integrations.google_adk import run_until_done, to_asks, to_resume, verdict_plugin
from hitl.testing import Sandbox

WHO: dict[str, Any] = {"user_id": "ann", "session_id": "session-1"}
REFUND: dict[str, Any] = {"order": "A1", "amount": 50}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


class Scripted(BaseLlm):  # type: ignore[misc]
    """Calls the tools of its script, one list for each turn, and then repeats what it heard last."""

    script: list[list[tuple[str, dict[str, Any]]]]

    async def generate_content_async(self, llm_request: Any, stream: bool = False) -> AsyncIterator[Any]:
        contents = [content for content in llm_request.contents if content.parts]
        turns = sum(any(part.function_call for part in content.parts) for content in contents)
        if turns < len(self.script):
            calls = [types.FunctionCall(name=name, args=args) for name, args in self.script[turns]]
            parts = [types.Part(function_call=call) for call in calls]
        else:
            heard = [part.function_response for part in contents[-1].parts if part.function_response]
            parts = [types.Part(text=" / ".join(f"{each.name}: {each.response}" for each in heard) or "done")]
        yield LlmResponse(content=types.Content(role="model", parts=parts))


class Erase(BaseTool):  # type: ignore[misc]
    """A tool of one's own that asks, and forgets to look at the answer."""

    def __init__(self, ran: list[Any]) -> None:
        super().__init__(name="erase", description="Erase a file.")
        self._ran = ran

    def _get_declaration(self) -> Any:
        return types.FunctionDeclaration(name="erase", description="Erase a file.")

    async def run_async(self, *, args: dict[str, Any], tool_context: Any) -> Any:
        if tool_context.tool_confirmation is None:
            tool_context.request_confirmation(hint="It cannot be restored.")
            return {"status": "waits"}
        self._ran.append(("erase", args))
        return {"status": "erased"}


class Shop:
    """An agent with tools that need confirmation; a second one with the same service stands for another process."""

    def __init__(self, *script: list[tuple[str, dict[str, Any]]], resumable: bool = True, service: Any = None) -> None:
        self.ran: list[Any] = []
        self.service = service or InMemorySessionService()

        def refund(order: str, amount: int) -> dict[str, Any]:
            """Pay money back."""
            self.ran.append(("refund", order, amount))
            return {"status": f"refunded {amount}"}

        def delete_account(user: str) -> dict[str, Any]:
            """Delete an account."""
            self.ran.append(("delete", user))
            return {"status": "deleted"}

        def plan(tool_context: ToolContext) -> dict[str, Any]:
            """Plan a holiday."""
            tool_context.request_confirmation(hint="How many days?", payload={"days": 0})
            return {"status": "waits"}

        tools = [
            *(FunctionTool(tool, require_confirmation=True) for tool in (refund, delete_account)),
            plan,
            Erase(self.ran),
        ]
        agent = LlmAgent(name="clerk", model=Scripted(model="scripted", script=list(script)), tools=tools)
        resumability = ResumabilityConfig(is_resumable=True) if resumable else None
        app = App(name="shop", root_agent=agent, resumability_config=resumability)
        self.runner = Runner(app=app, session_service=self.service)

    async def open(self) -> None:
        await self.service.create_session(app_name="shop", **WHO)

    def play(self, sandbox: Sandbox, *, message: str | None = "Go on.", **options: Any) -> str:
        """Run the agent until it is done, and return what it said last."""

        async def main() -> str:
            if not await self.service.get_session(app_name="shop", **WHO):
                await self.open()
            async with sandbox.async_client() as client:
                events = await run_until_done(self.runner, client, message=message, **WHO, **options)
            return "".join(part.text or "" for event in events if event.content for part in event.content.parts or ())

        return anyio.run(main)


BOTH: list[tuple[str, dict[str, Any]]] = [("refund", REFUND), ("delete_account", {"user": "ann"})]


@pytest.mark.parametrize("resumable", [True, False])
def test_parallel_calls_have_each_their_own_decision(sandbox: Sandbox, *, resumable: bool) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="She is a customer.")
    shop = Shop(BOTH, resumable=resumable)
    said = shop.play(sandbox, assignees=["bob@example.com"])
    assert shop.ran == [("refund", "A1", 50)]
    assert "refunded 50" in said
    assert "She is a customer." in said
    (asked,) = sandbox.reviewer.asked(content={"action": "refund"}, times=1)
    assert (asked.content, asked.assignees) == ({"action": "refund", "arguments": REFUND}, ["bob@example.com"])
    assert (asked.metadata["framework"], asked.metadata["session"]) == ("google-adk", "session-1")


def test_an_edit_tells_the_model_which_call_to_make(sandbox: Sandbox) -> None:
    changed = {"order": "A1", "amount": 20}
    sandbox.reviewer.on(content={"arguments": REFUND}).edit(arguments=changed)
    shop = Shop([("refund", REFUND)])
    assert f"exactly these instead: {str(changed).replace(chr(39), chr(34))}" in shop.play(sandbox)
    assert shop.ran == []

    sandbox.reviewer.on(content={"arguments": changed}).approve()
    again = Shop([("refund", REFUND)], [("refund", changed)])
    again.play(sandbox)
    assert again.ran == [("refund", "A1", 20)]


def test_an_answer_in_place_of_the_tool_is_its_result(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().complete({"approved": True, "response": "It was paid on Monday."})
    shop = Shop([("refund", REFUND)])
    assert "{'result': 'It was paid on Monday.'}" in shop.play(sandbox)
    assert shop.ran == []


def test_what_nobody_answered_does_not_run_and_the_model_reads_why(sandbox: Sandbox) -> None:
    sandbox.fast_forward()
    shop = Shop([("refund", REFUND)])
    said = shop.play(sandbox, due_date=sandbox.clock() + timedelta(hours=1))
    assert "nobody answered before the question expired" in said
    assert shop.ran == []


@pytest.mark.parametrize("approved", [True, False])
def test_a_tool_that_does_not_look_at_the_answer_does_not_run_without_approval(
    sandbox: Sandbox, *, approved: bool
) -> None:
    sandbox.reviewer.on(content={"action": "erase"}).complete({"approved": approved})
    shop = Shop([("erase", {"path": "a.txt"})])
    shop.play(sandbox)
    assert shop.ran == ([("erase", {"path": "a.txt"})] if approved else [])
    (asked,) = sandbox.reviewer.asked(times=1)
    assert asked.content["description"] == "It cannot be restored."


@pytest.mark.parametrize("resumable", [True, False])
def test_another_process_goes_on_and_asks_nobody_twice(sandbox: Sandbox, *, resumable: bool) -> None:
    first = Shop(BOTH, resumable=resumable)
    with pytest.raises(WaitTimeoutError):
        first.play(sandbox, timeout=0.05)
    for review in sandbox.reviewer.pending():
        sandbox.reviewer.complete(review, {"approved": review.content["action"] == "refund"})
    second = Shop(BOTH, resumable=resumable, service=first.service)
    assert "refunded 50" in second.play(sandbox, message=None)
    assert (first.ran, second.ran) == ([], [("refund", "A1", 50)])
    assert second.play(sandbox, message=None) == ""
    sandbox.reviewer.asked(times=2)


def test_an_approval_of_another_call_resumes_nothing(sandbox: Sandbox) -> None:
    shop = Shop(BOTH)
    with pytest.raises(WaitTimeoutError):
        shop.play(sandbox, timeout=0.05)
    first, second = sandbox.reviewer.pending()
    sandbox.client().update_review(first.id, content={"arguments": {"order": "A1", "amount": 5}})
    sandbox.reviewer.complete(first, {"approved": True})
    sandbox.reviewer.complete(second, {"approved": True})
    with pytest.raises(ApprovalMismatch):
        shop.play(sandbox, message=None)
    assert shop.ran == []


def test_a_message_does_not_pass_over_what_a_session_waits_for(sandbox: Sandbox) -> None:
    shop = Shop(BOTH)
    with pytest.raises(WaitTimeoutError):
        shop.play(sandbox, timeout=0.05)
    with pytest.raises(ConfigurationError, match="give no message"):
        shop.play(sandbox, message="Never mind.")


def test_a_tool_that_wants_more_than_a_confirmation_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="plan wants a payload"):
        Shop([("plan", {})]).play(sandbox)
    sandbox.reviewer.asked(times=0)


def test_an_unknown_session_is_an_error(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.async_client() as client:
            await run_until_done(Shop().runner, client, message="Go on.", **WHO)

    with pytest.raises(ConfigurationError, match="no session session-1 of shop"):
        anyio.run(main)


def test_a_program_can_run_the_agent_itself(sandbox: Sandbox) -> None:
    shop = Shop(BOTH)
    shop.runner.plugin_manager.register_plugin(verdict_plugin())
    sandbox.reviewer.on(content={"action": "refund"}).reject(feedback="Too much.")
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()

    async def say(content: Any) -> list[Any]:
        events = [event async for event in shop.runner.run_async(**WHO, new_message=content)]
        return [part.text for event in events if event.content for part in event.content.parts or () if part.text]

    async def pause() -> Any:
        await shop.open()
        await say(types.Content(role="user", parts=[types.Part(text="Go on.")]))
        return await shop.service.get_session(app_name="shop", **WHO)

    asks = to_asks(anyio.run(pause))
    with sandbox.client() as client:
        content = to_resume(answers(client, asks))
    assert "Too much." in "".join(anyio.run(say, content))
    assert shop.ran == [("delete", "ann")]
