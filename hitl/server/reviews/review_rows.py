"""A review as a row of the database: what its columns hold, of which the database makes its document again.

What programs and people wrote is JSON, the rest is text. None stands for what is null or empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hitl._verdict import verdict_of

Value = str | int | None

FIXED: Final = ("template_id", "created_at", "asked_by", "metadata", "verdict_field")
"""The columns that never change, apart from erasure."""

CHANGING: Final = (
    *("status", "priority", "changed_at", "expires_at", "due_date", "verdict", "step", "version", "assignees"),
    *("assignment_strategy", "result", "reviewer", "completed_at", "further", "content"),
)
"""The columns that a change may write."""

_IN_COLUMNS: Final = frozenset((*FIXED, *CHANGING, "id", "updated_at")) - {"asked_by"}
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def compact(value: object) -> str:
    """Return JSON without spaces."""
    return _encode(value)


def fixed_values(review: Mapping[str, Any]) -> tuple[Value, ...]:
    """Return the values of the FIXED columns."""
    asker: Mapping[str, Any] = review.get("asked_by") or {}
    named = review.get("verdict_field")
    return (
        *(review["template_id"], review["created_at"], asker.get("key_id")),
        *(_unless_empty(review.get("metadata")), None if named is None else compact(named)),
    )


def changing_values(
    review: Mapping[str, Any], expires_at: str | None, step: int, content: str | None = None
) -> tuple[Value, ...]:
    """Return the values of the CHANGING columns.

    Args:
        review: The document.
        expires_at: None for a review that does not expire or is finished.
        step: The number of its last change.
        content: The JSON of its content, if that is known.
    """
    version, result, reviewer = review["version"], review["result"], review["reviewer"]
    return (
        *(review["status"], review["priority"], review["updated_at"] if version > 1 else None),
        *(expires_at, review["due_date"], verdict_of(review["status"], result or {}, review.get("verdict_field"))),
        *(step, version, _unless_empty(review["assignees"]), review["assignment_strategy"]),
        *(None if result is None else compact(result), None if reviewer is None else compact(reviewer)),
        *(review["completed_at"], further_of(review), content or compact(review["content"])),
    )


def further_of(review: Mapping[str, Any]) -> str | None:
    """Return the JSON of what has no column of its own."""
    return _unless_empty({name: value for name, value in review.items() if name not in _IN_COLUMNS})


def _unless_empty(value: object) -> str | None:
    return compact(value) if value else None
