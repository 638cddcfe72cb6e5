"""The lists of requests to loops, drawn as those of reviews: one row says the same of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hitl._json import is_object
from hitl.server.inbox.documents import Document
from hitl.server.inbox.exports import REQUEST_COLUMNS, list_as_csv, request_parts
from hitl.server.inbox.filters import AGES, DUE, REQUEST_PRIORITIES, SORTS, Filters
from hitl.server.inbox.page_handlers import page_handler, redirect
from hitl.server.inbox.request_handlers import RequestHandlers
from hitl.server.inbox.request_run import RequestRun
from hitl.server.inbox.rows import PRIORITY_BARS, Group, Summary, asker_of, pager
from hitl.server.inbox.submission import remembered_reviewer
from hitl.server.inbox.times import age, due, took
from hitl.server.inbox.titles import lines_of_text
from hitl.server.loops import RequestQuery
from hitl.server.loops.lifecycle import OPEN
from hitl.server.primitives import Page

_MOST_LOOPS: Final = 200  # whose names are known, and that the filter offers
_LABELS: Final = {"completed": "Answered", "timeout": "Timed out", "cancelled": "Cancelled"}
_VERDICTS: Final = {"completed": "answered", "timeout": "expired", "cancelled": "cancelled"}
_ANSWERS: Final = ("selected_label", "boolean_label", "formatted_value", "rating_label", "rating", "revised_text")


class RequestLists(RequestHandlers):
    """The handlers of these lists."""

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the requests that wait for the reviewer, those that wait for anybody, or those that do not wait."""
        me, now = remembered_reviewer(request), self.reviews.clock()
        filters = Filters.read(request.query_params, subject="requests")
        found = self._found(filters, me)
        if filters.page > 1 and not found.items:
            return redirect(request, f"/{filters.link(page=1)}")
        loops = self._loop_names()
        rows = [request_summary(document, loops.get(document["loop_id"], ""), now) for document in found.items]
        context: dict[str, Any] = {
            "filters": filters,
            "view": "requests",
            "rows": rows,
            "groups": [Group("", rows)],
            "has_askers": any(row.asker for row in rows),
            "overdue": 0,
            "sums": None,
            "total": found.total,
            "most_picks": 0,
            "present": {},
            "run": None if filters.view == "done" else RequestRun.begin(filters, now),
            "here": request.query_params.get("here", ""),
            "saved_here": [view for view in self.views.of(me) if view.query == filters.link()],
            "pager": pager(found, filters.page),
            "choices": {
                "loops": loops,
                "priorities": {priority: priority.capitalize() for priority in REQUEST_PRIORITIES},
                "dues": DUE,
                "ages": AGES,
                "sorts": SORTS,
            },
        }
        return self.render(request, "overview.html", context)

    @page_handler
    def export(self, request: Request) -> Response:
        """Return the whole list as CSV, in its order; it is read in parts while it is sent."""
        me, now = remembered_reviewer(request), self.reviews.clock()
        filters = Filters.read(request.query_params, subject="requests")
        is_nobodys = filters.view == "mine" and not me
        query = RequestQuery(ids=()) if is_nobodys else filters.request_query(me, now)
        parts = request_parts(self.loops, self._loop_names(), query)
        return list_as_csv(f"requests-{filters.view}", now, REQUEST_COLUMNS, parts)

    def _loop_names(self) -> dict[str, str]:
        return {str(loop["id"]): str(loop["name"]) for loop in self.loops.newest_loops(_MOST_LOOPS)}

    def _found(self, filters: Filters, reviewer: str) -> Page:
        if filters.view == "mine" and not reviewer:
            return Page([], 0)
        return self.loops.list_requests(filters.request_query(reviewer, self.reviews.clock()))


def request_summary(request: Document, loop: str, now: datetime) -> Summary:
    """Describe a request in a line, as `summary` describes a review; `loop` is the name of its loop."""
    status, priority = request["status"], str(request["priority"])
    lines = lines_of_text(request["request_text"])
    by, ended_at = request["response_by_user"], request["response_at"] or request["updated_at"]
    verdict = _VERDICTS.get(status, "")
    seconds = request["response_time_seconds"]
    return Summary(
        review_id=request["id"],
        path=f"requests/{request['id']}",
        kind="question",
        subject=next(lines, "") or request["id"],
        excerpt=_answer(request) if verdict else next(lines, ""),
        template=loop,
        asker=asker_of(request),
        status="in_progress" if status == "claimed" else status,
        status_label="Claimed" if status == "claimed" else _LABELS.get(status, "Open"),
        priority=priority,
        priority_bars=PRIORITY_BARS.get(priority, 0),
        assignees=[],
        created_at=request["created_at"],
        age=age(request["created_at"], now),
        due=due(request["timeout_at"], now) if status in OPEN else None,
        pick="",
        reviewer=str(by["name"]) if by else "",
        finished_at=ended_at,
        verdict=verdict,
        verdict_label=_LABELS.get(status, ""),
        took=took(seconds) if seconds is not None else "",
        finished_ago=age(ended_at, now) if verdict else "",
    )


def _answer(request: Document) -> str:
    """Return the first line of the answer, in quotes."""
    data = request["response_data"]
    if is_object(data):
        labels = data.get("selected_labels")
        data = ", ".join(map(str, labels)) if labels else next((data[name] for name in _ANSWERS if name in data), None)
    line = next(lines_of_text(str(data)), "") if data is not None else ""
    return f"“{line}”" if line else ""
