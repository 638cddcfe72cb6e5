"""What the page of a request shows, computed from the document and the time: no HTTP, no HTML, no store."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Any

from hitl._json import is_list, is_object
from hitl.server.inbox.attachments import size_in_words
from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.documents import Document
from hitl.server.inbox.rendering import Block, Text, block
from hitl.server.inbox.request_handlers import subject_of
from hitl.server.inbox.rows import PRIORITY_BARS
from hitl.server.inbox.times import age, due, full
from hitl.server.loops.lifecycle import OPEN
from hitl.server.loops.schemas import SHOWN
from hitl.server.uploads import Upload

_LABELS = {
    "pending": "Open",
    "claimed": "Claimed",
    "completed": "Answered",
    "timeout": "Timed out",
    "cancelled": "Cancelled",
}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "claimed": "in_progress", "timeout": "expired"}


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


def beyond_files(request: Document, drawn: Container[str]) -> Document:
    """Return what a request shows beside its text, without the addresses of files that are drawn by themselves."""
    enclosed = {name: request[name] for name in SHOWN if request.get(name)}
    left: Document = {}
    for name, value in enclosed.items():
        kept = [each for each in value if each not in drawn] if is_list(value) else value
        if kept and not (isinstance(kept, str) and kept in drawn):
            left[name] = kept
    return left if any(name.endswith(("_url", "_urls")) for name in left) else {}


def drawn_files(uploads: Iterable[Upload], root: str) -> list[Document]:
    """Return files of this server, each once, with the addresses of the page's own origin, which begin with `root`."""
    each_once = {upload.id: upload for upload in uploads}
    return [{"src": f"{root}{it.path}", "size": size_in_words(it.size), "file": it} for it in each_once.values()]
