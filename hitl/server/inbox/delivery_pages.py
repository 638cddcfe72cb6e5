"""The log of webhook deliveries: what was sent where, what came back, and sending it once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.documents import Document
from hitl.server.inbox.filters import PAGE_SIZE, Filters
from hitl.server.inbox.page_handlers import PageHandlers, errors_as_pages, redirect
from hitl.server.inbox.page_renderer import PageRenderer
from hitl.server.inbox.rendering import Json
from hitl.server.inbox.submission import read_form
from hitl.server.inbox.times import full, parse
from hitl.server.inbox.views import pager
from hitl.server.loops import LoopService
from hitl.server.reviews import ReviewService
from hitl.server.webhooks.deliveries import Deliveries

_LABELS = {"pending": "Pending", "delivered": "Delivered", "failed": "Failed"}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "delivered": "completed", "failed": "rejected"}


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as the page shows it; `status` is the state of a review that looks the same."""

    delivery_id: str
    event: str
    subject_id: str
    url: str
    status: str
    status_label: str
    created: str
    created_at: datetime
    next_try: str
    payload: Json
    attempts: list[AttemptView]


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt: when, what came of it in a few words, and the beginning of what was answered."""

    at: str
    outcome: str
    response: str


class DeliveryPages(PageHandlers):
    """The handlers of the log."""

    def __init__(
        self, reviews: ReviewService, loops: LoopService, renderer: PageRenderer, deliveries: Deliveries
    ) -> None:
        super().__init__(reviews, loops, renderer)
        self._deliveries = deliveries

    async def overview(self, request: Request) -> Response:
        """List the deliveries, the newest first; `?status=` narrows them."""
        page = Filters.read(request.query_params).page
        status = request.query_params.get("status", "")
        status = status if status in _LABELS else ""
        found = self._deliveries.page(status=status or None, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        context: dict[str, Any] = {
            "rows": [delivery(document) for document in found.items],
            "status": status,
            "labels": _LABELS,
            "pager": pager(found.total, page),
            **self.counts(request),
        }
        return self.render(request, "deliveries.html", context)

    @errors_as_pages
    async def replay(self, request: Request) -> Response:
        """Send a delivery once more."""
        await read_form(request)
        self._deliveries.replay(str(request.path_params["delivery_id"]))
        return redirect(request, "/deliveries")


def delivery(document: Document) -> DeliveryView:
    """Describe a delivery."""
    status: str = document["status"]
    return DeliveryView(
        delivery_id=document["id"],
        event=document["event"],
        subject_id=document["subject_id"],
        url=document["url"],
        status=_LIKE.get(status, status),
        status_label=_LABELS.get(status, status),
        created=full(document["created_at"]),
        created_at=parse(document["created_at"]),
        next_try=full(document["due_at"]) if status == "pending" and document["due_at"] else "",
        payload=Json(without_files(document["payload"])),
        attempts=[_attempt(attempt) for attempt in document["attempts"]],
    )


def _attempt(attempt: Document) -> AttemptView:
    outcome = f"HTTP {attempt['status_code']}" if attempt["status_code"] else str(attempt["error"])
    duration = f" after {attempt['duration']:.2f} s" if attempt["duration"] is not None else ""
    return AttemptView(full(attempt["at"]), outcome + duration, attempt["response"] or "")
