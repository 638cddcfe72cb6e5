"""Microsoft Agent Framework: real agents, a scripted chat client, a real server and scripted people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from agent_framework import (
    Agent,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    Content,
    FunctionInvocationLayer,
    Message,
    tool,
)

from hitl import AsyncHITLClient
from hitl.exceptions import AnswerError, ConfigurationError, WaitTimeoutError
from hitl.integrations.agent_framework import run_until_done_async, to_asks, to_resume
from hitl.integrations.asks import ToolCall
from hitl.testing import Sandbox, approve, reject

REFUND = ("call-1", "refund", {"order": "A1", "amount": 500})
DELETE = ("call-2", "delete_account", {"user": "ann"})
LOOK = ("call-3", "look", {"order": "A1"})


class ScriptedClient(FunctionInvocationLayer, ChatMiddlewareLayer, BaseChatClient):  # type: ignore[misc]
    """Makes the calls of each turn, and then says "done"; `read` is what it was given, by turn."""

    def __init__(self, turns: list[list[tuple[str, str, dict[str, Any]]]]) -> None:
        super().__init__()
        self.turns = turns
        self.read: list[list[Any]] = []

    async def _respond(self, messages: Any) -> ChatResponse:
        self.read.append([content for message in messages for content in message.contents])
        turn = self.turns.pop(0) if self.turns else []
        calls = [Content.from_function_call(call_id, name, arguments=given) for call_id, name, given in turn]
        return ChatResponse(messages=[Message("assistant", calls or [Content.from_text("done")])])

    def _inner_get_response(self, *, messages: Any, stream: bool, options: Any, **_: Any) -> Any:
        return self._respond(messages)

    @property
    def heard(self) -> dict[str, str]:
        """The results that the model was last given, by the ids of its calls."""
        return {content.call_id: content.result for content in self.read[-1] if content.type == "function_result"}


class Shop:
    """Tools that write down what they did, and an agent with them."""

    def __init__(self) -> None:
        self.ran: list[Any] = []

    def agent(self, *turns: list[Any]) -> tuple[Agent, ScriptedClient]:
        @tool(approval_mode="always_require")  # type: ignore[untyped-decorator]
        def refund(order: str, amount: int) -> str:
            """Pay money back."""
            self.ran.append(("refund", order, amount))
            return f"refunded {amount}"

        @tool(approval_mode="always_require")  # type: ignore[untyped-decorator]
        def delete_account(user: str) -> str:
            """Delete an account."""
            self.ran.append(("delete_account", user))
            return "deleted"

        @tool(approval_mode="never_require")  # type: ignore[untyped-decorator]
        def look(order: str) -> str:
            """Look at an order."""
            self.ran.append(("look", order))
            return "a chair"

        model = ScriptedClient(list(turns))
        return Agent(model, tools=[refund, delete_account, look]), model


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


@pytest.fixture
def shop() -> Shop:
    return Shop()


def run(sandbox: Sandbox, agent: Agent, given: Any = "go", **options: Any) -> Any:
    async def go() -> Any:
        async with AsyncHITLClient(api_key=sandbox.api_key, base_url=sandbox.base_url) as client:
            return await run_until_done_async(agent, given, client, **options)

    return anyio.run(go)


def test_parallel_calls_get_each_its_own_decision(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="Ann is a customer.")
    agent, model = shop.agent([REFUND, DELETE, LOOK])
    response = run(sandbox, agent)
    assert shop.ran == [("refund", "A1", 500), ("look", "A1")]
    assert response.text == "done"
    assert {name: model.heard[name] for name in ("call-1", "call-3")} == {"call-1": "refunded 500", "call-3": "a chair"}
    assert "Ann is a customer." in model.heard["call-2"]
    assert "was not run" in model.heard["call-2"]


def test_a_reviewer_sees_the_tool_and_its_arguments(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().approve()
    agent, _ = shop.agent([REFUND])
    session = agent.create_session(session_id="session-1")
    run(sandbox, agent, session=session, assignees=["ann@example.com"])
    (review,) = sandbox.reviewer.asked(times=1)
    assert review.content == {"action": "refund", "arguments": {"order": "A1", "amount": 500}}
    assert review.assignees == ["ann@example.com"]
    assert review.metadata is not None
    assert review.metadata["session"] == "session-1"


def test_an_edited_call_does_not_run_until_the_model_makes_it_and_it_is_approved(sandbox: Sandbox, shop: Shop) -> None:
    less = {"order": "A1", "amount": 50}
    sandbox.reviewer.on(content={"arguments": REFUND[2]}).edit(arguments=less)
    sandbox.reviewer.on(content={"arguments": less}).approve()
    agent, model = shop.agent([REFUND], [("call-4", "refund", less)])
    run(sandbox, agent)
    assert shop.ran == [("refund", "A1", 50)]
    assert json.dumps(less) in model.heard["call-1"]
    assert model.heard["call-4"] == "refunded 50"


def test_an_answer_in_place_of_the_tool_is_its_result(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().complete({"approved": False, "response": "Paid by post."})
    agent, model = shop.agent([REFUND])
    run(sandbox, agent)
    assert shop.ran == []
    assert model.heard == {"call-1": "Paid by post."}


def test_what_the_model_was_told_stays_in_the_session(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().reject(feedback="Ann is a customer.")
    agent, model = shop.agent([DELETE])
    session = agent.create_session()
    run(sandbox, agent, session=session)
    run(sandbox, agent, "again", session=session)
    assert "Ann is a customer." in model.heard["call-2"]
    assert "Ann is a customer." in json.dumps(session.to_dict())


def test_a_call_that_nobody_decided_in_time_does_not_run(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().never()
    sandbox.fast_forward()
    agent, model = shop.agent([REFUND])
    run(sandbox, agent, due_date=datetime.now(UTC) + timedelta(hours=1))
    assert shop.ran == []
    assert "nobody answered before the question expired" in model.heard["call-1"]


def test_a_call_whose_answer_is_no_clear_yes_does_not_run(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().complete({"approved": False})
    agent, model = shop.agent([REFUND])
    run(sandbox, agent)
    assert shop.ran == []
    assert "was not run" in model.heard["call-1"]


def test_arguments_that_do_not_fit_resume_nothing(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": "all of it"})
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()
    agent, model = shop.agent([REFUND, DELETE])
    with pytest.raises(AnswerError, match="amount"):
        run(sandbox, agent)
    assert shop.ran == []
    assert len(model.read) == 1


def test_the_same_call_of_a_later_turn_is_asked_about_again(sandbox: Sandbox, shop: Shop) -> None:
    sandbox.reviewer.on().in_turn([approve(), reject()])
    agent, _ = shop.agent([REFUND], [REFUND])
    run(sandbox, agent)
    sandbox.reviewer.asked(times=2)
    assert shop.ran == [("refund", "A1", 500)]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_restart_between_ask_and_answer_asks_nobody_twice(sandbox: Sandbox, shop: Shop, *, is_async: bool) -> None:
    kept: list[str] = []

    def keep(paused: Any) -> None:
        kept.append(json.dumps(paused))

    async def keep_later(paused: Any) -> None:
        await anyio.lowlevel.checkpoint()
        keep(paused)

    on_pause: Callable[[Any], object] = keep_later if is_async else keep
    with pytest.raises(WaitTimeoutError):
        run(sandbox, shop.agent([REFUND, DELETE, LOOK])[0], on_pause=on_pause, timeout=0.05)
    assert len(sandbox.reviewer.pending()) == 2

    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"action": "delete_account"}).reject(feedback="Ann is a customer.")
    agent, model = shop.agent()
    response = run(sandbox, agent, json.loads(kept[0]))

    sandbox.reviewer.asked(times=2)
    assert response.text == "done"
    assert shop.ran == [("refund", "A1", 500), ("look", "A1")]
    assert "Ann is a customer." in model.heard["call-2"]


def test_the_same_request_has_the_same_key_and_says_where_it_comes_from(shop: Shop) -> None:
    agent, _ = shop.agent([REFUND, DELETE])
    session = agent.create_session(session_id="session-1")
    response = anyio.run(lambda: agent.run("go", session=session))
    requests = response.user_input_requests
    asks = to_asks(requests, "session-1")
    assert asks == to_asks(requests, "session-1")
    assert [ask.key for ask in asks] == [f"agent-framework:session-1:{each.id}" for each in requests]
    assert all(isinstance(ask, ToolCall) for ask in asks)
    assert asks[0].metadata == {"framework": "agent-framework", "session": "session-1", "request": requests[0].id}


def test_one_resume_answers_all_requests(shop: Shop) -> None:
    agent, _ = shop.agent([REFUND])
    session = agent.create_session()
    response = anyio.run(lambda: agent.run("go", session=session))
    with pytest.raises(ConfigurationError, match="no answer"):
        to_resume(response.user_input_requests, {})
