"""Put the tool calls of Microsoft Agent Framework that wait for approval to people, and go on with the answers.

    result = await run_until_done_async(agent, "Refund A1", client)

The framework takes back a yes or a no. What else a person decides, the model reads as the result of the call that did
not run: the reason of a rejection, an answer in place of the tool, or the call that is to be made instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Unpack

from hitl._json import Object, as_object, is_object
from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations._argument_models import check
from hitl.integrations.asks import Answer, Ask, ReviewOptions, ToolCall, answers_async, facts_of, key_of

if TYPE_CHECKING:
    from hitl import AsyncHITLClient

__all__ = ["run_until_done_async", "to_asks", "to_resume", "tools_of"]

_PAUSED: Final = "hitl_paused"


def to_asks(requests: Iterable[Any], session: str, *, tools: Iterable[Any] = ()) -> list[Ask]:
    """Return what a paused agent asks; the same request has the same key whenever this is called.

    Args:
        requests: `response.user_input_requests`; those that are no `function_approval_request` are left out.
        session: The id of the agent's session.
        tools: The agent's tools, which check edited arguments; see `tools_of`.
    """
    known = list(tools)
    return [_ask_of(request, session, known) for request in requests if request.type == "function_approval_request"]


def to_resume(requests: Iterable[Any], answers: Mapping[str, Answer]) -> Object:
    """Return the arguments of `agent.run` that resume all requests, besides the same `session`.

    Args:
        requests: What `to_asks` was given.
        answers: The answers to all that it returned, by id.

    Returns:
        `messages`, with a response to each request, and `middleware`, which lets the model read why a call did not run.

    Raises:
        ConfigurationError: an answer is missing.
    """
    message = _framework().Message
    asked = [request for request in requests if request.type == "function_approval_request"]
    if missing := [request.id for request in asked if request.id not in answers]:
        raise ConfigurationError(f"one resume answers all requests, and there is no answer to {missing[0]}")
    responses = [request.to_function_approval_response(answers[request.id].may_run) for request in asked]
    refused = {request.function_call.id: answers[request.id] for request in asked if not answers[request.id].may_run}
    return {"messages": [message("user", responses)], "middleware": [_telling(refused)]}


def tools_of(agent: Any) -> list[Any]:
    """Return the tools of an agent, with those of MCP servers that it is connected to."""
    remote = [tool for server in getattr(agent, "mcp_tools", ()) for tool in server.functions]
    return [*as_object(getattr(agent, "default_options", None)).get("tools", ()), *remote]


async def run_until_done_async(
    agent: Any,
    given: Any,
    client: AsyncHITLClient,
    *,
    session: Any = None,
    on_pause: Callable[[Object], object] | None = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> Any:
    """Run an agent to its end, put each of its approval requests to people, and return the agent's response.

    Args:
        agent: The agent.
        given: The input of a run, or what `on_pause` was called with, to go on from there in another process.
        client: The client.
        session: The agent's session; a new one by default.
        on_pause: Keeps the paused run, an object of JSON, whenever the agent stops; it may be asynchronous.
        timeout: Seconds to wait for the answers whenever the agent pauses; None waits until the reviews end.
        options: Whom to ask.

    Raises:
        WaitTimeoutError: some answers are still missing; call again with what `on_pause` was called with, to go on.
        AnswerError: an answer does not fit. Nothing was resumed; the review is in `review`.
    """
    session, requests = _restored(given) or (session or agent.create_session(), [])
    run: Object = {"messages": given}
    while True:
        if not requests:
            response = await agent.run(**run, session=session)
            requests = [each for each in response.user_input_requests if each.type == "function_approval_request"]
            if not requests:
                return response
            await _kept(on_pause, session, requests)
        asks = to_asks(requests, session.session_id, tools=tools_of(agent))
        answers = await answers_async(client, asks, timeout=timeout, **options)
        run, requests = to_resume(requests, answers), []


def _ask_of(request: Any, session: str, tools: Sequence[Any]) -> ToolCall:
    call = request.function_call
    return ToolCall(
        id=request.id,  # unlike the model's call_id, it never comes again
        key=key_of("agent-framework", session, request.id),
        tool=call.name,
        arguments=call.parse_arguments() or {},
        check=partial(
            check, [getattr(tool, "input_model", None) for tool in tools if getattr(tool, "name", None) == call.name]
        ),
        metadata=facts_of("agent-framework", session=session, request=request.id),
    )


def _telling(refused: Mapping[str, Answer]) -> Any:
    """Return chat middleware that puts people's words in place of the framework's text on calls that did not run."""
    framework = _framework()

    async def tell(context: Any, call_next: Callable[[], Awaitable[None]]) -> None:
        for content in (each for message in context.messages for each in message.contents):
            if content.type == "function_result" and content.id in refused:
                told = framework.Content.from_function_result(content.call_id, result=str(refused[content.id].told))
                content.result, content.items = told.result, told.items  # in place, so that the session keeps it
        await call_next()

    return framework.chat_middleware(tell)


async def _kept(on_pause: Callable[[Object], object] | None, session: Any, requests: Sequence[Any]) -> None:
    if on_pause is not None:
        paused = {"type": _PAUSED, "session": session.to_dict(), "requests": [each.to_dict() for each in requests]}
        kept = on_pause(paused)
        if inspect.isawaitable(kept):
            await kept


def _restored(given: Any) -> tuple[Any, list[Any]] | None:
    """Return the session and the open requests of a paused run; None if it is the input of a new one."""
    if not is_object(given) or given.get("type") != _PAUSED:
        return None
    framework = _framework()
    requests = [framework.Content.from_dict(each) for each in given["requests"]]
    return framework.AgentSession.from_dict(given["session"]), requests


def _framework() -> Any:
    with needs("Microsoft Agent Framework", "agent_framework"):
        return import_module("agent_framework")
