"""The arguments of `client.sessions`: which has which check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from hitl_api.models.action_type import ActionType
from hitl_api.models.agent_type import AgentType
from hitl_api.models.human_decision import HumanDecision
from hitl_api.models.session_status import SessionStatus

from hitl._api import arguments

LONGEST_EXCERPT = 4000  # characters of an output; the service keeps about 4 KB

_Check: TypeAlias = Callable[[str, object], object]


def _one_of(words: Iterable[str]) -> _Check:
    return lambda name, value: arguments.one_of(name, value, words)


def _excerpt(name: str, value: object) -> str:
    return arguments.any_text(name, value)[-LONGEST_EXCERPT:]


def _context(name: str, value: object) -> dict[str, Any]:
    given = arguments.json_object(name, value)
    return arguments.checked(_ABOUT, given)


_ABOUT: Mapping[str, _Check] = dict.fromkeys(("repo", "branch", "commit", "task"), arguments.any_text)

SESSION: Mapping[str, _Check] = {"agent_type": _one_of(AgentType), "loop_id": arguments.identifier, "context": _context}
CHANGES: Mapping[str, _Check] = {"context": _context, "reviewer_id": arguments.any_text}
FILTERS: Mapping[str, _Check] = {
    "status": lambda name, value: SessionStatus(arguments.one_of(name, value, SessionStatus)),
    "agent_type": lambda name, value: AgentType(arguments.one_of(name, value, AgentType)),
}
TURN: Mapping[str, _Check] = {
    "action_type": _one_of(ActionType),
    "agent_prompt": arguments.any_text,
    "proposed_tool": arguments.any_text,
    "proposed_args": arguments.json_object,
}
DECISION: Mapping[str, _Check] = {"decision": _one_of(HumanDecision), "comment": arguments.any_text}
ACTION: Mapping[str, _Check] = {
    "success": arguments.boolean,
    "exit_code": arguments.integer,
    "stdout": _excerpt,
    "stderr": _excerpt,
    "extra": arguments.json_object,
}
