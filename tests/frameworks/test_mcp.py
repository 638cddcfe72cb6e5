"""The Model Context Protocol: its own client and servers, in both eras of the protocol, against a live sandbox."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import anyio
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp.types import ElicitRequestFormParams, TextContent
from pydantic import BaseModel, Field

from hitl import AsyncHITLClient
from hitl.exceptions import FormError
from hitl.integrations.asks import put
from hitl.integrations.mcp import ask_server, elicitation_callback, to_asks
from hitl.testing import Sandbox, approve, reject

MODES = ("legacy", "auto")
T = TypeVar("T")
Tool = Callable[..., Awaitable[Any]]
REFUND = {"action": "refund", "arguments": {"order": "A1", "amount": 50}, "key": "refund-A1", "description": "Broken"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as fresh:
        yield fresh


def client_of(sandbox: Sandbox) -> AsyncHITLClient:
    return AsyncHITLClient(api_key=sandbox.api_key, base_url=sandbox.base_url)


def command(sandbox: Sandbox, *arguments: str) -> Any:
    environment = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
    command = ["-W", "error", "-m", "hitl.cli", "mcp", *arguments]
    return stdio_client(StdioServerParameters(command=sys.executable, args=command, env=environment))


async def called(agent: Client, tool: str, **arguments: Any) -> Any:
    result = await agent.call_tool(tool, arguments)
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text if result.is_error or result.structured_content is None else result.structured_content


def play(sandbox: Sandbox, turn: Callable[[Tool], Awaitable[T]], how: str = "auto", run: str | None = None) -> T:
    """Play a model's turn with the tools of a new server: "stdio-auto" is the command, "auto" a server in memory."""

    async def main() -> T:
        async with client_of(sandbox) as client:
            mode = how.removeprefix("stdio-")
            server = ask_server(client, run=run) if mode == how else command(sandbox, *(["--run", run] if run else []))
            async with Client(server, mode=mode) as agent:
                return await turn(partial(called, agent))

    return anyio.run(main)


# --- the server -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [*MODES, *(f"stdio-{mode}" for mode in MODES)])
def test_a_model_asks_does_something_else_and_reads_the_answer(sandbox: Sandbox, how: str) -> None:
    async def turn(tool: Tool) -> None:
        schema = {"type": "object", "properties": {"copies": {"type": "integer"}}, "required": ["copies"]}
        asked = await tool("ask_human", question="How many?", key="copies", answer_schema=schema, context="For Ann")
        assert (asked["status"], asked["final"]) == ("created", False)
        assert asked == await tool(
            "ask_human", question="How many?", key="copies", answer_schema=schema, context="For Ann"
        )
        approval = await tool("request_approval", **REFUND)
        waiting = await tool("check_answer", review_id=asked["review_id"], wait_seconds=0.01)
        assert (waiting["final"], "decision" in waiting) == (False, False)

        sandbox.reviewer.complete(asked["review_id"], {"copies": 3})
        sandbox.reviewer.complete(approval["review_id"], {"approved": True})

        found = await tool("check_answer", review_id=asked["review_id"], wait_seconds=5)
        assert (found["final"], found["decision"], found["answer"]) == (True, "respond", {"copies": 3})
        approved = await tool("check_answer", review_id=approval["review_id"])
        assert (approved["decision"], approved["action"], approved["arguments"]) == (
            "approve",
            "refund",
            REFUND["arguments"],
        )
        (shown,) = sandbox.reviewer.asked(content={"question": "How many?"}, times=1)
        assert shown.content["context"] == "For Ann"

    play(sandbox, turn, how)


@pytest.mark.parametrize("how", ["auto", "stdio-auto"])
def test_a_server_that_is_started_again_for_the_same_run_asks_nobody_twice(sandbox: Sandbox, how: str) -> None:
    async def ask(tool: Tool) -> str:
        return str((await tool("ask_human", question="Which?", key="which", choices=["red", "blue"]))["review_id"])

    first, again, other = (play(sandbox, ask, how, run) for run in ("run-1", "run-1", None))
    assert first == again != other
    sandbox.reviewer.complete(first, {"answer": "blue"})
    found = play(sandbox, lambda tool: tool("check_answer", review_id=first), how)
    assert (found["answer"], found["message"]) == ("blue", "blue")


@pytest.mark.parametrize(
    ("ask", "first", "second"),
    [
        ("ask_human", {"question": "Which?"}, {"question": "When?"}),
        ("ask_human", {"question": "Which?"}, {"question": "Which?", "choices": ["a", "b"]}),
        ("request_approval", REFUND, {**REFUND, "arguments": {"order": "A1", "amount": 500}}),
    ],
)
def test_one_key_is_one_question(sandbox: Sandbox, ask: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    async def turn(tool: Tool) -> tuple[Any, Any]:
        return await tool(ask, **{**first, "key": "k"}), await tool(ask, **{**second, "key": "k"})

    asked, refused = play(sandbox, turn)
    assert "use a new key for a new question" in refused
    assert [each.id for each in sandbox.reviewer.asked(times=1)] == [asked["review_id"]]


def test_parallel_requests_have_each_its_own_decision(sandbox: Sandbox) -> None:
    people = sandbox.reviewer
    people.on(content={"action": "refund"}).approve()
    people.on(content={"action": "ship"}).edit(arguments={"to": "Bob"})
    people.on(content={"action": "delete"}).reject(feedback="She is a customer.")
    people.on(content={"action": "look_up"}).complete({"approved": True, "response": "It is Emma."})

    async def turn(tool: Tool) -> dict[str, Any]:
        found: dict[str, Any] = {}

        async def request(action: str) -> None:
            asked = await tool("request_approval", action=action, arguments={"to": "Ann"}, key=action)
            found[action] = await tool("check_answer", review_id=asked["review_id"], wait_seconds=5)

        async with anyio.create_task_group() as tasks:
            for action in ("refund", "ship", "delete", "look_up"):
                tasks.start_soon(request, action)
        return found

    found = play(sandbox, turn)
    assert {name: (each["decision"], each.get("arguments")) for name, each in found.items()} == {
        "refund": ("approve", {"to": "Ann"}),
        "ship": ("edit", {"to": "Bob"}),
        "delete": ("reject", None),
        "look_up": ("respond", None),
    }
    assert "She is a customer." in found["delete"]["message"]
    assert found["look_up"]["answer"] == "It is Emma."
    assert found["ship"]["action"] == "ship"


@pytest.mark.parametrize("ask", ["ask_human", "request_approval"])
@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_what_nobody_answered_is_no_approval(sandbox: Sandbox, ask: str, end: str) -> None:
    due = (sandbox.clock() + timedelta(hours=1)).isoformat()
    question = REFUND if ask == "request_approval" else {"question": "Which?", "key": "q"}

    review_id = play(sandbox, lambda tool: tool(ask, **question, due_date=due))["review_id"]
    if end == "expired":
        sandbox.clock.advance("2h")
    else:
        sandbox.client().cancel_review(review_id)
    found = play(sandbox, lambda tool: tool("check_answer", review_id=review_id))
    assert (found["status"], found["decision"], "arguments" in found) == (end, "reject", False)
    assert end in found["message"]


def test_the_model_reads_what_it_did_wrong(sandbox: Sandbox) -> None:
    foreign = sandbox.client().create_review("content_review", {"text": "Secret"}).id

    async def turn(tool: Tool) -> list[Any]:
        return [
            await tool("check_answer", review_id=foreign),
            await tool("check_answer", review_id="rev_none"),
            await tool("ask_human", question="Which?", key="q", choices=["a"], answer_schema={"type": "string"}),
            await tool("ask_human", question="Which?", key="q", answer_schema={"type": "array", "items": {}}),
            await tool("ask_human", question="Which?", key="q", choices=[f"choice {number}" for number in range(1000)]),
        ]

    told = play(sandbox, turn)
    words = ["was not asked with", "rev_none", "not both", "#/items", "at most 7500 characters"]
    assert [word in text for word, text in zip(words, told, strict=True)] == [True] * 5
    assert "Secret" not in told[0]
    assert sandbox.api_key not in "".join(told)
    sandbox.reviewer.asked(times=1)


def test_long_schemas_survive_a_restart(sandbox: Sandbox) -> None:
    choices = [f"choice number {number}" for number in range(200)]
    asked = play(sandbox, lambda tool: tool("ask_human", question="Which?", key="q", choices=choices))
    sandbox.reviewer.complete(asked["review_id"], {"answer": choices[199]})
    assert play(sandbox, lambda tool: tool("check_answer", review_id=asked["review_id"]))["answer"] == choices[199]


def test_the_command_ends_with_its_host_and_on_interrupt(sandbox: Sandbox) -> None:
    environment = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
    arguments = [sys.executable, "-W", "error", "-m", "hitl.cli", "mcp"]
    ended = subprocess.run(arguments, env=environment, input="", capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    with subprocess.Popen(arguments, env=environment, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (130, "Error: interrupted\n")


def test_without_a_key_the_command_says_what_to_do() -> None:
    arguments = [sys.executable, "-m", "hitl.cli", "mcp"]
    ended = subprocess.run(arguments, env={}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "HITL_API_KEY" in ended.stderr


# --- elicitation ----------------------------------------------------------------------------------------------------


class Order(BaseModel):
    """All that a form of MCP can ask."""

    go: bool
    copies: int = Field(description="how many to print", ge=1)
    price: float
    paper: Literal["white", "grey"]
    mail: str = Field(json_schema_extra={"format": "email"})
    page: str | None = Field(None, json_schema_extra={"format": "uri"})
    colours: list[Literal["red", "blue", "green"]] = Field(min_length=2)


class Ship(BaseModel):
    go: bool


class Nothing(BaseModel):
    pass


FULL: dict[str, Any] = {
    "go": True,
    "copies": 3,
    "price": 12.5,
    "paper": "grey",
    "mail": "ann@example.com",
    "colours": ["red", "blue"],
}


async def how_to_print(title: str) -> Elicit[Order]:
    return Elicit(f"How shall {title} be printed?", Order)


async def whether_to_ship(title: str) -> Elicit[Ship]:
    return Elicit(f"Ship {title}?", Ship)


async def whether_to_go_on(title: str) -> Elicit[Nothing]:
    return Elicit(f"Go on with {title}?", Nothing)


async def print_book(title: str, answer: Annotated[ElicitationResult[Order], Resolve(how_to_print)]) -> str:
    return str(answer.data.model_dump_json(exclude_none=True) if answer.action == "accept" else answer.action)


async def print_and_ship(
    title: str,
    order: Annotated[ElicitationResult[Order], Resolve(how_to_print)],
    ship: Annotated[ElicitationResult[Ship], Resolve(whether_to_ship)],
) -> str:
    return f"{order.action} {ship.action}"


async def go_on(title: str, answer: Annotated[ElicitationResult[Nothing], Resolve(whether_to_go_on)]) -> str:
    return str(answer.action)


async def log_in(context: Context) -> str:
    return str((await context.elicit_url("Log in to print", "https://printer.example/login", "login-1")).action)


def printer() -> MCPServer:
    server = MCPServer("printer")
    for tool in (print_book, print_and_ship, go_on, log_in):
        server.add_tool(tool)
    return server


def call(sandbox: Sandbox, mode: str, tool: str, **options: Any) -> Any:
    """Call a tool of a new connection to the printer, whose questions go to the sandbox."""
    arguments = {} if tool == "log_in" else {"title": "Emma"}

    async def main() -> Any:
        async with client_of(sandbox) as client:
            callback = elicitation_callback(client, **options)
            async with Client(printer(), mode=mode, elicitation_callback=callback) as agent:
                try:
                    result = await agent.call_tool(tool, arguments)
                except MCPError as error:
                    return error
                (content,) = result.content
                assert isinstance(content, TextContent)
                return content.text

    return anyio.run(main)


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_goes_back_to_the_server_as_it_asked_for_it(sandbox: Sandbox, mode: str) -> None:
    sandbox.reviewer.on(content={"question": "How shall Emma be printed?"}).complete(
        {**FULL, "page": "https://a.example"}
    )
    printed = Order.model_validate_json(call(sandbox, mode, "print_book", assignees=["ann@example.com"]))
    assert printed == Order(**FULL, page="https://a.example")
    (asked,) = sandbox.reviewer.asked(times=1)
    assert (asked.content["context"], asked.assignees) == ({"server": "printer"}, ["ann@example.com"])
    labels = [each["label"] for each in sandbox.client().get_template(asked.template_id).fields]
    assert "Copies: how many to print" in labels


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_is_declined_and_what_nobody_answered_is_cancelled(sandbox: Sandbox, mode: str) -> None:
    sandbox.reviewer.on(content={"question": "How shall Emma be printed?"}).reject(feedback="No paper")
    assert call(sandbox, mode, "print_book") == "decline"
    due = (sandbox.clock() + timedelta(hours=1)).isoformat()
    sandbox.fast_forward()
    assert call(sandbox, mode, "go_on", due_date=due) == "cancel"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("approved", "action"), [(True, "accept"), (False, "decline")])
def test_a_form_without_fields_asks_for_a_yes(sandbox: Sandbox, mode: str, action: str, *, approved: bool) -> None:
    sandbox.reviewer.on(content={"question": "Go on with Emma?"}).complete({"approved": approved})
    assert call(sandbox, mode, "go_on") == action


def test_a_url_is_shown_and_agreed_to(sandbox: Sandbox) -> None:
    sandbox.reviewer.on(content={"question": "Log in to print"}).approve()
    assert call(sandbox, "legacy", "log_in") == "accept"
    (asked,) = sandbox.reviewer.asked(times=1)
    assert asked.content["context"] == {"server": "printer", "url": "https://printer.example/login"}


@pytest.mark.parametrize("mode", MODES)
def test_parallel_questions_have_each_their_own_answer(sandbox: Sandbox, mode: str) -> None:
    sandbox.reviewer.on(content={"question": "How shall Emma be printed?"}).reject()
    sandbox.reviewer.on(content={"question": "Ship Emma?"}).complete({"go": True})
    assert call(sandbox, mode, "print_and_ship") == "decline accept"


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_does_not_fit_reaches_no_server(sandbox: Sandbox, mode: str) -> None:
    sandbox.reviewer.on(content={"question": "How shall Emma be printed?"}).complete({**FULL, "colours": ["red"]})
    failed = call(sandbox, mode, "print_book")
    assert isinstance(failed, MCPError)
    assert "the answer to 'colours' does not fit" in str(failed)


@pytest.mark.parametrize("mode", MODES)
def test_a_program_that_is_started_again_asks_nobody_twice(sandbox: Sandbox, mode: str) -> None:
    failed = call(sandbox, mode, "go_on", run="run-1", timeout=0.05)
    assert isinstance(failed, MCPError)
    assert "call again to go on waiting" in str(failed)
    (asked,) = sandbox.reviewer.pending()
    sandbox.reviewer.complete(asked, {"approved": True})
    assert call(sandbox, mode, "go_on", run="run-1") == "accept"
    sandbox.reviewer.asked(times=1)


@pytest.mark.parametrize("mode", MODES)
def test_the_same_words_are_asked_again_in_every_call_and_run(sandbox: Sandbox, mode: str) -> None:
    sandbox.reviewer.on(content={"question": "Go on with Emma?"}).in_turn([approve(), reject()])

    async def main() -> list[str]:
        async with client_of(sandbox) as client:
            callback = elicitation_callback(client, run="run-1")
            async with Client(printer(), mode=mode, elicitation_callback=callback) as agent:
                return [await called(agent, "go_on", title="Emma") for _ in range(2)]

    assert [each["result"] for each in anyio.run(main)] == ["accept", "decline"]  # type: ignore[index]


OLD = {
    "type": "object",
    "properties": {
        "size": {"type": "string", "enum": ["s", "l"], "enumNames": ["Small", "Large"]},
        "extras": {"type": "array", "items": {"anyOf": [{"const": "b", "title": "Bow"}]}, "minItems": 1},
        "page": {"type": "string", "format": "uri"},
    },
}


def params(schema: dict[str, Any]) -> ElicitRequestFormParams:
    return ElicitRequestFormParams(message="Which?", requested_schema=schema)


def test_every_kind_of_choice_can_be_asked(sandbox: Sandbox) -> None:
    (ask,) = to_asks(params(OLD), server="printer", run="run-1")
    with sandbox.client() as client:
        template = client.get_template(put(client, ask).template_id)
    fields = {each["name"]: each for each in template.fields}
    assert fields["size"]["options"] == [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]
    assert (fields["extras"]["type"], fields["extras"]["options"]) == ("multi_select", [{"value": "b", "label": "Bow"}])
    assert "pattern" in fields["page"]["validation"]


def test_keys_tell_questions_apart() -> None:
    asks = [
        to_asks(params(schema), server=server, run=run, repeat=repeat)[0]
        for schema in (OLD, {})
        for server in ("printer", "shop")
        for run in ("run-1", "run-2")
        for repeat in (0, 1)
    ]
    assert len({each.key for each in asks}) == 16
    assert to_asks(params(OLD), server="printer", run="run-1")[0].key == asks[0].key


@pytest.mark.parametrize("part", [{"type": "object"}, True, {"type": "string", "contentEncoding": "base64"}])
def test_what_no_form_can_ask_reaches_nobody(sandbox: Sandbox, part: Any) -> None:
    (ask,) = to_asks(params({"properties": {"a": part}, "type": "object"}), server="printer", run="run-1")
    with sandbox.client() as client, pytest.raises(FormError):
        put(client, ask)
    sandbox.reviewer.asked(times=0)
