"""Ask people for the confirmations that tools of Google's Agent Development Kit (ADK) require.

    events = await run_until_done(runner, client, user_id="ann", session_id=session.id, message="Refund order A1.")

An ADK agent pauses with calls of `adk_request_confirmation`, and takes back whether each is confirmed, no more. So a
plugin, which `run_until_done` adds to the runner, tells the model the reviewer's words in place of the result.
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

from hitl._json import is_object
from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations.asks import Answer, Ask, ReviewOptions, ToolCall, answers_async, facts_of, key_of

if TYPE_CHECKING:
    from hitl import AsyncHITLClient

__all__ = ["run_until_done", "to_asks", "to_resume", "verdict_plugin"]

_CONFIRM: Final = "adk_request_confirmation"
_PLUGIN: Final = "hitl_verdicts"
_USUAL_HINT: Final = "Please approve or reject the tool call"  # it tells programs what to send
_REJECTED: Final = {"error": "This tool call is rejected."}


async def run_until_done(
    runner: Any,
    client: AsyncHITLClient,
    *,
    user_id: str,
    session_id: str,
    message: Any = None,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> list[Any]:
    """Run an agent, ask people for each confirmation, and return the events of the last run.

    Args:
        runner: An ADK `Runner`; it gets `verdict_plugin()` unless it has it.
        client: The client.
        user_id: Whose session it is.
        session_id: The session.
        message: What the user says, a text or `google.genai.types.Content`; None goes on with a session that waits for
            answers, also in another process.
        timeout: Seconds to wait for the answers to what one run asks; None waits until the reviews end.
        options: Whom to ask.

    Raises:
        WaitTimeoutError: some are still open; call again without a message to go on.
        ConfigurationError: there is no such session, or it waits for answers and there is a message; or a tool wants
            more than a confirmation. Nothing is resumed.
    """
    if runner.plugin_manager.get_plugin(_PLUGIN) is None:
        runner.plugin_manager.register_plugin(verdict_plugin())
    where = {"user_id": user_id, "session_id": session_id}
    asks = to_asks(await _session(runner, **where))
    if asks and message is not None:
        raise ConfigurationError(f"session {session_id} waits for answers; give no message, so that it goes on")
    events: list[Any] = []
    content = _content(message)
    while content is not None or asks:
        if asks:
            content = to_resume(await answers_async(client, asks, timeout=timeout, **options))
        events = [event async for event in runner.run_async(**where, new_message=content)]
        asks, content = to_asks(await _session(runner, **where)), None
    return events


def to_asks(session: Any) -> list[Ask]:
    """Return the confirmations that a session waits for; the last run's, since a run answers those of one.

    Raises:
        ConfigurationError: a tool wants more than a confirmation.
    """
    answered = {response.id for event in session.events for response in event.get_function_responses()}
    waiting = [
        (event, call)
        for event in session.events
        for call in event.get_function_calls()
        if call.name == _CONFIRM and call.id not in answered
    ]
    return [_ask(session, call) for event, call in waiting if event.invocation_id == waiting[-1][0].invocation_id]


def to_resume(answered: Mapping[str, Answer]) -> Any:
    """Return the user's message that answers all confirmations, by their ids.

    An approval confirms the call. All else does not, and has what the model is told in place of the result, for the
    plugin: the answer, or the refusal; an edit tells the model which call to make instead.
    """
    with needs("Google ADK", "google-adk"):
        from google.genai import types

    parts = [
        types.Part(function_response=types.FunctionResponse(id=call_id, name=_CONFIRM, response=_response(answer)))
        for call_id, answer in answered.items()
    ]
    return types.Content(role="user", parts=parts)


def verdict_plugin() -> Any:
    """Return the plugin by which a call that was not confirmed ends with the reviewer's words.

    A tool's own code never runs then, also where ADK leaves that to the tool (google/adk-python#7148).
    """
    with needs("Google ADK", "google-adk"):
        from google.adk.plugins.base_plugin import BasePlugin

    class VerdictPlugin(BasePlugin):  # type: ignore[misc]
        async def before_tool_callback(
            self,
            *,
            tool: Any,  # noqa: ARG002 - ADK calls it so
            tool_args: dict[str, Any],  # noqa: ARG002 - as above
            tool_context: Any,
        ) -> dict[str, Any] | None:
            confirmation = tool_context.tool_confirmation
            if confirmation is None or confirmation.confirmed is True:
                return None
            return confirmation.payload if is_object(confirmation.payload) and confirmation.payload else _REJECTED

    return VerdictPlugin(name=_PLUGIN)


async def _session(runner: Any, **where: str) -> Any:
    found = await runner.session_service.get_session(app_name=runner.app_name, **where)
    if found is None:
        raise ConfigurationError(f"there is no session {where['session_id']} of {runner.app_name}; create it first")
    return found


def _content(message: Any) -> Any:
    with needs("Google ADK", "google-adk"):
        from google.genai import types

    return types.Content(role="user", parts=[types.Part(text=message)]) if isinstance(message, str) else message


def _ask(session: Any, call: Any) -> ToolCall:
    original = call.args["originalFunctionCall"]
    confirmation = call.args.get("toolConfirmation") or {}
    tool, hint = original["name"], confirmation.get("hint") or ""
    if confirmation.get("payload") is not None:
        raise ConfigurationError(f"{tool} wants a payload with its confirmation, and a reviewer gives yes or no only")
    return ToolCall(
        id=call.id,
        key=key_of("google-adk", session.app_name, session.id, call.id),
        tool=tool,
        arguments=original.get("args") or {},
        description="" if hint.startswith(_USUAL_HINT) else hint,
        metadata=facts_of("google-adk", app=session.app_name, session=session.id, user=session.user_id),
    )


def _response(answer: Answer) -> dict[str, Any]:
    if answer.may_run:
        return {"confirmed": True, "payload": None}
    kind = "result" if answer.decision == "respond" else "error"
    return {"confirmed": False, "payload": {kind: str(answer.told)}}
