"""LangGraph and LangChain: real graphs, a scripted model, a real server and scripted people."""

from __future__ import annotations

import operator
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Literal, TypedDict

import anyio
import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import entrypoint
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Interrupt, interrupt
from pydantic import BaseModel, Field, ValidationError, field_validator

from hitl import AsyncHITLClient, HITLClient
from hitl.approval import ApprovalNotGiven, ApprovalRejected
from hitl.exceptions import AnswerError, ConfigurationError, WaitTimeoutError
from hitl.integrations.asks import ToolCall, answers
from hitl.integrations.langgraph import run_until_done, run_until_done_async, to_asks, to_resume, tools_of
from hitl.testing import Answer, Sandbox, approve, complete, edit

Mode = Literal["batched", "per_call"]
MODES: list[Mode] = ["batched", "per_call"]
CONFIG: dict[str, Any] = {"configurable": {"thread_id": "thread-1"}}
GO = {"messages": [("user", "go")]}


class ScriptedModel(BaseChatModel):  # type: ignore[misc]
    """Calls the tools that it is told to call, and then says "done"."""

    calls: list[dict[str, Any]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        has_called = any(isinstance(message, AIMessage) for message in messages)
        said = AIMessage("done") if has_called else AIMessage("", tool_calls=self.calls)
        return ChatResult(generations=[ChatGeneration(message=said)])


class Shop:
    """Tools that write down what they did."""

    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.is_down = False

    def refund(self, order: str, amount: int) -> str:
        """Pay money back."""
        if self.is_down:
            raise ConnectionError
        self.ran.append(("refund", order, amount))
        return f"refunded {amount}"

    def delete_account(self, user: str) -> str:
        """Delete an account."""
        self.ran.append(("delete_account", user))
        return "deleted"

    def ask_user(self, question: str) -> str:
        """Ask the user."""
        self.ran.append(("ask_user", question))
        return "nobody is here"


REFUND = {"name": "refund", "args": {"order": "A1", "amount": 500}, "id": "c1"}
DELETE = {"name": "delete_account", "args": {"user": "ann"}, "id": "c2"}
ASK = {"name": "ask_user", "args": {"question": "Which address?"}, "id": "c3"}
ASSURE = {"name": "refund", "args": {"order": "B2", "amount": 7}, "id": "c4"}


def agent_of(
    shop: Shop,
    mode: Mode,
    *calls: dict[str, Any],
    saver: Any = None,
    is_part: bool = False,
    interrupt_on: dict[str, Any] | None = None,
) -> Any:
    return create_agent(
        ScriptedModel(calls=list(calls)),
        tools=[shop.refund, shop.delete_account, shop.ask_user],
        middleware=[
            HumanInTheLoopMiddleware(
                interrupt_on or {"refund": True, "delete_account": True, "ask_user": True}, interrupt_mode=mode
            )
        ],
        checkpointer=None if is_part else saver or InMemorySaver(),
    )


def heard(end: Any) -> dict[str, str]:
    """What the model reads, by the ids of its calls."""
    return {message.tool_call_id: message.content for message in end["messages"] if message.type == "tool"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def run(sandbox: Sandbox, graph: Any, given: Any, *, is_async: bool, **options: Any) -> Any:
    if not is_async:
        return run_until_done(graph, given, CONFIG, sandbox.client(), **options)

    async def run_it() -> Any:
        async with AsyncHITLClient(api_key=sandbox.api_key, base_url=sandbox.base_url) as client:
            return await run_until_done_async(graph, given, CONFIG, client, **options)

    return anyio.run(run_it)


# --- tool calls of HumanInTheLoopMiddleware


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_parallel_calls_get_each_its_own_decision(sandbox: Sandbox, shop: Shop, mode: Mode, *, is_async: bool) -> None:
    people = sandbox.reviewer
    people.on(content={"arguments": REFUND["args"]}).edit(arguments={"order": "A1", "amount": 50})
    people.on(content={"action": "delete_account"}).reject(feedback="Ann is a customer.")
    people.on(content={"action": "ask_user"}).complete({"approved": False, "response": "Main Street 1"})
    people.on(content={"arguments": ASSURE["args"]}).approve()

    end = run(sandbox, agent_of(shop, mode, REFUND, DELETE, ASK, ASSURE), GO, is_async=is_async)

    assert sorted(shop.ran) == [("refund", "A1", 50), ("refund", "B2", 7)]
    told = heard(end)
    assert "refunded 50" in told["c1"]
    assert "Ann is a customer." in told["c2"]
    assert told["c3"] == "Main Street 1"
    assert told["c4"] == "refunded 7"
    assert end["messages"][-1].content == "done"


@pytest.mark.parametrize("mode", MODES)
def test_a_reviewer_sees_the_tool_its_arguments_and_the_description(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    sandbox.reviewer.on().approve()
    graph = agent_of(shop, mode, REFUND)
    run_until_done(graph, GO, CONFIG, sandbox.client(), assignees=["ann@example.com"], priority="high")
    (review,) = sandbox.reviewer.asked(times=1)
    assert review.content == {
        "action": "refund",
        "description": "Tool execution requires approval",
        "arguments": REFUND["args"],
    }
    assert (review.assignees, review.priority) == (["ann@example.com"], "high")
    assert review.metadata is not None
    assert review.metadata["thread"] == "thread-1"


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_names_the_tool_that_was_asked_about_and_no_other(
    client: HITLClient, sandbox: Sandbox, shop: Shop, mode: Mode
) -> None:
    other = {"name": "delete_account", "args": {"user": "ann"}}
    sandbox.reviewer.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": 5, **other})
    graph = agent_of(shop, mode, REFUND)
    pauses = graph.invoke(GO, CONFIG)["__interrupt__"]
    command = to_resume(pauses, answers(client, to_asks(pauses, "thread-1", tools=tools_of(graph))))
    (resumed,) = command.resume.values()
    decision = resumed["decisions"][0] if mode == "batched" else resumed
    assert decision["edited_action"]["name"] == "refund"
    graph.invoke(command, CONFIG)
    assert shop.ran == [("refund", "A1", 5)]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_arguments_that_do_not_fit_resume_nothing(sandbox: Sandbox, shop: Shop, mode: Mode, *, is_async: bool) -> None:
    people = sandbox.reviewer
    people.on(content={"action": "delete_account"}).approve()
    people.on(content={"action": "refund"}).edit(arguments={"order": "A1", "amount": "all of it"})
    graph = agent_of(shop, mode, DELETE, REFUND)
    with pytest.raises(AnswerError, match="amount") as caught:
        run(sandbox, graph, GO, is_async=is_async)
    assert caught.value.review is not None
    assert caught.value.review.content["action"] == "refund"
    assert shop.ran == []
    assert len(graph.get_state(CONFIG).interrupts) == {"batched": 1, "per_call": 2}[mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_nobody_decided_in_time_does_not_run(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    sandbox.reviewer.on().never()
    sandbox.fast_forward()
    end = run_until_done(agent_of(shop, mode, REFUND), GO, CONFIG, sandbox.client(), due_date=in_an_hour())
    assert shop.ran == []
    assert "nobody answered before the question expired" in heard(end)["c1"]


@pytest.mark.parametrize("mode", MODES)
def test_a_call_whose_answer_is_no_clear_yes_does_not_run(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    sandbox.reviewer.on().complete({"approved": False})
    end = run_until_done(agent_of(shop, mode, REFUND), GO, CONFIG, sandbox.client())
    assert shop.ran == []
    assert "was not run" in heard(end)["c1"]


@pytest.mark.parametrize("mode", MODES)
def test_only_the_decisions_that_are_allowed_are_offered(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    sandbox.reviewer.on(content={"action": "refund"}).approve()
    sandbox.reviewer.on(content={"action": "ask_user"}).complete({"response": "Main Street 1"})
    allowed = {
        "refund": {"allowed_decisions": ["approve", "reject"]},
        "ask_user": {"allowed_decisions": ["respond"]},
    }
    client = sandbox.client()
    end = run_until_done(agent_of(shop, mode, REFUND, ASK, interrupt_on=allowed), GO, CONFIG, client)
    fields = {
        review.content["action"]: client.get_template(review.template_id).fields for review in client.list_reviews()
    }
    names = {tool: [each["name"] for each in found] for tool, found in fields.items()}
    assert names["refund"] == ["action", "description", "arguments", "approved", "feedback"]
    assert not any(each.get("editable") for each in fields["refund"])
    assert names["ask_user"] == ["action", "description", "arguments", "response", "feedback"]
    assert shop.ran == [("refund", "A1", 500)]
    assert heard(end)["c3"] == "Main Street 1"


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_is_told_as_an_answer_where_rejecting_is_not_allowed(
    sandbox: Sandbox, shop: Shop, mode: Mode
) -> None:
    sandbox.reviewer.on().reject(feedback="Ask the bank.")
    allowed = {"ask_user": {"allowed_decisions": ["respond"]}}
    end = run_until_done(agent_of(shop, mode, ASK, interrupt_on=allowed), GO, CONFIG, sandbox.client())
    assert shop.ran == []
    assert "Ask the bank." in heard(end)["c3"]


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_that_cannot_be_told_resumes_nothing(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    sandbox.reviewer.on(content={"action": "delete_account"}).approve()
    sandbox.reviewer.on(content={"action": "refund"}).reject(feedback="No.")
    graph = agent_of(
        shop, mode, DELETE, REFUND, interrupt_on={"delete_account": True, "refund": {"allowed_decisions": ["approve"]}}
    )
    with pytest.raises(ApprovalRejected) as caught:
        run_until_done(graph, GO, CONFIG, sandbox.client())
    assert caught.value.feedback == "No."
    assert shop.ran == []
    assert graph.get_state(CONFIG).interrupts


# --- restarts


@pytest.mark.parametrize("mode", MODES)
def test_a_restart_between_ask_and_answer_asks_nobody_twice(sandbox: Sandbox, shop: Shop, mode: Mode) -> None:
    saver = InMemorySaver()
    with pytest.raises(WaitTimeoutError):
        run_until_done(agent_of(shop, mode, REFUND, DELETE, saver=saver), GO, CONFIG, sandbox.client(), timeout=0.05)
    assert len(sandbox.reviewer.pending()) == 2
    sandbox.reviewer.on().approve()
    end = run_until_done(agent_of(shop, mode, REFUND, DELETE, saver=saver), GO, CONFIG, sandbox.client())
    sandbox.reviewer.asked(times=2)
    assert sorted(shop.ran) == [("delete_account", "ann"), ("refund", "A1", 500)]
    assert [message.type for message in end["messages"]] == ["human", "ai", "tool", "tool", "ai"]


PROGRAM = """
import sqlite3
from hitl import HITLClient
from hitl.integrations.langgraph import run_until_done
from langgraph.checkpoint.sqlite import SqliteSaver
from tests.frameworks.test_langgraph import CONFIG, GO, REFUND, Shop, agent_of
shop = Shop()
saver = SqliteSaver(sqlite3.connect("state.db", check_same_thread=False))
with HITLClient() as client:
    end = run_until_done(agent_of(shop, MODE, REFUND, saver=saver), GO, CONFIG, client)
print(end["messages"][-1].content, shop.ran, flush=True)
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_killed_process_is_replaced_by_one_that_goes_on(sandbox: Sandbox, tmp_path: Path, mode: Mode) -> None:
    people = sandbox.reviewer
    program = [sys.executable, "-c", f"MODE = {mode!r}\n{PROGRAM}"]
    env = {
        "HITL_API_KEY": sandbox.api_key,
        "HITL_BASE_URL": sandbox.base_url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    asked = Event()

    def see(_: Any) -> bool:
        asked.set()
        return True

    people.on(content=see).after("1h").approve()
    with subprocess.Popen(program, cwd=tmp_path, env=env) as first:
        assert asked.wait(60), first.poll()
        first.send_signal(signal.SIGKILL)
    people.complete(people.pending()[0], {"approved": True})

    second = subprocess.run(program, cwd=tmp_path, env=env, check=True, capture_output=True, text=True, timeout=120)

    people.asked(times=1)
    assert second.stdout.strip() == "done [('refund', 'A1', 500)]"


def test_sqlite_keeps_a_paused_thread_for_asynchronous_graphs_too(sandbox: Sandbox, shop: Shop, tmp_path: Path) -> None:
    async def go(timeout: float | None) -> Any:
        async with (
            AsyncSqliteSaver.from_conn_string(str(tmp_path / "state.db")) as saver,
            AsyncHITLClient(api_key=sandbox.api_key, base_url=sandbox.base_url) as client,
        ):
            graph = agent_of(shop, "batched", REFUND, saver=saver)
            return await run_until_done_async(graph, GO, CONFIG, client, timeout=timeout)

    with pytest.raises(WaitTimeoutError):
        anyio.run(go, 0.05)
    sandbox.reviewer.on().approve()
    anyio.run(go, None)
    sandbox.reviewer.asked(times=1)
    assert shop.ran == [("refund", "A1", 500)]


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_failed_after_its_answers_goes_on_without_asking_again(
    client: HITLClient, sandbox: Sandbox, shop: Shop, mode: Mode
) -> None:
    sandbox.reviewer.on().approve()
    shop.is_down = True
    graph = agent_of(shop, mode, REFUND)
    with pytest.raises(ConnectionError):
        run_until_done(graph, GO, CONFIG, client)
    shop.is_down = False
    end = run_until_done(graph, GO, CONFIG, client)
    sandbox.reviewer.asked(times=1)
    assert shop.ran == [("refund", "A1", 500)]
    assert [message.type for message in end["messages"]] == ["human", "ai", "tool", "ai"]


def test_the_same_interrupt_has_the_same_key_and_says_where_it_comes_from(shop: Shop) -> None:
    graph = agent_of(shop, "batched", REFUND, DELETE)
    first = to_asks(graph.invoke(GO, CONFIG)["__interrupt__"], "thread-1")
    again = to_asks(graph.get_state(CONFIG).interrupts, "thread-1")
    assert first == again
    (pause,) = graph.get_state(CONFIG).interrupts
    assert [ask.key for ask in first] == [f"langgraph:thread-1:{pause.id}:{n}" for n in range(2)]
    assert first[0].metadata == {"framework": "langgraph", "thread": "thread-1", "interrupt": pause.id}


# --- what is refused at once


def test_a_graph_without_a_checkpointer_is_refused_before_it_runs(client: HITLClient, shop: Shop) -> None:
    graph = create_agent(ScriptedModel(calls=[REFUND]), tools=[shop.refund])
    with pytest.raises(ConfigurationError, match="no checkpointer"):
        run_until_done(graph, GO, CONFIG, client)
    assert shop.ran == []


@pytest.mark.parametrize("config", [{}, {"configurable": {}}, {"configurable": {"thread_id": ""}}])
def test_a_config_without_a_thread_is_refused_before_the_graph_runs(
    client: HITLClient, shop: Shop, config: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="thread_id"):
        run_until_done(agent_of(shop, "batched", REFUND), GO, config, client)
    assert shop.ran == []


def test_one_resume_answers_all_interrupts(shop: Shop) -> None:
    pauses = agent_of(shop, "per_call", REFUND, DELETE).invoke(GO, CONFIG)["__interrupt__"]
    with pytest.raises(ConfigurationError, match="no answer"):
        to_resume(pauses, {})


def test_what_looks_like_a_tool_call_and_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="looks like a tool call"):
        to_asks([Interrupt({"action_requests": [{"name": "refund"}], "review_configs": []}, "i1")], "thread-1")


# --- bare interrupts


class State(TypedDict):
    """What the graphs below keep."""

    said: Annotated[list[Any], operator.add]


def graph_of(*nodes: Any, after: Any = START) -> Any:
    """A graph whose nodes all run at once."""
    builder = StateGraph(State)
    for node in nodes:
        builder.add_node(node.__name__, node)
        builder.add_edge(after, node.__name__)
    return builder.compile(checkpointer=InMemorySaver())


class Fate(Enum):
    KEEP = "keep"
    SELL = "sell"


class Judgement(BaseModel):
    """What a reviewer is asked for."""

    fate: Fate
    stars: int = Field(ge=1, le=5)

    @field_validator("stars")
    @classmethod
    def not_four(cls, stars: int) -> int:
        if stars == 4:
            raise ValueError("nobody gives four")
        return stars


def judge(state: State) -> Any:
    found = interrupt({"question": "What becomes of it?", "text": "A chair"}, response_schema=Judgement)
    return {"said": [found]}


def test_an_interrupt_with_a_schema_is_answered_with_a_value_of_it(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "What becomes of it?"}).complete({"fate": "sell", "stars": 5})
    end = run_until_done(graph_of(judge), {"said": []}, CONFIG, client)
    assert end["said"] == [Judgement(fate=Fate.SELL, stars=5)]
    (review,) = sandbox.reviewer.asked(times=1)
    assert review.content["context"] == {"text": "A chair"}


def test_an_answer_that_only_the_class_refuses_is_not_saved(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().complete({"fate": "sell", "stars": 4})
    graph = graph_of(judge)
    with pytest.raises(ValidationError, match="nobody gives four"):
        run_until_done(graph, {"said": []}, CONFIG, client)
    (pause,) = graph.get_state(CONFIG).interrupts
    end = graph.invoke(Command(resume={pause.id: {"fate": "keep", "stars": 1}}), CONFIG)
    assert end["said"] == [Judgement(fate=Fate.KEEP, stars=1)]


def test_an_interrupt_without_a_schema_is_answered_with_a_text(client: HITLClient, sandbox: Sandbox) -> None:
    def name(state: State) -> Any:
        return {"said": [interrupt("Which name?"), interrupt({"draft": [1, 2]})]}

    sandbox.reviewer.on(content={"question": "Which name?"}).complete({"answer": "Ann"})
    sandbox.reviewer.on(content={"context": {"draft": [1, 2]}}).complete({"answer": "Bob"})
    assert run_until_done(graph_of(name), {"said": []}, CONFIG, client)["said"] == ["Ann", "Bob"]


@pytest.mark.parametrize(("answer", "said"), [("approve", [True]), ("reject", [False])])
def test_a_schema_of_the_program_makes_a_yes_or_no_of_it(
    client: HITLClient, sandbox: Sandbox, answer: str, said: list[bool]
) -> None:
    def publish(state: State) -> Any:
        return {"said": [interrupt("Publish it?")]}

    getattr(sandbox.reviewer.on(), answer)()
    end = run_until_done(graph_of(publish), {"said": []}, CONFIG, client, schema={"type": "boolean"})
    assert end["said"] == said


@pytest.mark.parametrize("is_async", [False, True])
def test_a_question_that_has_no_answer_resumes_nothing(sandbox: Sandbox, *, is_async: bool) -> None:
    def publish(state: State) -> Any:
        return {"said": [interrupt("Publish it?")]}

    sandbox.reviewer.on().never()
    sandbox.fast_forward()
    graph = graph_of(publish)
    with pytest.raises(ApprovalNotGiven) as caught:
        run(sandbox, graph, {"said": []}, is_async=is_async, due_date=in_an_hour())
    assert caught.value.kind == "expired"
    assert len(graph.get_state(CONFIG).interrupts) == 1
    assert graph.invoke(Command(resume="nobody"), CONFIG)["said"] == ["nobody"]


def test_going_on_does_not_run_a_node_more_often_than_its_answers_make_it(client: HITLClient, sandbox: Sandbox) -> None:
    runs: list[str] = []

    def publish(state: State) -> Any:
        runs.append("begun")
        return {"said": [interrupt("Publish it?")]}

    graph = graph_of(publish)
    with pytest.raises(WaitTimeoutError):
        run_until_done(graph, {"said": []}, CONFIG, client, timeout=0.05)
    sandbox.reviewer.on().complete({"answer": "yes"})
    assert run_until_done(graph, {"said": []}, CONFIG, client)["said"] == ["yes"]
    assert len(runs) == 2


def test_several_interrupts_at_once_get_each_its_own_answer(client: HITLClient, sandbox: Sandbox) -> None:
    def left(state: State) -> Any:
        return {"said": [f"left {interrupt('Left?')}"]}

    def right(state: State) -> Any:
        return {"said": [f"right {interrupt('Right?')} {interrupt('Right?')}"]}

    sandbox.reviewer.on(content={"question": "Left?"}).complete({"answer": "l"})
    sandbox.reviewer.on(content={"question": "Right?"}).in_turn([complete({"answer": "r"}), complete({"answer": "rr"})])
    end = run_until_done(graph_of(left, right), {"said": []}, CONFIG, client)
    assert sorted(end["said"]) == ["left l", "right r rr"]
    sandbox.reviewer.asked(times=3)


def test_the_functional_api_is_run_to_its_end(client: HITLClient, sandbox: Sandbox) -> None:
    @entrypoint(checkpointer=InMemorySaver())  # type: ignore[untyped-decorator]
    def flow(topic: str) -> str:
        return f"{topic}: {interrupt('Which title?')}"

    sandbox.reviewer.on().complete({"answer": "On chairs"})
    assert run_until_done(flow, "chairs", CONFIG, client) == "chairs: On chairs"


def test_the_run_context_is_given_to_every_run(client: HITLClient, sandbox: Sandbox) -> None:
    def who(state: State, runtime: Runtime[str]) -> Any:
        return {"said": [interrupt("Ready?"), runtime.context]}

    sandbox.reviewer.on().complete({"answer": "yes"})
    builder = StateGraph(State, context_schema=str)
    builder.add_node(who)
    builder.add_edge(START, "who")
    graph = builder.compile(checkpointer=InMemorySaver())
    assert run_until_done(graph, {"said": []}, CONFIG, client, context="Ann")["said"] == ["yes", "Ann"]


# --- subgraphs


@pytest.mark.parametrize("mode", MODES)
def test_an_agent_within_a_graph_is_asked_about_and_its_edits_are_checked(
    client: HITLClient, sandbox: Sandbox, shop: Shop, mode: Mode
) -> None:
    def outer() -> Any:
        builder = StateGraph(MessagesState)
        builder.add_node("agent", agent_of(shop, mode, REFUND, is_part=True))
        builder.add_edge(START, "agent")
        return builder.compile(checkpointer=InMemorySaver())

    answered = [edit(arguments={"order": "A1", "amount": 3}), edit(arguments={"order": "A1", "amount": "three"})]
    sandbox.reviewer.on().in_turn(answered)
    run_until_done(outer(), GO, CONFIG, client)
    assert shop.ran == [("refund", "A1", 3)]
    with pytest.raises(AnswerError, match="amount"):
        run_until_done(outer(), GO, CONFIG, client)
    assert shop.ran == [("refund", "A1", 3)]


# --- HumanInterrupt, as Agent Inbox has it

ALL = {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True}


def old(*, several: bool = False, **config: bool) -> Any:
    def act(state: State) -> Any:
        request = {
            "action_request": {"action": "refund", "args": REFUND["args"]},
            "config": {**ALL, **config},
            "description": "Pay *back*",
        }
        return {"said": interrupt([request, request | {"description": None}] if several else request)}

    return graph_of(act)


ACCEPTED = {"type": "accept", "args": {"action": "refund", "args": REFUND["args"]}}
LESS = {"order": "A1", "amount": 5}
EDITED = {"type": "edit", "args": {"action": "refund", "args": LESS}}


@pytest.mark.parametrize(
    ("given", "response"),
    [
        (approve(), ACCEPTED),
        (edit(arguments=LESS), EDITED),
        (complete({"approved": False, "response": "It is paid."}), {"type": "response", "args": "It is paid."}),
    ],
)
def test_a_human_interrupt_is_answered_with_a_list(
    client: HITLClient, sandbox: Sandbox, given: Answer, response: Any
) -> None:
    sandbox.reviewer.on(content={"action": "refund", "description": "Pay *back*"}).in_turn([given])
    assert run_until_done(old(), {"said": []}, CONFIG, client)["said"] == [response]


def test_several_human_interrupts_are_answered_in_order(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"description": "Pay *back*"}).edit(arguments=LESS)
    sandbox.reviewer.on().approve()
    assert run_until_done(old(several=True), {"said": []}, CONFIG, client)["said"] == [EDITED, ACCEPTED]


def test_a_rejected_human_interrupt_gets_the_reason_or_is_ignored(client: HITLClient, sandbox: Sandbox) -> None:
    sandbox.reviewer.on().reject(feedback="Paid already.")
    (told,) = run_until_done(old(), {"said": []}, CONFIG, client)["said"]
    assert told["type"] == "response"
    assert "Paid already." in told["args"]
    ignored = run_until_done(old(allow_respond=False), {"said": []}, CONFIG, client)["said"]
    assert ignored == [{"type": "ignore", "args": None}]
    with pytest.raises(ApprovalRejected, match="refund"):
        run_until_done(old(allow_respond=False, allow_ignore=False), {"said": []}, CONFIG, client)


def test_what_a_human_interrupt_does_not_allow_is_not_offered() -> None:
    graph = old(allow_edit=False, allow_accept=False)
    (ask,) = to_asks(graph.invoke({"said": []}, CONFIG)["__interrupt__"], "thread-1")
    assert isinstance(ask, ToolCall)
    assert ask.allowed == {"respond", "reject"}
