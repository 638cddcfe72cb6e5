"""The states of a review, as pure functions from one document to the next.

    created ──▶ assigned ──▶ in_progress ──▶ completed | rejected
       └───────────┴─────────────┴─────────▶ expired | cancelled

A review is open until it reaches one of the four states on the right, and never changes after that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from hitl._json import as_object
from hitl._verdict import VERDICT_FIELDS
from hitl.server.primitives import ApiError, Document, conflict, from_wire, name_key, to_wire
from hitl.server.reviews.schemas import metadata

Decision: TypeAlias = Literal["completed", "rejected"]

OPEN: Final = ("created", "assigned", "in_progress")
FINAL: Final = ("completed", "rejected", "expired", "cancelled")

RESERVED: Final = "_hitl"
"""The key of the content under which programs keep what is not for reviewers; the API gives it back as it was sent."""

SELF_APPROVED: Final = "self_approved"
"""What a review says, as true, if the person who asked for it gave its answer."""

ANSWERED_VIA: Final = "answered_via"
"""What a review says, as "link", if its answer was given by whoever had the link of a message and its code."""

_OF_SOME_ANSWERS: Final = (SELF_APPROVED, ANSWERED_VIA)

_DEFAULT_PRIORITY = "medium"


def visible(content: Mapping[str, Any]) -> Document:
    """Return the part of a content that people may see."""
    return {name: value for name, value in content.items() if name != RESERVED}


def new_review(review_id: str, body: Mapping[str, Any], now: datetime, asked_by: Document | None = None) -> Document:
    """Return the review that a checked body asks for; `asked_by` is who asks, None in a sandbox."""
    assignees: list[str] = list(body.get("assignees", ()))
    moment = to_wire(now)
    return {
        "id": review_id,
        "template_id": body["template_id"],
        "content": body["content"],
        "metadata": body.get("metadata", {}),
        "verdict_field": body.get("verdict_field"),
        "assignees": assignees,
        "priority": body.get("priority", _DEFAULT_PRIORITY),
        "due_date": _normal(body.get("due_date")),
        "assignment_strategy": body.get("assignment_strategy"),
        "status": _waiting(assignees),
        "result": None,
        "reviewer": None,
        "created_at": moment,
        "updated_at": moment,
        "completed_at": None,
        "version": 1,
        **({} if asked_by is None else {"asked_by": asked_by}),
    }


# What of a new review follows from what it is later: it never changes, is the same for all, has revisions, or is gone.
_FOLLOWING: Final = frozenset(
    {"template_id", "content", "metadata", "asked_by", "verdict_field", "status", "result", "reviewer"}
    | {"created_at", "updated_at", "completed_at", "version", "erased"}
)


def first_state(review: Document) -> Document:
    """Return the part of a new review from which `as_created` restores the whole."""
    return {name: value for name, value in review.items() if name not in _FOLLOWING and value is not None}


def as_created(review: Document, first: Document, content: Document) -> Document:
    """Return a review as it was created, by its `first_state` and its first content."""
    return {
        **{
            name: value if name in _FOLLOWING else None
            for name, value in review.items()
            if name not in _OF_SOME_ANSWERS
        },
        **first,
        "content": content,
        "status": _waiting(first["assignees"]),
        "result": None,
        "reviewer": None,
        "updated_at": review["created_at"],
        "completed_at": None,
        "version": 1,
    }


def as_of_event(review: Document, status: str, at: str) -> Document:
    """Return a review as it was when it got a status at a moment; only the last one comes with an answer."""
    answer = {} if status in FINAL else dict.fromkeys(("result", "reviewer", "completed_at", *_OF_SOME_ANSWERS))
    return {**review, **answer, "status": status, "updated_at": at}


def updated(review: Document, changes: Mapping[str, Any], now: datetime) -> Document:
    """Return the review with a checked body's changes: keys of the content are merged, the rest is replaced."""
    require_open(review, "updated")
    content = {**review["content"], **changes.get("content", {})}
    after: Document = {**review, **changes, "content": content}
    after["due_date"] = _normal(after["due_date"])
    if after["assignees"] != review["assignees"]:
        # The new assignees have not begun, whatever the old ones had done.
        after["status"] = _waiting(after["assignees"])
    return _next(after, now)


def started(review: Document, now: datetime) -> Document:
    """Return the review in progress; one that is already in progress stays as it is."""
    require_open(review, "started")
    return review if review["status"] == "in_progress" else _next({**review, "status": "in_progress"}, now)


def approved(review: Document, now: datetime) -> Document:
    """Return the review after one of several approvals."""
    return _next({**review, "status": "in_progress"}, now)


def answered(review: Document, decision: Decision, result: Mapping[str, Any], reviewer: str, now: datetime) -> Document:
    """Return the review with a person's answer."""
    require_open(review, decision)
    answer = {"status": decision, "result": dict(result), "reviewer": reviewer, "completed_at": to_wire(now)}
    return _next({**review, **answer}, now)


def is_given(
    review: Document,
    approvals: Sequence[Document],
    decision: Decision,
    result: Mapping[str, Any],
    reviewer: str,
    version: int,
) -> bool:
    """Return whether a person's answer to a version of the review is stored already, as its answer or an approval."""
    if review["status"] in OPEN and version >= review["version"]:
        return False  # read after the approval, and so meant as another one
    answer = [review] if review["status"] == decision else []
    counted = approvals if decision == "completed" and review["status"] in ("completed", *OPEN) else ()
    stored = [*answer, *counted]
    return any(_equal(each["result"], result) and name_key(each["reviewer"]) == name_key(reviewer) for each in stored)


def cancelled(review: Document, now: datetime) -> Document:
    """Return the review cancelled; a cancelled one stays as it is, so that the request may be repeated."""
    if review["status"] == "cancelled":
        return review
    require_open(review, "cancelled")
    return _next({**review, "status": "cancelled"}, now)


def expired(review: Document, at: datetime) -> Document:
    """Return the review as it stood at the moment its time ran out."""
    return _next({**review, "status": "expired"}, at)


def erased(review: Document) -> Document:
    """Return a finished review without what it was about, what was said, and what the program kept with it.

    Of the answer, the fields stay by which it is a yes or a no.
    """
    given: Document = review["result"] or {}
    named = review.get("verdict_field")
    fields = [*VERDICT_FIELDS, *([named] if named else [])]
    kept = {name: given[name] if isinstance(given[name], bool) else None for name in fields if name in given}
    result = None if review["result"] is None else kept
    return {**review, "content": {}, "metadata": {}, "result": result, "erased": True}


def expiry(review: Document, template: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return the review's due date or the end of its template's `timeout_hours`, whichever is first.

    A date in the past does not count: such a review is overdue from the start, and still wants an answer.
    """
    due = from_wire(review["due_date"]) if review["due_date"] else None
    times = (due, _timeout(review, template))
    return min((time for time in times if time is not None and time > now), default=None)


def expires_at(review: Document, template: Mapping[str, Any], now: datetime) -> str | None:
    """Return the same as the API writes it."""
    time = expiry(review, template, now)
    return None if time is None else to_wire(time)


def metadata_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the metadata of a new review; a client that does not know its server puts it into the content."""
    own: Mapping[str, Any] | None = body.get("metadata")
    if own is not None:
        return own
    hidden = as_object(as_object(body["content"].get(RESERVED)).get("metadata"))
    return {} if any(metadata("", hidden)) else hidden


def require_open(review: Document, done: str) -> None:
    """Refuse with 409 to do something with a finished review."""
    if review["status"] in FINAL:
        raise conflict(f"review {review['id']} is already {review['status']} and cannot be {done}; create a new review")


def require_version(review: Document, version: int | None) -> None:
    """Refuse with 409 to answer a review that has changed since its reviewer read it; None allows any version."""
    if version is not None and version != review["version"]:
        raise ApiError(
            409,
            "version_conflict",
            f"review {review['id']} has changed: it has version {review['version']} and not {version}; read it again",
        )


def _equal(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _waiting(assignees: object) -> str:
    return "assigned" if assignees else "created"


def _normal(time: str | None) -> str | None:
    return None if time is None else to_wire(from_wire(time))


def _next(review: Document, now: datetime) -> Document:
    return {**review, "updated_at": to_wire(now), "version": review["version"] + 1}


def _timeout(review: Document, template: Mapping[str, Any]) -> datetime | None:
    settings: Mapping[str, Any] = template.get("settings") or {}
    hours: float | None = settings.get("timeout_hours")
    if hours is None:
        return None
    try:
        return from_wire(review["created_at"]) + timedelta(hours=hours)
    except OverflowError:
        return None  # after the year 9999, which is never
