"""The adapter for the Claude Agent SDK: its own `query`, with a scripted command in place of Claude Code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from claude_agent_sdk import AgentDefinition, ClaudeAgentOptions, ResultMessage, ToolPermissionContext, Transport, query

from hitl.exceptions import ConfigurationError, WaitTimeoutError
from hitl.integrations.asks import answers_async
from hitl.integrations.claude_agent_sdk import can_use_tool, gated, refuse_shadowing, to_asks, to_resume
from hitl.testing import Sandbox

PUSH = ("Bash", {"command": "git push"}, "t1")
WRITE = ("Write", {"file_path": "/etc/hosts", "content": ""}, "t2")
ASK = (
    "AskUserQuestion",
    {
        "questions": [
            {
                "question": "Which colour?",
                "header": "Colour",
                "options": [{"label": "red", "description": "As a rose"}, {"label": "blue"}],
                "multiSelect": False,
            },
            {
                "question": "Which sizes?",
                "header": "Sizes",
                "options": [{"label": "S"}, {"label": "M"}, {"label": "L"}],
                "multiSelect": True,
            },
        ]
    },
    "t3",
)
RESULT = {
    "type": "result",
    "subtype": "success",
    "duration_ms": 1,
    "duration_api_ms": 1,
    "is_error": False,
    "num_turns": 1,
    "session_id": "s",
    "result": "done",
}
ISOLATED = ClaudeAgentOptions(setting_sources=[])


class ScriptedCommand(Transport):
    """Asks for leave to call tools, all at once, as Claude Code does, and ends when all have an answer."""

    def __init__(self, *calls: tuple[str, dict[str, Any], str]) -> None:
        self.calls = calls
        self.answers: dict[str, dict[str, Any]] = {}
        self._send, self._receive = anyio.create_memory_object_stream[dict[str, Any]](100)

    async def connect(self) -> None:
        pass

    async def write(self, data: str) -> None:
        message = json.loads(data)
        if message["type"] == "control_request":
            answer = {"subtype": "success", "request_id": message["request_id"], "response": {}}
            await self._send.send({"type": "control_response", "response": answer})
        elif message["type"] == "user":
            for tool, given, call in self.calls:
                request = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": call}
                request |= {"permission_suggestions": [], "title": f"Claude wants to use {tool}"}
                await self._send.send({"type": "control_request", "request_id": call, "request": request})
        else:
            answer = message["response"]
            self.answers[answer["request_id"]] = answer.get("response", answer)
        if message["type"] != "control_request" and len(self.answers) == len(self.calls):
            await self._send.send(RESULT)
            self._send.close()

    def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        return self._receive

    async def close(self) -> None:
        self._send.close()
        self._receive.close()

    def is_ready(self) -> bool:
        return True

    async def end_input(self) -> None:
        pass


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


async def prompt() -> AsyncIterator[dict[str, Any]]:
    message = {"role": "user", "content": "go"}
    yield {"type": "user", "session_id": "", "message": message, "parent_tool_use_id": None}


def told(sandbox: Sandbox, *calls: tuple[str, dict[str, Any], str], **options: Any) -> dict[str, dict[str, Any]]:
    """Return what the command was told about each call, by the call's id."""

    async def go() -> dict[str, dict[str, Any]]:
        command = ScriptedCommand(*calls)
        async with sandbox.async_client() as client:
            settings = gated(ISOLATED, client, **{"session": "s1", **options})
            ends = [each async for each in query(prompt=prompt(), options=settings, transport=command)]
            assert isinstance(ends[-1], ResultMessage)
        return command.answers

    return anyio.run(go)


def test_an_approved_call_runs_with_the_arguments_that_were_shown(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "Bash", "arguments": {"command": "git push"}}).approve()
    answers = told(sandbox, PUSH, assignees=["ann@example.com"])
    assert answers == {"t1": {"behavior": "allow", "updatedInput": {"command": "git push"}}}
    [review] = sandbox.reviewer.asked()
    assert review.content["description"] == "Claude wants to use Bash"
    assert review.metadata == {"framework": "claude-agent-sdk", "session": "s1", "call": "t1"}
    assert review.assignees == ["ann@example.com"]


def test_an_edited_call_runs_as_it_was_edited(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "Bash"}).edit(arguments={"command": "git push --dry-run"})
    assert told(sandbox, PUSH)["t1"] == {"behavior": "allow", "updatedInput": {"command": "git push --dry-run"}}


def test_a_rejected_call_is_denied_and_claude_reads_why(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "Write"}).reject(feedback="Not in this folder.")
    answer = told(sandbox, WRITE)["t2"]
    assert answer["behavior"] == "deny"
    assert "Not in this folder." in answer["message"]
    assert "interrupt" not in answer


def test_an_answer_in_place_of_the_tool_is_what_claude_reads(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "Bash"}).complete({"approved": True, "response": "I have pushed it."})
    assert told(sandbox, PUSH)["t1"] == {"behavior": "deny", "message": "I have pushed it."}


def test_parallel_calls_get_their_own_answers(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"action": "Write"}).reject(feedback="No.")
    sandbox.reviewer.on(content={"action": "Bash"}).approve()
    answers = told(sandbox, PUSH, WRITE)
    assert {call: answer["behavior"] for call, answer in answers.items()} == {"t1": "allow", "t2": "deny"}


def test_what_claude_asks_is_answered_with_the_labels_that_were_chosen(sandbox: Sandbox) -> None:
    chosen = {"answer_1": "blue", "answer_2": ["S", "L"]}
    sandbox.reviewer.on(content={"question": "Claude asks 2 questions"}).complete(chosen)
    answer = told(sandbox, ASK)["t3"]
    assert answer["behavior"] == "allow"
    assert answer["updatedInput"] == {**ASK[1], "answers": {"Which colour?": "blue", "Which sizes?": "S, L"}}


def test_a_question_that_is_rejected_is_denied(sandbox: Sandbox) -> None:
    sandbox.reviewer.on().reject(feedback="Choose yourself.")
    single = ("AskUserQuestion", {"questions": [{"question": "Which name?"}]}, "t4")
    answer = told(sandbox, single)["t4"]
    assert (answer["behavior"], "Choose yourself." in answer["message"]) == ("deny", True)
    assert [review.content["question"] for review in sandbox.reviewer.asked()] == ["Which name?"]


@pytest.mark.parametrize(
    ("options", "why"),
    [({"timeout": 0.05}, "call again"), ({"session": ""}, "name the session"), ({"priority": "whenever"}, "priority")],
)
def test_a_call_that_cannot_be_asked_about_is_denied_and_stops_claude(
    sandbox: Sandbox, options: dict[str, Any], why: str
) -> None:
    answer = told(sandbox, PUSH, **options)["t1"]
    assert (answer["behavior"], answer["interrupt"]) == ("deny", True)
    assert why in answer["message"]


def test_a_malformed_question_is_denied(sandbox: Sandbox) -> None:
    twice = [{"label": "same"}, {"label": ""}]
    answer = told(sandbox, ("AskUserQuestion", {"questions": [{"question": "Which?", "options": twice}]}, "t5"))["t5"]
    assert (answer["behavior"], answer["interrupt"]) == ("deny", True)


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_call_that_nobody_answered_is_denied(sandbox: Sandbox, end: str) -> None:
    context = ToolPermissionContext(tool_use_id="t1")

    async def go() -> Any:
        async with sandbox.async_client() as client:
            due = datetime.now(UTC) + timedelta(hours=1)
            asks = to_asks("s1", *PUSH[:2], context)
            with pytest.raises(WaitTimeoutError):
                await answers_async(client, asks, timeout=0.05, due_date=due)
            [review] = sandbox.reviewer.pending()
            if end == "expired":
                sandbox.clock.advance("2h")
            else:
                await client.cancel_review(review.id)
            by_callback = await can_use_tool(client, session="s1")(*PUSH[:2], context)
            found = await answers_async(client, asks)
            assert to_resume(found["t1"]) == by_callback
            return by_callback

    result = anyio.run(go)
    assert (result.behavior, end in result.message) == ("deny", True)
    sandbox.reviewer.asked(times=1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"setting_sources": None}, "setting_sources"),
        ({"setting_sources": ["project"]}, "setting_sources"),
        ({"permission_mode": "bypassPermissions"}, "permission_mode"),
        ({"permission_mode": "acceptEdits"}, "permission_mode"),
        ({"permission_mode": "auto"}, "permission_mode"),
        ({"permission_mode": "dontAsk"}, "permission_mode"),
        ({"agents": {"a": AgentDefinition("", "", permissionMode="bypassPermissions")}}, "permission_mode"),
        ({"allowed_tools": ["Read"]}, "Read"),
        ({"allowed_tools": ["Bash(ls:*)"]}, "Bash(ls:*)"),
        ({"skills": "all"}, "skills"),
        ({"settings": '{"permissions": {"allow": ["Bash"]}}'}, "settings"),
        ({"plugins": [{"type": "local", "path": "."}]}, "plugins"),
        ({"sandbox": {"enabled": True}}, "sandbox"),
        ({"extra_args": {"dangerously-skip-permissions": None}}, "dangerously-skip-permissions"),
        ({"extra_args": {"allowedTools": "Bash"}}, "allowedTools"),
    ],
)
def test_options_that_bypass_people_are_refused_unless_they_are_named(change: dict[str, Any], named: str) -> None:
    options = replace(ISOLATED, **change)
    with pytest.raises(ConfigurationError, match="nobody would be asked"):
        refuse_shadowing(options)
    refuse_shadowing(options, unasked={named})


@pytest.mark.parametrize(
    "change",
    [
        {"permission_mode": "plan"},
        {"permission_mode": "default"},
        {"disallowed_tools": ["Bash"]},
        {"skills": []},
        {"agents": {"a": AgentDefinition("", "")}},
        {"sandbox": {"enabled": True, "autoAllowBashIfSandboxed": False}},
        {"extra_args": {"debug": None}},
    ],
)
def test_options_that_bypass_nobody_are_taken(change: dict[str, Any]) -> None:
    refuse_shadowing(replace(ISOLATED, **change))


def test_a_second_callback_is_refused(sandbox: Sandbox) -> None:
    async def go() -> None:
        async with sandbox.async_client() as client:
            once = gated(ISOLATED, client, session="s1")
            with pytest.raises(ConfigurationError, match="only one"):
                gated(once, client, session="s2")
            with pytest.raises(ConfigurationError, match="nobody would be asked"):
                gated(ClaudeAgentOptions(), client, session="s1")

    anyio.run(go)
