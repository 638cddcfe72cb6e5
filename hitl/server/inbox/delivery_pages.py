"""The log of webhook deliveries: what was sent where, what came back, and sending it once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl._moments import moment
from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.documents import Document
from hitl.server.inbox.filters import Filters
from hitl.server.inbox.page_handlers import PageHandlers, page_handler, redirect
from hitl.server.inbox.rendering import Json
from hitl.server.inbox.rows import pager
from hitl.server.inbox.submission import read_form
from hitl.server.inbox.times import span
from hitl.server.webhooks.deliveries import Deliveries

_LABELS = {"pending": "Pending", "delivered": "Delivered", "failed": "Failed"}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "delivered": "completed", "failed": "rejected"}


@dataclass(frozen=True, slots=True)
class DeliveryPages(PageHandlers):
    """The handlers of the log."""

    deliveries: Deliveries

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the deliveries, the newest first; `?status=` narrows them."""
        filters = Filters.read(request.query_params)
        status = request.query_params.get("status", "")
        status = status if status in _LABELS else ""
        found = self.deliveries.page(status=status or None, **filters.place)
        context: dict[str, Any] = {
            "view": "deliveries",
            "rows": [_row(document, self.reviews.clock()) for document in found.items],
            "status": status,
            "labels": _LABELS,
            "pager": pager(found, filters.page),
        }
        return self.render(request, "deliveries.html", context)

    @page_handler
    async def replay(self, request: Request) -> Response:
        """Send a delivery once more."""
        await read_form(request)
        self.deliveries.replay(str(request.path_params["delivery_id"]))
        return redirect(request, "/deliveries")


def _row(document: Document, now: datetime) -> Document:
    status: str = document["status"]
    label = _failing(document, now) if status == "pending" and document["attempts"] else _LABELS.get(status, status)
    looks = {"status": _LIKE.get(status, status), "status_label": label}
    return {**document, **looks, "payload": Json(without_files(document["payload"]))}


def _failing(document: Document, now: datetime) -> str:
    """Say what came of the last attempt, and when the next one is."""
    last = document["attempts"][-1]
    reason = str(last["status_code"]) if last["status_code"] else "no answer"
    if not document["due_at"]:
        return f"Failing: {reason}"
    return f"Failing: {reason}, next try in {span(max(0.0, (moment(document['due_at']) - now).total_seconds()))}"
