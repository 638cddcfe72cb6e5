"""The bodies that sessions and turns accept, as `openapi.yaml` describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl._json import as_object
from hitl.server.loops.accounts import OBJECT_ID
from hitl.server.loops.envelope import LoopApiError, refuse_invalid
from hitl.server.loops.schemas import one_of
from hitl.server.primitives import Fault
from hitl.server.primitives import validation as check

AGENTS: Final = ("claude", "codex")
STATUSES: Final = ("active", "paused", "completed", "abandoned")
ACTIONS: Final = (
    *("file_write", "file_delete", "command_exec", "git_commit", "git_push"),
    *("dependency_install", "migration_run", "bypass"),
)
DECISIONS: Final = ("approve", "modify", "reject", "escalate")

_REVIEWER_ID = re.compile(r"[A-Za-z0-9_.~:@-]{0,128}", re.ASCII)
_TEXT = check.optional(check.text())
_CONTEXT = check.record(dict.fromkeys(("repo", "branch", "commit", "task"), _TEXT), closed=False)


def _reviewer_id(place: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not _REVIEWER_ID.fullmatch(value):
        yield Fault(place, "must be the id of a person, or empty for nobody in particular")


def _loop_id(place: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not OBJECT_ID.fullmatch(value):
        yield Fault(place, "must be 24 hexadecimal digits")


_CREATE = check.record(
    {
        "agent_type": check.optional(one_of(*AGENTS)),
        "loop_id": check.optional(_loop_id),
        "context": check.optional(_CONTEXT),
    }
)
_UPDATE = check.record({"context": check.optional(_CONTEXT), "reviewer_id": check.optional(_reviewer_id)})
_TURN = check.record(
    {
        "action_type": check.required(one_of(*ACTIONS)),
        "agent_prompt": _TEXT,
        "proposed_tool": _TEXT,
        "proposed_args": check.optional(check.json_object),
    }
)
_DECISION = check.record({"decision": check.required(one_of(*DECISIONS)), "comment": _TEXT})
_ACTION = check.record(
    {
        "success": check.required(check.boolean),
        "exit_code": check.optional(check.integer()),
        **dict.fromkeys(("stdout", "stderr"), _TEXT),
        "extra": check.optional(check.json_object),
    },
    closed=False,
)
_OUTCOME = check.record(
    {"action": check.required(_ACTION), "files_modified": check.optional(check.array(check.text()))}
)


def check_create(body: Mapping[str, Any]) -> None:
    """Refuse a body that makes no session."""
    refuse_invalid(_CREATE("", body))


def check_update(body: Mapping[str, Any]) -> None:
    """Refuse a body that changes nothing, or to something that is not allowed."""
    if not body:
        raise LoopApiError(400, "At least one field must be provided for update")
    refuse_invalid(_UPDATE("", body))


def check_turn(body: Mapping[str, Any]) -> None:
    """Refuse a body that proposes nothing."""
    refuse_invalid(_TURN("", body))


def check_decision(body: Mapping[str, Any]) -> None:
    """Refuse a body that decides nothing."""
    refuse_invalid(_DECISION("", body))


def check_outcome(body: Mapping[str, Any]) -> None:
    """Refuse a body that says nothing of an outcome."""
    given = as_object(body.get("action"))
    said = {name: value for name, value in given.items() if value is not None}  # null is as good as left out
    refuse_invalid(_OUTCOME("", {**body, "action": said} if given else body))
