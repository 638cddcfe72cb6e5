"""How approvals, allowances and records are written as rows, and read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from hitl._json import Object
from hitl.approval.canonical import hash_of, text
from hitl.approval.ledger import Approval, Decision, GivenAllowance, NewApproval, Outcome

Last: TypeAlias = tuple[int, str | None, str]  # the number, hash and time of the latest record

COLUMNS: Final = (
    *("key", "call", "place", "number", "function", "arguments", "body", "form", "shown", "state", "asked_at", "run"),
    *("review_id", "ran", "decision", "claim", "owner", "outcome", "decided_at", "consumed_at", "settled_at"),
)
ALLOWANCE: Final = "id, binding, rule, function, key, reviewer, starts, ends, uses_left, revoked_at, revoked_by"


def link(last: Last, what: str, facts: Object, at: str) -> tuple[int, str, str, str]:
    """Return the number, time, text and hash of the record that follows the last one."""
    body = text({**facts, "what": what, "at": at, "number": last[0] + 1, "previous": last[1]})
    return last[0] + 1, at, body, hash_of(body)


def text_of(value: Any) -> str:
    """Return JSON as it is kept: numbers stay as they are written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def identity(row: NewApproval | Approval) -> Object:
    """Return what each record of an approval names."""
    return {"key": row.key, "call": row.call, "function": row.function}


def _moment(written: str | None) -> Any:
    return None if written is None else datetime.fromisoformat(written)


def allowance_of(row: Sequence[Any]) -> GivenAllowance:
    """Return the allowance that a row is."""
    facts = dict(zip(ALLOWANCE.split(", "), row, strict=True))
    moments = {name: _moment(facts[name]) for name in ("starts", "ends", "revoked_at")}
    return GivenAllowance(**{**facts, **moments})


def approvals_of(rows: Iterable[tuple[Any, ...]]) -> Iterator[Approval]:
    """Yield the approvals that rows are."""
    for row in rows:
        facts = dict(zip(COLUMNS, row, strict=True))
        for name in ("arguments", "body", "decision", "outcome"):
            facts[name] = None if facts[name] is None else json.loads(facts[name])
        for name in ("asked_at", "decided_at", "consumed_at", "settled_at"):
            facts[name] = _moment(facts[name])
        facts["decision"] = None if facts["decision"] is None else Decision(**facts["decision"])
        facts["outcome"] = None if facts["outcome"] is None else Outcome(**facts["outcome"])
        yield Approval(**facts)
