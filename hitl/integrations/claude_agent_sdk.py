"""Approvals in the Claude Agent SDK: a person decides about each tool call, and answers what Claude asks.

    options = gated(ClaudeAgentOptions(setting_sources=[]), client, session="order-A1")
    async for message in query(prompt="Refund order A1", options=options):
        ...

The SDK asks its `can_use_tool` callback only about calls that no rule and no mode allows. `gated` refuses options that
let tools run past it.
"""

# The SDK is installed in the environments of its own tests only. Pyright takes `claude_agent_sdk` for this file, so
# names come from its submodules.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Unpack

from hitl._json import Object, as_list, is_object
from hitl.exceptions import ConfigurationError, HITLError
from hitl.integrations import needs
from hitl.integrations.asks import Answer, Ask, Question, ReviewOptions, ToolCall, answers_async, facts_of, key_of

if TYPE_CHECKING:
    from claude_agent_sdk.types import ClaudeAgentOptions, PermissionResult, ToolPermissionContext

    from hitl import AsyncHITLClient

__all__ = ["CanUseTool", "can_use_tool", "gated", "refuse_shadowing", "to_asks", "to_resume"]

CanUseTool: TypeAlias = "Callable[[str, dict[str, Any], ToolPermissionContext], Awaitable[PermissionResult]]"

_log = logging.getLogger("hitl.integrations")
_ASKING_MODES: Final = (None, "default", "plan")
_RULES_OF_ARGUMENTS: Final = ("permission", "allowed", "setting")


def to_asks(session: str, tool: str, given: Mapping[str, Any], context: ToolPermissionContext) -> list[Ask]:
    """Return a call that Claude wants leave for as a question; its `AskUserQuestion` is a `Question`.

    Args:
        session: The name of this session: that of no other one, and never "".
        tool: The tool's name.
        given: Its arguments.
        context: What the SDK says about the call; it must have the call's id.
    """
    call = context.tool_use_id
    if not session or not call:
        raise ConfigurationError("name the session, and use an SDK that tells the call's id")
    facts = facts_of("claude-agent-sdk", session=session, call=call, agent=context.agent_id)
    same: dict[str, Any] = {"id": call, "key": key_of("claude-agent-sdk", session, call), "metadata": facts}
    questions = [each for each in as_list(given.get("questions")) or [] if is_object(each)]
    if tool == "AskUserQuestion" and questions:
        return [Question(question=_heading(questions), schema=_schema(questions), context=dict(given), **same)]
    told = [getattr(context, name, None) for name in ("title", "description", "decision_reason")]
    return [ToolCall(tool=tool, arguments=dict(given), description="\n".join(filter(None, told)), **same)]


def to_resume(answer: Answer) -> PermissionResult:
    """Return what the SDK is told: a call with its arguments, or why not, which Claude reads."""
    with needs("the Claude Agent SDK", "claude_agent_sdk"):
        from claude_agent_sdk.types import PermissionResultAllow, PermissionResultDeny

    if isinstance(answer.ask, ToolCall) and answer.decision in ("approve", "edit"):
        return PermissionResultAllow(updated_input=dict(answer.arguments or {}))
    if isinstance(answer.ask, Question) and answer.decision == "respond":
        asked = answer.ask.context["questions"]
        chosen = {
            each["question"]: _text(answer.value.get(_name(n))) for n, each in enumerate(filter(is_object, asked))
        }
        return PermissionResultAllow(updated_input={**answer.ask.context, "answers": chosen})
    return PermissionResultDeny(message=answer.told)


def can_use_tool(
    client: AsyncHITLClient, *, session: str, timeout: float | None = None, **options: Unpack[ReviewOptions]
) -> CanUseTool:
    """Return a callback for `ClaudeAgentOptions.can_use_tool`. `gated` also checks that it is called.

    Where no answer can be had, or it does not fit, the call is denied and Claude is stopped; the log has the error.

    Args:
        client: The client.
        session: The name of this session; see `to_asks`.
        timeout: Seconds to wait for one answer; None waits until the review itself ends.
        options: Whom to ask.
    """
    with needs("the Claude Agent SDK", "claude_agent_sdk"):
        from claude_agent_sdk.types import PermissionResultDeny

    async def ask(tool: str, given: dict[str, Any], context: ToolPermissionContext) -> PermissionResult:
        try:
            asks = to_asks(session, tool, given, context)
            found = await answers_async(client, asks, timeout=timeout, **options)
            return to_resume(found[asks[0].id])
        except Exception as error:
            _log.exception("no answer about %s", tool)
            why = str(error) if isinstance(error, HITLError) else type(error).__name__
            return PermissionResultDeny(message=f"`{tool}` was not approved: {why}", interrupt=True)

    return ask


def gated(
    options: ClaudeAgentOptions,
    client: AsyncHITLClient,
    *,
    session: str,
    unasked: Collection[str] = (),
    timeout: float | None = None,
    **asking: Unpack[ReviewOptions],
) -> ClaudeAgentOptions:
    """Return options with which a person is asked about each call that Claude Code does not hold for harmless.

    Args:
        options: Those of the session, without `can_use_tool`.
        client: The client.
        session: The name of this session; see `to_asks`.
        unasked: What may let tools run without anybody being asked; see `refuse_shadowing`, whose error it raises.
        timeout: Seconds to wait for one answer; None waits until the review itself ends.
        asking: Whom to ask.
    """
    if options.can_use_tool is not None:
        raise ConfigurationError("the options have a can_use_tool already; only one callback can be asked")
    refuse_shadowing(options, unasked)
    return replace(options, can_use_tool=can_use_tool(client, session=session, timeout=timeout, **asking))


def refuse_shadowing(options: ClaudeAgentOptions, unasked: Collection[str] = ()) -> None:
    """Raise ConfigurationError if options let tools run that `can_use_tool` is not asked about.

    Args:
        options: What the session is given.
        unasked: Entries of `allowed_tools` that are meant, such as "Read", and names of other options that are, such
            as "setting_sources" if you know what the settings files allow.
    """
    found = [why for name, why in _bypasses(options) if name not in unasked]
    if found:
        raise ConfigurationError(
            f"nobody would be asked about some tools: {'; '.join(found)}. Remove that, or name it in `unasked`"
        )


def _bypasses(options: ClaudeAgentOptions) -> Iterator[tuple[str, str]]:
    """Yield what allows tools before the callback is asked: the name for `unasked`, and an explanation."""
    modes = {"": options.permission_mode}
    modes |= {
        f" of agent {name}": getattr(each, "permissionMode", None) for name, each in (options.agents or {}).items()
    }
    for whose, mode in modes.items():
        if mode not in _ASKING_MODES:
            yield "permission_mode", f"permission_mode{whose} is {mode!r}"
    for entry in options.allowed_tools:
        yield entry, f"allowed_tools has {entry!r}"
    if options.setting_sources is None or options.setting_sources:
        yield "setting_sources", "settings files may allow tools, unless setting_sources=[]"
    for name in ("settings", "skills", "plugins"):
        if getattr(options, name, None):
            yield name, f"{name} may allow tools"
    sandbox = options.sandbox or {}
    if sandbox.get("enabled") and sandbox.get("autoAllowBashIfSandboxed", True):
        yield "sandbox", "the sandbox allows Bash, unless autoAllowBashIfSandboxed=False"
    for argument in options.extra_args:
        if any(word in argument.lower() for word in _RULES_OF_ARGUMENTS):
            yield argument, f"extra_args has {argument!r}"


def _heading(questions: list[Object]) -> str:
    texts = [str(each.get("question")) for each in questions]
    return texts[0] if len(texts) == 1 else f"Claude asks {len(texts)} questions"


def _schema(questions: list[Object]) -> Object:
    properties = {_name(n): _choice(each) for n, each in enumerate(questions)}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _choice(question: Object) -> Object:
    options = [each for each in as_list(question.get("options")) or [] if is_object(each)]
    named = [{"const": each.get("label"), "title": _option(each)} for each in options]
    one: Object = {"oneOf": named} if named else {"type": "string"}
    several = bool(named) and question.get("multiSelect") is True
    return {"title": str(question.get("question")), **({"type": "array", "items": one} if several else one)}


def _option(option: Object) -> str:
    label, description = str(option.get("label")), option.get("description")
    return f"{label}: {description}" if description else label


def _name(number: int) -> str:
    return f"answer_{number + 1}"


def _text(chosen: Any) -> str:
    return ", ".join(map(str, chosen)) if isinstance(chosen, list) else str(chosen)
