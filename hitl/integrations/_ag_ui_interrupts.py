"""The interrupts of a run of an AG-UI agent as questions, and the answers as what the next run is given."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hitl._json import is_object
from hitl._moments import moment
from hitl.exceptions import AnswerError, ConfigurationError, ReviewExpiredError
from hitl.integrations import needs
from hitl.integrations._ag_ui_messages import messages_after
from hitl.integrations.asks import Answer, Ask, Decision, Question, ToolCall, facts_of, key_of

if TYPE_CHECKING:
    from hitl.models import Review

_OURS: Final = frozenset({"approved", "editedArgs", "reason"})  # the parts of an approval's payload
_ABANDONED: Final = object()


def to_asks(events: Iterable[Any], messages: Iterable[Any] = ()) -> list[Ask]:
    """Return what a run's interrupts ask; nothing if it ended in another way.

    Args:
        events: The events of the run.
        messages: The messages that it was given, for interrupts about tool calls of earlier runs.
    """
    events = list(events)
    thread = messages_after(messages, events)
    calls: dict[str, Any] = {call.id: call for each in thread for call in getattr(each, "tool_calls", None) or ()}
    return [_ask(interrupt, finished, calls) for finished, interrupt in _interrupts(events)]


def to_resume(events: Iterable[Any], answered: Mapping[str, Answer]) -> list[Any]:
    """Return the `ResumeEntry` of every interrupt, for `RunAgentInput.resume`; one resume answers all of them.

    Args:
        events: The events of the run.
        answered: The answers by the interrupts' ids.

    Raises:
        AnswerError: an answer does not fit its interrupt's schema.
        ReviewExpiredError: nobody answered before the agent stopped waiting.
        ConfigurationError: an answer is missing.
    """
    with needs("AG-UI", "ag-ui"):
        from ag_ui.core import ResumeEntry

    events = list(events)
    open_interrupts = [interrupt for _, interrupt in _interrupts(events)]
    if missing := [each.id for each in open_interrupts if each.id not in answered]:
        raise ConfigurationError(f"interrupt {missing[0]} has no answer, and one resume has to answer all")
    _require_time(expiry_of(events), (answered[each.id].review for each in open_interrupts))
    entries: list[Any] = []
    for interrupt in open_interrupts:
        payload = _payload(interrupt, answered[interrupt.id])
        if payload is _ABANDONED:
            entries.append(ResumeEntry(interrupt_id=interrupt.id, status="cancelled"))
        else:
            _require_fit(interrupt, payload, answered[interrupt.id])
            entries.append(ResumeEntry(interrupt_id=interrupt.id, status="resolved", payload=payload))
    return entries


def _interrupts(events: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Return the event that ended the run with each of its interrupts."""
    ends = [event for event in events if event.type == "RUN_FINISHED"]
    outcome = ends[-1].outcome if ends else None
    return [(ends[-1], each) for each in outcome.interrupts] if outcome and outcome.type == "interrupt" else []


def _ask(interrupt: Any, finished: Any, calls: Mapping[str, Any]) -> Ask:
    key = key_of("ag-ui", finished.thread_id, finished.run_id, interrupt.id)
    facts = facts_of("ag-ui", thread=finished.thread_id, run=finished.run_id, reason=interrupt.reason)
    is_of_call = interrupt.reason == "tool_call" or interrupt.tool_call_id is not None
    tool, arguments = _called(interrupt, calls) if is_of_call else ("", dict[str, Any]())
    if is_of_call and (not interrupt.response_schema or "approved" in _properties(interrupt)):
        return ToolCall(
            id=interrupt.id,
            key=key,
            tool=tool,
            arguments=arguments,
            description=interrupt.message or "",
            allowed=_allowed(interrupt),
            metadata=facts,
        )
    schema = interrupt.response_schema or ({"type": "boolean"} if interrupt.reason == "confirmation" else None)
    return Question(
        id=interrupt.id,
        key=key,
        question=interrupt.message or interrupt.reason,
        schema=schema,
        context={"tool": tool, "arguments": arguments} if is_of_call else None,
        metadata=facts,
    )


def _called(interrupt: Any, calls: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the tool and the arguments of the call that an interrupt is about."""
    call = calls.get(interrupt.tool_call_id)
    if call is None:
        raise ConfigurationError(
            f"interrupt {interrupt.id} is about the tool call {interrupt.tool_call_id}, which is in none of the events "
            "and messages, so nobody can see what they would approve; pass those of all runs of the thread"
        )
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except ValueError:
        arguments = None
    if not is_object(arguments):
        raise ConfigurationError(f"the arguments of tool call {call.id} are no object of JSON")
    return call.function.name, arguments


def _allowed(interrupt: Any) -> frozenset[Decision]:
    if wanted := set(_schema(interrupt).get("required", ())) - _OURS:
        raise ConfigurationError(f"interrupt {interrupt.id} wants {min(wanted)!r}, which no reviewer is asked for")
    edit: set[Decision] = {"edit"} if "editedArgs" in _properties(interrupt) else set()
    return frozenset({"approve", "reject", *edit})


def _schema(interrupt: Any) -> dict[str, Any]:
    return interrupt.response_schema or {}


def _properties(interrupt: Any) -> Mapping[str, Any]:
    found = _schema(interrupt).get("properties")
    return found if is_object(found) else {}


def _payload(interrupt: Any, answer: Answer) -> Any:
    if answer.refusal is None:
        edited = {"editedArgs": answer.arguments} if answer.decision == "edit" else {}
        return answer.value if answer.decision == "respond" else {"approved": True, **edited}
    is_refused = answer.refusal.kind == "rejected" and "approved" in _properties(interrupt)
    if isinstance(answer.ask, Question) and not is_refused:
        return _ABANDONED
    is_told = not interrupt.response_schema or "reason" in _properties(interrupt)
    return {"approved": False, **({"reason": str(answer.refusal)} if is_told else {})}


def _require_fit(interrupt: Any, payload: Any, answer: Answer) -> None:
    with needs("AG-UI", "ag-ui"):
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    for error in Draft202012Validator(interrupt.response_schema or True).iter_errors(payload):
        path = ".".join(map(str, error.absolute_path))
        why = f"the answer to interrupt {interrupt.id} does not fit at {path!r}: {error.message:.200}"
        raise AnswerError(why, path=path, review=answer.review)


def expiry_of(events: Iterable[Any]) -> datetime | None:
    """Return when the first interrupt of a run expires: the resume that answers all has to come before."""
    found: list[datetime] = []
    for _, each in _interrupts(events):
        try:
            found.append(moment(each.expires_at or ""))
        except ValueError:  # the protocol calls such an interrupt unexpired
            continue
    return min(found, default=None)


def _require_time(expiry: datetime | None, reviews: Iterable[Review]) -> None:
    for review in reviews:
        if expiry and review.status == "expired" and review.due_date and review.due_date >= expiry:
            raise ReviewExpiredError(
                f"nobody answered review {review.id} before its interrupt expired; start a new run", review=review
            )
