"""What the page of a request shows, computed from the document and the time: no HTTP, no HTML, no store."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from hitl._json import is_object
from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.documents import Document
from hitl.server.inbox.rendering import Block, Text, block
from hitl.server.inbox.request_handlers import HEADING, subject_of
from hitl.server.inbox.rows import PRIORITY_BARS
from hitl.server.inbox.times import age, due, full
from hitl.server.loops.lifecycle import OPEN

# A first line that can be taken off a text: no list, table, quote, fence or address, and no heading by its underline.
_ALONE: Final = re.compile(r"(?:#{1,6}\s+)?(?!https?://)[^\W_][^|`]*\Z|[¿¡“‘«「『(][^|`]*\Z")
_UNDERLINE: Final = re.compile(r"\s*(?:=+|-+)\s*(?:\n|\Z)")

_LABELS = {
    "pending": "Open",
    "claimed": "Claimed",
    "completed": "Answered",
    "timeout": "Timed out",
    "cancelled": "Cancelled",
}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "claimed": "in_progress", "timeout": "expired"}


def beyond_title(subject: str, text: str) -> Block | None:
    """Return what a page shows of a question below its title: the rest, or all where a part cannot stand alone."""
    first, _, rest = text.strip().partition("\n")
    said = first.strip()
    if HEADING.sub("", said) == subject and _ALONE.match(said) and not _UNDERLINE.match(rest):
        return block(rest.strip("\r\n")) if rest.strip() else None
    return block(text)


def request_heading(request: Document, now: datetime) -> dict[str, Any]:
    """Describe a request in a line or two, by the names of a review's `Summary` where a page shows the same."""
    status: str = request["status"]
    by = request.get("response_by_user")
    return {
        "request_id": request["id"],
        "subject": subject_of(request),
        "status": _LIKE.get(status, status),
        "status_label": _LABELS[status],
        "is_open": status in OPEN,
        "priority": request["priority"],
        "priority_bars": PRIORITY_BARS.get(request["priority"], 0),
        "created_at": request["created_at"],
        "age": age(request["created_at"], now),
        "due": due(request["timeout_at"], now) if status in OPEN else None,
        "answered_by": f"{by['name']} · {full(request['response_at'])}" if by else "",
    }


def shown_answer(request: Document) -> tuple[Block, Diff | None]:
    """Return the answer as a person reads it and, for an edited draft, what was changed in it."""
    data = request["response_data"]
    if not is_object(data):
        return block(data), None
    if "revised_text" in data:
        return Text(data["revised_text"]), Diff(request["response_config"]["draft_text"], data["revised_text"])
    names = ("selected_label", "selected_labels", "boolean_label", "formatted_value")
    return block(next((data[name] for name in names if name in data), data)), None
