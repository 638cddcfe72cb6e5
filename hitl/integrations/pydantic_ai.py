"""Approvals, questions and external calls in pydantic-ai: what a run defers is put to people.

    agent = Agent(model, output_type=[str, DeferredToolRequests])
    result = run_until_done(agent, "Refund order A1", client, run="order-A1")

The run ends at each pause, and another one goes on with the answers, in this process or a later one. `request_input` is
the other form: a capability of the agent, with which the run itself waits.
"""

# The framework is installed in the environments of its own tests only. Pyright takes `pydantic_ai` for this file, so
# names come from its submodules.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from hitl.approval import steps
from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations.asks import (
    Answer,
    Ask,
    Question,
    ReviewOptions,
    ToolCall,
    answers,
    answers_async,
    facts_of,
    key_of,
    no_check,
)

if TYPE_CHECKING:
    from pydantic_ai.agent import Agent
    from pydantic_ai.capabilities import AbstractCapability
    from pydantic_ai.run import AgentRunResult
    from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults

    from hitl import AsyncHITLClient, HITLClient

__all__ = ["Store", "request_input", "run_until_done", "run_until_done_async", "to_asks", "to_resume"]

Store: TypeAlias = Callable[[str], Awaitable[None] | None]


def to_asks(run: str, requests: DeferredToolRequests, agent: Agent[Any, Any] | None = None) -> list[Ask]:
    """Return what a run waits for as questions.

    An approval is a `ToolCall`, described by its metadata's `description` or `reason`. A deferred call is a `Question`,
    its metadata's `question` or the argument of that name, for a text, or for what its `response_schema` describes.

    Args:
        run: The name of this run: the same in each process that goes on with it, and that of no other run. Never "".
        requests: The output of the run.
        agent: Checks arguments that people edit; without it, pydantic-ai asks the model to correct wrong ones.
    """
    if not run:
        raise ConfigurationError("name the run: `run` tells its calls from those of other runs")
    return [_ask(run, call, requests, agent) for call in (*requests.approvals, *requests.calls)]


def to_resume(requests: DeferredToolRequests, answers: Mapping[str, Answer]) -> DeferredToolResults:
    """Return what a run goes on with, given all answers to `to_asks` by their ids; KeyError if one is missing."""
    approvals = {call.tool_call_id: answers[call.tool_call_id] for call in requests.approvals}
    calls = {call.tool_call_id: answers[call.tool_call_id] for call in requests.calls}
    results = requests.build_results(
        approvals={call_id: _decision(answer) for call_id, answer in approvals.items()},
        calls={call_id: _result(answer) for call_id, answer in calls.items()},
    )
    people = {call_id: by for call_id, each in {**approvals, **calls}.items() if (by := each.review.reviewer)}
    return replace(results, answered_by=people) if hasattr(results, "answered_by") else results


def run_until_done(
    agent: Agent[Any, Any],
    prompt: Any,
    client: HITLClient,
    *,
    run: str,
    store: Store | None = None,
    stored: str | None = None,
    run_options: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> AgentRunResult[Any]:
    """Run an agent, and whenever it defers calls, ask people and go on with their answers.

    Args:
        agent: The agent, with DeferredToolRequests among its output types.
        prompt: What `Agent.run` takes.
        client: The client.
        run: The name of this run; see `to_asks`.
        store: Is given each pause as a text, before anybody is asked. Keep it where no user can change it.
        stored: What `store` was given last, in any process: the run goes on from there, and asks nobody twice.
        run_options: Other arguments of `Agent.run`, such as `deps`, for each part of the run.
        timeout: Seconds to wait for all answers to one pause; None waits until the reviews themselves end.
        options: Whom to ask. Errors are those of `answers`; the run does not go on.
    """
    ask = partial(answers, client, timeout=timeout, **options)
    return steps.run(_until_done(agent, agent.run_sync, ask, prompt, run, store, stored, run_options or {}))


async def run_until_done_async(
    agent: Agent[Any, Any],
    prompt: Any,
    client: AsyncHITLClient,
    *,
    run: str,
    store: Store | None = None,
    stored: str | None = None,
    run_options: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> AgentRunResult[Any]:
    """Do the same with an asynchronous client; `store` may be asynchronous, too."""
    ask = partial(answers_async, client, timeout=timeout, **options)
    return await steps.run_async(_until_done(agent, agent.run, ask, prompt, run, store, stored, run_options or {}))


def request_input(
    client: AsyncHITLClient, *, run: str | None = None, timeout: float | None = None, **options: Unpack[ReviewOptions]
) -> AbstractCapability[Any]:
    """Return a capability with which the run itself waits: `Agent(…, capabilities=[request_input(client)])`.

    The wait ends with the process. `run` is pydantic-ai's own id of the run if it is None; the other arguments are
    those of `run_until_done`. What that raises, `Agent.run` raises.
    """
    with needs("pydantic-ai", "pydantic_ai"):
        import pydantic_ai.capabilities as capabilities

    async def ask(context: Any, requests: DeferredToolRequests, _token: str = "") -> DeferredToolResults:
        asks = to_asks(run or context.run_id, requests, context.agent)
        return to_resume(requests, await answers_async(client, asks, timeout=timeout, **options))

    is_old = not hasattr(capabilities, "RequestInput")  # before pydantic-ai 2.66
    return capabilities.HandleDeferredToolCalls(ask) if is_old else capabilities.RequestInput(ask)


def _until_done(
    agent: Any, start: Any, ask: Any, prompt: Any, run: str, store: Any, stored: str | None, given: Mapping[str, Any]
) -> steps.Flow[Any]:
    with needs("pydantic-ai", "pydantic_ai"):
        from pydantic import TypeAdapter
        from pydantic_ai.messages import ModelMessage
        from pydantic_ai.tools import DeferredToolRequests

    pauses: Any = TypeAdapter(tuple[list[ModelMessage], DeferredToolRequests])
    pause = None if stored is None else pauses.validate_json(stored)
    while True:
        following = {"user_prompt": prompt}
        if pause is not None:
            found = yield steps.Do(partial(ask, to_asks(run, pause[1], agent)))
            following = {"message_history": pause[0], "deferred_tool_results": to_resume(pause[1], found)}
        result = yield steps.Do(partial(start, **{**given, **following}))
        if not isinstance(result.output, DeferredToolRequests):
            return result
        pause = (result.all_messages(), result.output)
        if store is not None:
            yield steps.Do(partial(store, pauses.dump_json(pause).decode()))


def _ask(run: str, call: Any, requests: Any, agent: Any) -> Ask:
    name, arguments = call.tool_call_id, call.args_as_dict()
    metadata = requests.metadata.get(name) or {}
    facts = facts_of("pydantic-ai", run=run, call=name)
    same: dict[str, Any] = {"id": name, "key": key_of("pydantic-ai", run, name), "metadata": facts}
    if call in requests.approvals:
        why = str(metadata.get("description") or metadata.get("reason") or "")
        check = _check_of(call.tool_name, agent)
        return ToolCall(tool=call.tool_name, arguments=arguments, description=why, check=check, **same)
    question = str(metadata.get("question") or arguments.get("question") or f"What does {call.tool_name} return?")
    return Question(question=question, schema=metadata.get("response_schema"), context=arguments or None, **same)


def _check_of(tool_name: str, agent: Any) -> Callable[[Mapping[str, Any]], object]:
    """Return the validation of a tool's arguments, which raises ValueErrors; that of a server's tool is unknown."""
    tools: dict[str, Any] = {}
    for toolset in agent.toolsets if agent is not None else ():
        toolset.apply(lambda leaf: tools.update(getattr(leaf, "tools", None) or {}))
    schema = getattr(tools.get(tool_name), "function_schema", None)
    return no_check if schema is None else lambda arguments: schema.validator.validate_python(dict(arguments))


def _decision(answer: Answer) -> Any:
    from pydantic_ai.tools import ToolApproved, ToolDenied

    if answer.decision == "edit":
        return ToolApproved(override_args=dict(answer.arguments or {}))
    return ToolApproved() if answer.may_run else ToolDenied(answer.told)


def _result(answer: Answer) -> Any:
    from pydantic_ai.exceptions import ToolFailed

    return answer.value if answer.decision == "respond" else ToolFailed(answer.told)
