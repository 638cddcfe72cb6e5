"""What the pages of requests to loops show, computed from documents and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.documents import Document, is_object
from hitl.server.inbox.rendering import Block, Text, block, subject
from hitl.server.inbox.times import Due, age, due, full, parse
from hitl.server.loops.lifecycle import OPEN

_LABELS = {
    "pending": "Open",
    "claimed": "Claimed",
    "completed": "Answered",
    "timeout": "Timed out",
    "cancelled": "Cancelled",
}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "claimed": "in_progress", "timeout": "expired"}
_BARS = {"low": 1, "medium": 2, "high": 3, "critical": 3}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in a line or two; it has the names of a review's `Summary` where a page shows the same."""

    request_id: str
    subject: str
    status: str
    status_label: str
    is_open: bool
    priority: str
    priority_bars: int
    created_at: datetime
    created: str
    age: str
    due: Due | None
    due_full: str
    answered_by: str


def asked(request: Document, now: datetime) -> Asked:
    """Describe a request."""
    status: str = request["status"]
    still_open = status in OPEN
    by = request.get("response_by_user")
    return Asked(
        request_id=request["id"],
        subject=subject({"text": request["request_text"]}) or request["id"],
        status=_LIKE.get(status, status),
        status_label=_LABELS[status],
        is_open=still_open,
        priority=request["priority"],
        priority_bars=_BARS.get(request["priority"], 0),
        created_at=parse(request["created_at"]),
        created=full(request["created_at"]),
        age=age(request["created_at"], now),
        due=due(request["timeout_at"], now) if still_open else None,
        due_full=full(request["timeout_at"]),
        answered_by=f"{by['name']} · {full(request['response_at'])}" if by else "",
    )


def answer_block(request: Document) -> tuple[Block, Diff | None]:
    """Return the answer as a person reads it and, for an edited draft, what was changed in it."""
    data = request["response_data"]
    if not is_object(data):
        return block(data), None
    if "revised_text" in data:
        return Text(data["revised_text"]), Diff(request["response_config"]["draft_text"], data["revised_text"])
    for name in ("selected_label", "selected_labels", "boolean_label", "formatted_value"):
        if name in data:
            return block(data[name]), None
    return block(data), None
