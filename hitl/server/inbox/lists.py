"""The lists of reviews, who reads them, and what is done to many reviews at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.bulk import ACTIONS, MOST_PICKS, UNCONFIRMED, Order, carry_out, plan, read_picks
from hitl.server.inbox.documents import STATUS_LABELS
from hitl.server.inbox.filters import AGES, DUE, SORTS, VIEWS, Filters
from hitl.server.inbox.hidden_characters import has_hidden
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, new_batch, page_handler, redirect
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import read_form, read_reviewer, remember_reviewer, remembered_reviewer, reviewer_of
from hitl.server.inbox.views import Pick, Summary, grouped, pager, summary
from hitl.server.primitives import ApiError, Page, clean_name
from hitl.server.reviews import PRIORITIES

_MOST_TEMPLATES = 200  # that the filter offers; the others can be searched for

_LONGEST_NUMBER = 19  # digits


class Lists(PageHandlers):
    """The handlers of the pages that show many reviews."""

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the open reviews, those assigned to the reviewer, or the finished ones."""
        me, now = remembered_reviewer(request), self.reviews.clock()
        filters = Filters.read(request.query_params, "mine" if me else "open")
        found = self._found(request, filters)
        if filters.page > 1 and not found.items:
            return redirect(request, f"/{filters.link(page=1)}")
        context = {
            "filters": filters,
            "view": filters.view,
            "groups": grouped(self._rows(found), by_due=filters.sort == "due"),
            "total": found.total,
            "present": self.presence.others(me),
            "run": Run.begin(filters, now),
            "here": request.query_params.get("here") or request.query_params.get("last", ""),
            "saved_here": [view for view in self.views.of(me) if view.query == filters.link()],
            "pager": pager(found, filters.page),
            **self._choices(found),
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
    async def undo(self, request: Request) -> Response:
        """Take an answer back and show its review again, or the list if there were several."""
        return await in_worker(self._undo, request, await read_form(request))

    def _undo(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        run = Run.read(dict(parse_qsl(_return_address(sent).removeprefix("?"))))
        try:
            taken = self.reviews.undo(str(request.path_params["batch"]))
        except ApiError:
            context = {
                "title": "Too late to undo",
                "message": "The answer was sent.",
                "last": sent.get("last", [""])[0],
            }
            return self.render(request, "refused.html", context, 409)
        if len(taken) > 1:
            return redirect(request, f"/{run.filters.link() if run else ''}")
        address = run.after_answers(-1).address if run else ""
        return redirect(request, f"/reviews/{quote(taken[0].review_id)}{address}")

    @page_handler
    async def save_view(self, request: Request) -> Response:
        """Save a list under a name."""
        sent = await read_form(request)
        return await in_worker(self._save_view, request, sent)

    def _save_view(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        query = Filters.read(dict(parse_qsl(_return_address(sent).removeprefix("?")))).link()
        self.views.save(remembered_reviewer(request), clean_name(sent.get("name", [""])[0]), query)
        return redirect(request, f"/{query}")

    @page_handler
    async def delete_view(self, request: Request) -> Response:
        """Forget a saved list."""
        sent = await read_form(request)
        number = str(request.path_params["number"])
        if number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER:
            await in_worker(self.views.delete, remembered_reviewer(request), int(number))
        return redirect(request, f"/{_return_address(sent)}")

    @page_handler
    def keys(self, request: Request) -> Response:
        """List the keyboard shortcuts."""
        return self.render(request, "shortcuts.html", {})

    @page_handler
    async def bulk(self, request: Request) -> Response:
        """Preview an action on the selected reviews; carry it out when that page is confirmed."""
        return await in_worker(self._bulk, request, await read_form(request))

    def _bulk(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        picks, order, confirmed = read_picks(sent.get("pick", [])), self._order(request, sent), "confirmed" in sent
        if "all" in sent:
            picks = self._all(request, _return_address(sent))
        if order.action not in ACTIONS or not picks:
            raise ApiError(422, "validation_error", "Select at least one review and choose an action.")
        fault = _order_fault(order, len(picks), sent.get("typed", [""])[0]) if confirmed else ""
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
            "undo_seconds": order.seconds,
            "can_undo": done and bool(self.reviews.held_batch(order.batch)),
            "unconfirmed": UNCONFIRMED,
        }
        none_done = done and all(entry.obstacle for entry in entries)
        response = self.render(request, "bulk.html", context, 422 if fault else 409 if none_done else 200)
        if done:
            remember_reviewer(request, response, order.reviewer)
        return response

    def _order(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Order:
        first = {name: values[0].strip() for name, values in sent.items()}
        reviewer = reviewer_of(request, first.get("reviewer", "")) or remembered_reviewer(request)
        assignee = clean_name(first.get("assignee", ""))
        return Order(first.get("action", ""), reviewer, assignee, self.undo_seconds, new_batch())

    def _all(self, request: Request, address: str) -> list[Pick]:
        """Return every review of a list, as it is now; the confirmation then counts for these only."""
        filters = Filters.read(dict(parse_qsl(address.removeprefix("?"))))
        query = filters.query(remembered_reviewer(request), self.reviews.clock())
        found = self.reviews.list_reviews(replace(query, limit=MOST_PICKS, offset=0, after=None))
        return [Pick.of(review, self.template_of(review)) for review in found.items]

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
            "ages": AGES,
            "sorts": SORTS,
        }


def _order_fault(order: Order, count: int, typed: str) -> str:
    if order.action == "reassign" and not order.assignee:
        return "Enter the new reviewer."
    if count > UNCONFIRMED and typed.strip() != str(count):
        return f"Type {count} to confirm that you mean all of them."
    if fault := name_fault(order.assignee or order.reviewer):
        return fault
    return name_fault(order.reviewer) or ""


def _return_address(sent: Mapping[str, Sequence[str]]) -> str:
    """Return the query of the list that the form was sent from; only a query, so that it cannot lead elsewhere."""
    query = sent.get("back", [""])[0]
    return query if query.startswith("?") else ""
