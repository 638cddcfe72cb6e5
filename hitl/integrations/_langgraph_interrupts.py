"""The kinds of LangGraph's interrupts: what each of them asks, and what it is resumed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from attrs import frozen

from hitl._json import Object, as_list, as_object, as_text, is_object
from hitl.exceptions import ConfigurationError
from hitl.integrations._argument_models import check
from hitl.integrations.asks import Answer, Ask, Decision, Question, ToolCall, facts_of, key_of

_QUESTION_NAMES: Final = ("question", "message", "instruction", "task")
_DECISIONS: Final[tuple[Decision, ...]] = ("approve", "edit", "reject", "respond")
_OLD_DECISIONS: Final[Mapping[Decision, str]] = {
    "approve": "allow_accept",
    "edit": "allow_edit",
    "reject": "allow_ignore",
    "respond": "allow_respond",
}


@frozen
class _PausedCall:
    """A tool call that waits for leave, and what the interrupt can be told about it."""

    tool: str
    arguments: Object
    description: str
    allowed: frozenset[Decision]


@frozen
class _PausedCalls:
    """The tool calls of one interrupt.

    Attributes:
        calls: The calls, in the interrupt's order.
        reply: Returns what the interrupt is told about one of them.
        together: Returns what the interrupt is resumed with, given the replies in the same order.
    """

    calls: Sequence[_PausedCall]
    reply: Callable[[_PausedCall, Answer], Object]
    together: Callable[[list[Object]], Any]


def asks_of(pause: Any, thread: object, tools: Sequence[Any], schema: Mapping[str, Any] | None) -> list[Ask]:
    """Return what an interrupt asks; see `hitl.integrations.langgraph.to_asks`."""
    paused = _calls_in(pause)
    about = facts_of("langgraph", thread=thread, interrupt=pause.id)
    if paused is None:
        return [_question_of(pause, key_of("langgraph", thread, pause.id, 0), about, schema)]
    return [
        ToolCall(
            id=_id_of(pause, n),
            key=key_of("langgraph", thread, pause.id, n),
            tool=call.tool,
            arguments=call.arguments,
            description=call.description,
            allowed=call.allowed,
            check=partial(check, [tool.tool_call_schema for tool in tools if tool.name == call.tool]),
            metadata=about,
        )
        for n, call in enumerate(paused.calls)
    ]


def resumed_with(pause: Any, answers: Mapping[str, Answer]) -> Any:
    """Return what an interrupt is resumed with; raise the error of a rejection that it cannot be told of."""
    paused = _calls_in(pause)
    ids = [_id_of(pause, n) for n in range(len(paused.calls) if paused else 1)]
    if missing := [each for each in ids if each not in answers]:
        raise ConfigurationError(f"one resume answers all interrupts, and there is no answer to {missing[0]}")
    given = [answers[each] for each in ids]
    if paused:
        return paused.together([_told(paused, *each) for each in zip(paused.calls, given, strict=True)])
    if given[0].decision == "reject":
        raise given[0].error
    return given[0].value


def _id_of(pause: Any, n: int) -> str:
    return f"{pause.id}:{n}"


def _told(paused: _PausedCalls, call: _PausedCall, answer: Answer) -> Object:
    if answer.decision == "reject" and not call.allowed & {"reject", "respond"}:
        raise answer.error
    return paused.reply(call, answer)


def _question_of(pause: Any, key: str, about: dict[str, str], schema: Mapping[str, Any] | None) -> Question:
    value = pause.value
    rest = dict(value) if is_object(value) else {}
    name = next((each for each in _QUESTION_NAMES if as_text(rest.get(each))), None)
    text = as_text(value) or (rest.pop(name) if name else "What shall the program go on with?")
    context = None if text == value else rest if name else value
    return Question(
        id=_id_of(pause, 0),
        key=key,
        question=text,
        schema=pause.response_schema or schema,
        context=context or None,
        metadata=about,
    )


def _calls_in(pause: Any) -> _PausedCalls | None:
    """Return the tool calls of an interrupt; None if it is a question."""
    try:
        return _per_call(pause) or _batched(pause.value) or _old(pause.value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigurationError(f"interrupt {pause.id} looks like a tool call, but is none: {error!r}") from error


def _per_call(pause: Any) -> _PausedCalls | None:
    """Read a `ToolApprovalRequest` of `HumanInTheLoopMiddleware(interrupt_mode="per_call")`."""
    value = as_object(pause.value)
    if value.get("type") != "tool_approval":
        return None
    schema = as_object(pause.response_schema)
    only = as_object(as_object(schema.get("properties")).get("type")).get("const")
    allowed = as_object(as_object(schema.get("discriminator")).get("mapping")) or [only]
    return _PausedCalls([_call(value, allowed)], _reply, lambda replies: replies[0])


def _batched(value: Any) -> _PausedCalls | None:
    """Read a `HITLRequest` of `HumanInTheLoopMiddleware`."""
    if not is_object(value) or "action_requests" not in value:
        return None
    allowed = {each["action_name"]: each["allowed_decisions"] for each in value["review_configs"]}
    calls = [_call(each, allowed[each["name"]]) for each in value["action_requests"]]
    return _PausedCalls(calls, _reply, lambda replies: {"decisions": replies})


def _call(value: Object, allowed: Any) -> _PausedCall:
    tool, arguments = value["name"], value["args"]
    shown = value.get("description", "").removesuffix(f"\n\nTool: {tool}\nArgs: {arguments}")  # shown beside it anyway
    return _PausedCall(tool, arguments, shown, frozenset(each for each in _DECISIONS if each in allowed))


def _reply(call: _PausedCall, answer: Answer) -> Object:
    if answer.decision == "approve":
        return {"type": "approve"}
    if answer.decision == "edit":
        return {"type": "edit", "edited_action": {"name": call.tool, "args": dict(answer.arguments or {})}}
    is_rejection = answer.decision == "reject" and "reject" in call.allowed
    return {"type": "reject" if is_rejection else "respond", "message": str(answer.told)}


def _old(value: Any) -> _PausedCalls | None:
    """Read `HumanInterrupt`s, one or a list. Agent Inbox answers either with a list, and so do we."""
    found = as_list(value) or [value]
    if not all(is_object(each) and {"action_request", "config"} <= each.keys() for each in found):
        return None
    return _PausedCalls([_old_call(each) for each in found], _old_reply, list)


def _old_call(value: Object) -> _PausedCall:
    request, config = value["action_request"], value["config"]
    allowed: frozenset[Decision] = frozenset(each for each, name in _OLD_DECISIONS.items() if config.get(name))
    return _PausedCall(request["action"], request["args"], as_text(value.get("description")) or "", allowed)


def _old_reply(call: _PausedCall, answer: Answer) -> Object:
    if answer.decision == "approve":
        return {"type": "accept", "args": {"action": call.tool, "args": call.arguments}}
    if answer.decision == "edit":
        return {"type": "edit", "args": {"action": call.tool, "args": dict(answer.arguments or {})}}
    if "respond" in call.allowed:  # the model reads it, also if it is a rejection
        return {"type": "response", "args": str(answer.told)}
    return {"type": "ignore", "args": None}
