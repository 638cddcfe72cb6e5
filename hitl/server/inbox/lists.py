"""The lists of reviews, who reads them, and what is done to many reviews at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.bulk import ACTIONS, Order, carry_out, plan, read_picks
from hitl.server.inbox.documents import STATUS_LABELS
from hitl.server.inbox.filters import DUE, SORTS, VIEWS, Filters
from hitl.server.inbox.hidden_characters import has_hidden
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, page_handler, redirect
from hitl.server.inbox.submission import read_form, read_reviewer, remember_reviewer, remembered_reviewer
from hitl.server.inbox.views import Summary, pager, summary
from hitl.server.primitives import ApiError, Page, clean_name
from hitl.server.reviews import PRIORITIES

_MOST_TEMPLATES = 200  # that the filter offers; the others can be searched for


class Lists(PageHandlers):
    """The handlers of the pages that show many reviews."""

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the open reviews, those assigned to the reviewer, or the finished ones."""
        filters = Filters.read(request.query_params)
        found = self._found(request, filters)
        if filters.page > 1 and not found.items:
            return redirect(request, f"/{filters.link(page=1)}")
        context = {
            "filters": filters,
            "view": filters.view,
            "rows": self._rows(found),
            "pager": pager(found, filters.page),
            **self._choices(found),
            **self.counts(request),
        }
        return self.render(request, "overview.html", context)

    @page_handler
    async def introduce(self, request: Request) -> Response:
        """Remember the reviewer's name, and redirect to the list of their reviews."""
        reviewer = await read_reviewer(request)
        if fault := name_fault(reviewer):
            raise ApiError(422, "validation_error", fault)
        return self.redirect(request, "/?view=mine", reviewer)

    @page_handler
    async def bulk(self, request: Request) -> Response:
        """Preview an action on the selected reviews; carry it out when that page is confirmed."""
        return await in_worker(self._bulk, request, await read_form(request))

    def _bulk(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        picks, order, confirmed = read_picks(sent.get("pick", [])), _order(request, sent), "confirmed" in sent
        if order.action not in ACTIONS or not picks:
            raise ApiError(422, "validation_error", "Select at least one review and choose an action.")
        fault = _order_fault(order) if confirmed else ""
        done = confirmed and not fault
        entries = carry_out(self.reviews, picks, order) if done else plan(self.reviews, picks, order.action)
        context = {
            "action": ACTIONS[order.action],
            "order": order,
            "fault": fault,
            "done": done,
            "back": _return_address(sent),
            "going": [entry for entry in entries if not entry.obstacle],
            "left": [entry for entry in entries if entry.obstacle],
        }
        none_done = done and all(entry.obstacle for entry in entries)
        response = self.render(request, "bulk.html", context, 422 if fault else 409 if none_done else 200)
        if done:
            remember_reviewer(response, order.reviewer)
        return response

    def _found(self, request: Request, filters: Filters) -> Page:
        reviewer = remembered_reviewer(request)
        if filters.view == "mine" and not reviewer:
            return Page([], 0)
        return self.reviews.list_reviews(filters.query(reviewer, self.reviews.clock()))

    def _rows(self, found: Page) -> list[Summary]:
        now = self.reviews.clock()
        return [
            summary(review, self.template_of(review), now, self.reviews.seconds_to_expiry(review["id"]))
            for review in found.items
        ]

    def _choices(self, found: Page) -> dict[str, Any]:
        templates = self.reviews.list_templates(limit=_MOST_TEMPLATES).items
        assignees: set[str] = {name for review in found.items for name in review.get("assignees") or ()}
        return {
            "statuses": {view: {status: STATUS_LABELS[status] for status in VIEWS[view]} for view in VIEWS},
            "priorities": {priority: priority.capitalize() for priority in PRIORITIES},
            "templates": {template["id"]: str(template["name"]) for template in templates},
            "assignees": sorted(name for name in assignees if not has_hidden(name)),
            "dues": DUE,
            "sorts": SORTS,
        }


def _order(request: Request, sent: Mapping[str, Sequence[str]]) -> Order:
    first = {name: values[0].strip() for name, values in sent.items()}
    reviewer = clean_name(first.get("reviewer", "")) or remembered_reviewer(request)
    return Order(first.get("action", ""), reviewer, clean_name(first.get("assignee", "")))


def _order_fault(order: Order) -> str:
    if order.action == "reassign" and not order.assignee:
        return "Enter the new reviewer."
    if fault := name_fault(order.assignee or order.reviewer):
        return fault
    return name_fault(order.reviewer) or ""


def _return_address(sent: Mapping[str, Sequence[str]]) -> str:
    """Return the query of the list that the form was sent from; only a query, so that it cannot lead elsewhere."""
    query = sent.get("back", [""])[0]
    return query if query.startswith("?") else ""
