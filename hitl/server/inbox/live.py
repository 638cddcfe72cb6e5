"""Live updates of open pages, as server-sent events (HTML, section 9.2).

Four kinds of events: `step` is something that happened to a review, `counts` how many the lists hold now, `request`
the present state of the one request to a loop that the page shows, and `reload` says that a page has missed too much.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from hitl.server.http import LAST_WORDS
from hitl.server.inbox.broadcaster import Broadcaster, State
from hitl.server.inbox.documents import STATUS_LABELS, Document
from hitl.server.inbox.page_handlers import PageHandlers
from hitl.server.inbox.submission import remembered_reviewer
from hitl.server.loops import LoopService, shown_digest
from hitl.server.primitives import ApiError
from hitl.server.reviews import FINAL, ReviewService

_LONGEST: Final = 15.0  # seconds without a look
_SHORTEST: Final = 0.05  # seconds: never spin, whatever the server's clock does

# What a step made of the review; a step that is not here may have left its status as it was.
_STATUSES: Final = {"started": "in_progress", "approved": "in_progress", **{status: status for status in FINAL}}


class Live:
    """The stream of changes: each page has one, and all of them have one broadcaster."""

    def __init__(self, handlers: PageHandlers) -> None:
        self._handlers = handlers
        self._reviews: ReviewService = handlers.reviews
        self._loops: LoopService = handlers.loops
        self._broadcaster = Broadcaster(self._reviews, _payload, self._states, self._pause)

    async def events(self, request: Request) -> StreamingResponse:
        """Stream the steps after the one that the header Last-Event-ID or `?after=` names, then new ones."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else self._reviews.last_step()
        states: list[State] = [("counts", remembered_reviewer(request))]
        if request_id := request.query_params.get("request"):
            states.append(("request", request_id))
        stream = self.stream(after, states)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def stream(self, after: int, states: Sequence[State]) -> AsyncGenerator[str, None]:
        """Yield the steps after a number as they come, and each of the states once and whenever it has changed."""
        with self._broadcaster.open(after, states) as page:
            while not self._reviews.changes.closed:
                yield await page.frame()
            yield LAST_WORDS

    def _states(self, wanted: Iterable[State]) -> Mapping[State, Any]:
        states = list(wanted)
        reviewers = [str(key) for name, key in states if name == "counts"]
        counts = self._handlers.counts_of(reviewers)
        found: dict[State, Any] = {("counts", reviewer): counts[reviewer] for reviewer in reviewers}
        for state in states:
            if state[0] == "request":
                found[state] = self._request(str(state[1]))
        return found

    def _request(self, request_id: str) -> Document:
        try:
            document = self._loops.get_request(request_id)
        except ApiError:
            return {"state": "gone", "shown": ""}
        return {"state": document["status"], "shown": shown_digest(document)}

    def _pause(self) -> float:
        """Return the seconds until something may fall due: reading is what makes a review expire."""
        due = self._reviews.clock.next_due()
        if due is None:
            return _LONGEST
        return min(_LONGEST, max(_SHORTEST, (due - self._reviews.clock()).total_seconds()))


def _payload(step: Document) -> Document:
    status = _STATUSES.get(step["event"])
    shown = {name: step[name] for name in ("review_id", "version", "event", "actor")}
    return {**shown, "status": status, "label": STATUS_LABELS[status] if status else ""}
