"""What a gate was given, and what it gives: leave to run once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from hitl.approval.calls import Call
from hitl.approval.canonical import is_plain
from hitl.approval.escalation import Escalation, Reminder
from hitl.approval.ledger import Ledger, Outcome
from hitl.approval.policy import Policy

_LARGEST_RESULT: Final = 64 * 1024


@frozen
class Settings:
    """What `require_approval` was given."""

    client: Any
    ledger: Ledger
    policy: Policy
    template_id: str | None = None
    assignees: Sequence[str] | None = None
    priority: str | None = None
    due_date: str | None = None
    timeout: float | None = None
    describe: Callable[[Call], Any] | None = None
    metadata: Mapping[str, str] = field(factory=dict[str, str])
    quorum: int | None = None
    asked_by: str | None = None
    run: str | None = None
    escalate: Escalation | None = None
    remind: Reminder | None = None


@frozen
class Grant:
    """Leave to run once, with these arguments.

    Attributes:
        arguments: The arguments by name, with the reviewer's edits.
        reviewer: Who approved; None if a rule allowed it, or the server does not say.
        feedback: The reviewer's words.
        review_id: The review.
    """

    arguments: Mapping[str, Any]
    reviewer: str | None = None
    feedback: str | None = None
    review_id: str | None = None
    key: str | None = field(default=None, repr=False)
    claim: str | None = field(default=None, repr=False)
    is_scoped: bool = field(default=False, repr=False)
    kept: Outcome | None = field(default=None, repr=False)


def kept_outcome(value: Any) -> Outcome:
    """Return an outcome with its result, if that is plain JSON and small."""
    try:
        written = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return Outcome()
    is_kept = len(written) <= _LARGEST_RESULT and is_plain(value)
    return Outcome(value, is_kept=True) if is_kept else Outcome()
