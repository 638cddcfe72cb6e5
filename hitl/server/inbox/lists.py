"""The lists of reviews: who reads them, what they show, and what is saved or exported of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.bulk import MOST_PICKS
from hitl.server.inbox.documents import STATUS_LABELS
from hitl.server.inbox.exports import REVIEW_COLUMNS, list_as_csv, review_parts
from hitl.server.inbox.filters import AGES, DUE, SORTS, VERDICTS, VIEWS, Filters, return_link
from hitl.server.inbox.hidden_characters import has_hidden
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, page_handler, redirect
from hitl.server.inbox.rows import Group, Summary, Tally, due_bounds, grouped, pager, summary, tally
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import read_form, read_reviewer, remembered_reviewer
from hitl.server.inbox.times import took
from hitl.server.primitives import ApiError, Page, clean_name
from hitl.server.reviews import FINAL, PRIORITIES, ReviewQuery

_MOST_TEMPLATES = 200  # that the filter offers; the others can be searched for
_DAY = timedelta(days=1)

_LONGEST_NUMBER = 19  # digits


class Lists(PageHandlers):
    """The handlers of the pages that show many reviews."""

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the open reviews, those assigned to the reviewer, or the finished ones."""
        me, now = remembered_reviewer(request), self.reviews.clock()
        filters = Filters.read(request.query_params, "mine" if me else "open")
        found, due_counts = self._found(filters, me)
        if filters.page > 1 and not found.items:
            return redirect(request, f"/{filters.link(page=1)}")
        rows = self._rows(found)
        context: dict[str, Any] = {
            "filters": filters,
            "view": filters.view,
            "rows": rows,
            "groups": grouped(rows, now, due_counts) if filters.order == "due" else [Group("", rows)],
            "has_askers": any(row.asker for row in rows),
            "overdue": due_counts[0],  # told where the list has groups
            "total": found.total,
            "most_picks": MOST_PICKS,
            "sums": self._sums(filters, me) if filters.view == "done" and not filters.q else None,
            "mine_today": lambda: self._mine_today(me),
            "present": self.presence.others(me),
            "run": Run.begin(filters, now),
            "here": request.query_params.get("here") or request.query_params.get("last", ""),
            "saved_here": [view for view in self.views.of(me) if view.query == filters.link()],
            "pager": pager(found, filters.page),
            "choices": self._choices(filters, rows, found),
        }
        return self.render(request, "overview.html", context)

    @page_handler
    def export(self, request: Request) -> Response:
        """Return the whole list as CSV, in its order; it is read in parts while it is sent."""
        me = remembered_reviewer(request)
        filters = Filters.read(request.query_params, "mine" if me else "open")
        now = self.reviews.clock()
        query = filters.query(me, now) if me or filters.view != "mine" else ReviewQuery(ids=())
        return list_as_csv(filters.view, now, REVIEW_COLUMNS, review_parts(self.reviews, self.template_of, query))

    @page_handler
    async def introduce(self, request: Request) -> Response:
        """Remember the reviewer's name, and redirect to the list of their reviews."""
        reviewer = await read_reviewer(request)
        if fault := name_fault(reviewer):
            raise ApiError(422, "validation_error", fault)
        return self.redirect(request, "/?view=mine", reviewer)

    @page_handler
    async def save_view(self, request: Request) -> Response:
        """Save a list under a name."""
        sent = await read_form(request)
        return await in_worker(self._save_view, request, sent)

    def _save_view(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        link = Filters.of_link(return_link(sent)).link()
        self.views.save(remembered_reviewer(request), clean_name(sent.get("name", [""])[0]), link)
        return redirect(request, f"/{link}")

    @page_handler
    async def delete_view(self, request: Request) -> Response:
        """Forget a saved list."""
        sent = await read_form(request)
        number = str(request.path_params["number"])
        if number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER:
            await in_worker(self.views.delete, remembered_reviewer(request), int(number))
        return redirect(request, f"/{return_link(sent)}")

    @page_handler
    def keys(self, request: Request) -> Response:
        """List the keyboard shortcuts."""
        return self.render(request, "shortcuts.html", {})

    def _found(self, filters: Filters, reviewer: str) -> tuple[Page, list[int]]:
        """Return a page of the list, and how many of the whole are overdue, due soon, due later, and not due at all.

        The numbers are those of a list that is sorted by due date.
        """
        now = self.reviews.clock()
        if filters.view == "mine" and not reviewer:
            return Page([], 0), [0]
        query = filters.query(reviewer, now)
        if filters.order == "due":
            return self.reviews.list_by_deadline(query, due_bounds(now))
        return self.reviews.list_reviews(query), [0]

    def _sums(self, filters: Filters, reviewer: str) -> Tally:
        now = self.reviews.clock()
        return tally(*self.reviews.tally(filters.query(reviewer, now), now - _DAY))

    def _mine_today(self, reviewer: str) -> tuple[int, str]:
        """Return how many reviews the reviewer has answered in a day, or anybody, and the median time to an answer."""
        query = ReviewQuery(status=FINAL, reviewer=reviewer or None)
        counts, seconds = self.reviews.tally(query, self.reviews.clock() - _DAY)
        return tally(counts, seconds).answered, "" if seconds is None else took(seconds)

    def _rows(self, found: Page) -> list[Summary]:
        now = self.reviews.clock()
        return [
            summary(review, self.template_of(review), now, self.reviews.seconds_to_expiry(review["id"]))
            for review in found.items
        ]

    def _choices(self, filters: Filters, rows: Sequence[Summary], found: Page) -> dict[str, Any]:
        templates = self.reviews.list_templates(limit=_MOST_TEMPLATES).items
        assignees: set[str] = {name for review in found.items for name in review.get("assignees") or ()}
        askers = {row.asker for row in rows} - {""}
        return {
            "statuses": {status: STATUS_LABELS[status] for status in VIEWS[filters.view]},
            "verdicts": VERDICTS,
            "priorities": {priority: priority.capitalize() for priority in PRIORITIES},
            "templates": {template["id"]: str(template["name"]) for template in templates},
            "assignees": sorted(name for name in assignees if not has_hidden(name)),
            "askers": {name: name for name in sorted(askers) if not has_hidden(name)},
            "dues": DUE,
            "ages": AGES,
            "sorts": SORTS,
        }
