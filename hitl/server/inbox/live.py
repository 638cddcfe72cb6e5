"""Live updates of open pages, as server-sent events (HTML, section 9.2).

Three kinds of events: `step` is something that happened to a review, `counts` how many the lists hold now, `request`
the present state of the one request to a loop that the page shows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from hitl.server.http import in_worker
from hitl.server.inbox.documents import STATUS_LABELS, Document
from hitl.server.inbox.page_handlers import PageHandlers
from hitl.server.loops import shown_digest
from hitl.server.primitives import ApiError
from hitl.server.reviews import FINAL

_HEARTBEAT: Final = 15.0  # seconds: dead clients are detected at the next write
_SHORTEST: Final = 0.05  # seconds: never spin, whatever the server's clock does
_DEBOUNCE: Final = 0.1  # seconds: under load, changes within this time are sent together
_BATCH: Final = 100  # steps

# What a step made of the review; a step that is not here may have left its status as it was.
_STATUSES: Final = {"started": "in_progress", "approved": "in_progress", **{status: status for status in FINAL}}


class Live(PageHandlers):
    """The stream of changes."""

    async def events(self, request: Request) -> StreamingResponse:
        """Stream the steps after the one that the header Last-Event-ID or `?after=` names, then new ones."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else self.reviews.last_step()
        states: dict[str, Callable[[], Any]] = {"counts": lambda: self.counts(request)}
        if request_id := request.query_params.get("request"):
            states["request"] = lambda: self._request(request_id)
        stream = self.stream(after, states)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def stream(self, after: int, states: dict[str, Callable[[], Any]]) -> AsyncGenerator[str, None]:
        """Yield the steps after a number as they come, and each of the states once and whenever it has changed."""
        sent: dict[str, Any] = {}
        # The watch begins before the first read, so that no change falls between the two.
        with self.reviews.changes.watch(None, is_request=False) as watch:
            while not self.reviews.changes.closed:
                steps = self.reviews.steps_after(after, _BATCH)
                for step in steps:
                    after = step["number"]
                    yield _event("step", _payload(step), after)
                if len(steps) == _BATCH:
                    continue  # there may be more
                for name, state in states.items():
                    now = await in_worker(state)  # it may count the contents of all open reviews
                    if sent.get(name) != now:
                        sent[name] = now
                        yield _event(name, now)
                await watch.change(self._pause())
                await asyncio.sleep(_DEBOUNCE)
                yield ": still here\n\n"

    def _request(self, request_id: str) -> Document:
        try:
            document = self.loops.get_request(request_id)
        except ApiError:
            return {"state": "gone", "shown": ""}
        return {"state": document["status"], "shown": shown_digest(document)}

    def _pause(self) -> float:
        """Return the seconds until something may fall due: reading is what makes a review expire."""
        due = self.reviews.clock.next_due()
        if due is None:
            return _HEARTBEAT
        return min(_HEARTBEAT, max(_SHORTEST, (due - self.reviews.clock()).total_seconds()))


def _payload(step: Document) -> Document:
    status = _STATUSES.get(step["event"])
    shown = {name: step[name] for name in ("review_id", "version", "event", "actor")}
    return {**shown, "status": status, "label": STATUS_LABELS[status] if status else ""}


def _event(name: str, data: Any, number: int | None = None) -> str:
    # JSON holds no line break, so one `data` line is enough.
    line = f"id: {number}\n" if number is not None else ""
    return f"{line}event: {name}\ndata: {json.dumps(data)}\n\n"
