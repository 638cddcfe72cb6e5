"""Approvals in the OpenAI Agents SDK: each tool call that a run waits for becomes a question to a person.

    result = await run_until_done(agent, "Refund order A1", client, run="order-A1")

The SDK takes back a yes or a no with a text. An edit and an answer in place of the tool are therefore a no, whose text
tells the model which call is wanted, or what the answer is.
"""

# The SDK is installed in the environments of its own tests only.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Unpack

from hitl._json import Object, as_list, is_object
from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations.asks import Answer, Ask, ReviewOptions, ToolCall, answers_async, facts_of, key_of

if TYPE_CHECKING:
    from agents import Agent, RunResult, RunState
    from agents.items import ToolApprovalItem, TResponseInputItem

    from hitl import AsyncHITLClient

__all__ = ["Store", "run_until_done", "to_asks", "to_resume"]

_NO_ARGUMENTS: Final = ("id", "call_id", "type", "status", "caller", "created_by")

Store: TypeAlias = Callable[[str], Awaitable[None] | None]
"""Keeps the state of a paused run, as `RunState.to_string` writes it."""


def to_asks(run: str, interruptions: Iterable[ToolApprovalItem]) -> list[Ask]:
    """Return what a run waits for as questions.

    Args:
        run: The name of this run: the same in each process that goes on with it, and that of no other run.
        interruptions: `result.interruptions`, or `state.get_interruptions()`.

    Raises:
        ConfigurationError: `run` is empty, or a call has no id to give its answer back to.
    """
    if not run:
        raise ConfigurationError("name the run: `run` tells its calls from those of other runs")
    return [_ask(run, item) for item in interruptions]


def to_resume(state: RunState[Any, Any], answers: Mapping[str, Answer]) -> RunState[Any, Any]:
    """Approve or reject all that a run waits for, and return its state, with which `Runner.run` goes on.

    Args:
        state: The paused run.
        answers: All answers to `to_asks`, by their ids; KeyError if one is missing, and the state is as it was.
    """
    decided = [(item, answers[item.call_id]) for item in state.get_interruptions()]
    for item, answer in decided:
        if answer.may_run:
            state.approve(item)
        else:
            state.reject(item, rejection_message=answer.told)
    return state


async def run_until_done(
    agent: Agent[Any],
    input: str | list[TResponseInputItem] | RunState[Any, Any],  # noqa: A002  # as `Runner.run` calls it
    client: AsyncHITLClient,
    *,
    run: str,
    store: Store | None = None,
    stored: str | None = None,
    run_options: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> RunResult:
    """Run an agent, and whenever it waits for approvals, ask people and go on with their answers.

    Args:
        agent: The agent.
        input: What `Runner.run` takes. A paused `RunState` is asked about first.
        client: The client.
        run: The name of this run; see `to_asks`.
        store: Is given the state of each pause before anybody is asked. Keep it where no user can change it: it holds
            what has been approved.
        stored: What `store` was given last, in any process: the run goes on from there, and asks nobody twice. The
            agent must be built the same; `input` is not used.
        run_options: Other arguments of `Runner.run`, such as `context`, `session` or `max_turns`. Of a context, the
            stored state has the plain values of a mapping at most; give it again.
        timeout: Seconds to wait for all answers to one pause; None waits until the reviews themselves end.
        options: Whom to ask.

    Raises:
        WaitTimeoutError, AnswerError, ApprovalMismatch: see `answers_async`. The run stays paused.
    """
    with needs("the OpenAI Agents SDK", "openai_agents"):
        from agents import Runner, RunState

    following: Any = input
    if stored is not None:
        following = await RunState.from_string(agent, stored, context_override=(run_options or {}).get("context"))
    while True:
        if isinstance(following, RunState):
            asks = to_asks(run, following.get_interruptions())
            following = to_resume(following, await answers_async(client, asks, timeout=timeout, **options))
        result = await Runner.run(agent, following, **(run_options or {}))
        if not result.interruptions:
            return result
        following = result.to_state()
        if store is not None and isawaitable(kept := store(following.to_string())):
            await kept


def _ask(run: str, item: ToolApprovalItem) -> ToolCall:
    name = item.qualified_name or item.name or ""
    if not item.call_id or not name:
        raise ConfigurationError(f"the call of {name or 'a tool'} has no id or name, so no answer could be given back")
    return ToolCall(
        id=item.call_id,
        key=key_of("openai-agents", run, item.call_id),
        tool=name,
        arguments=_arguments_of(item),
        description=_server_of(item),
        check=lambda arguments: _check(item, arguments),
        metadata=facts_of("openai-agents", run=run, call=item.call_id, agent=item.agent.name),
    )


def _arguments_of(item: ToolApprovalItem) -> Object:
    """Return what a call would do: its arguments, or else all of the call, such as the commands of a shell."""
    if item.arguments is None:
        raw = item.raw_item if is_object(item.raw_item) else item.raw_item.model_dump(mode="json")
        return {
            name: _without_nulls(each) for name, each in raw.items() if each is not None and name not in _NO_ARGUMENTS
        }
    try:
        arguments = json.loads(item.arguments or "{}")
    except ValueError:
        arguments = item.arguments
    return arguments if is_object(arguments) else {"input": arguments}


def _without_nulls(value: Any) -> Any:
    """Return a value as it is before and after a run is stored: that drops what is null."""
    if is_object(value):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    items = as_list(value)
    return value if items is None else [_without_nulls(each) for each in items]


def _server_of(item: ToolApprovalItem) -> str:
    raw = item.raw_item
    server = raw.get("server_label") if is_object(raw) else getattr(raw, "server_label", None)
    return f"A tool of the MCP server {server}" if server else ""


def _check(item: ToolApprovalItem, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError if arguments do not fit the tool's schema; a tool of a server is checked by that server."""
    for tool in item.agent.tools:
        if getattr(tool, "qualified_name", tool.name) == item.qualified_name and hasattr(tool, "params_json_schema"):
            with needs("jsonschema", "openai_agents"):
                from jsonschema import ValidationError, validate  # type: ignore[import-untyped]
            try:
                validate(dict(arguments), tool.params_json_schema)
            except ValidationError as error:
                raise ValueError(f"{error.message} (at {error.json_path})") from error
