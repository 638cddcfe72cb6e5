"""The pages of what is done to many reviews at once: its preview, its outcome, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.bulk import ACTIONS, MOST_PICKS, UNCONFIRMED, Order, by_template, carry_out, plan, read_picks
from hitl.server.inbox.filters import Filters, return_link
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, new_batch, page_handler, redirect
from hitl.server.inbox.rows import Pick
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import read_form, remember_reviewer, remembered_reviewer, reviewer_of
from hitl.server.primitives import ApiError, actor_of, clean_name


class BulkPages(PageHandlers):
    """The handlers of these pages."""

    @page_handler
    async def bulk(self, request: Request) -> Response:
        """Preview an action on the selected reviews; carry it out when that page is confirmed."""
        return await in_worker(self._bulk, request, await read_form(request))

    def _bulk(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        picks, order, confirmed = read_picks(sent.get("pick", [])), self._order(request, sent), "confirmed" in sent
        found = len(picks)
        if "all" in sent:
            picks, found = self._all(request, return_link(sent))
        if order.action not in ACTIONS or not picks:
            raise ApiError(422, "validation_error", "Select at least one review and choose an action.")
        fault = _order_fault(order, len(picks), sent.get("typed", [""])[0]) if confirmed else ""
        done = confirmed and not fault
        present = self.presence.others(order.reviewer)
        entries = carry_out(self.reviews, picks, order) if done else plan(self.reviews, picks, order, present)
        going = [entry for entry in entries if not entry.obstacle]
        context: dict[str, Any] = {
            "action": ACTIONS[order.action],
            "order": order,
            "fault": fault,
            "done": done,
            "back": return_link(sent),
            "going": going,
            "kinds": by_template(going),
            "list_name": Filters.of_link(return_link(sent)).title,
            "left": [entry for entry in entries if entry.obstacle],
            "beyond": found - len(picks),
            "can_undo": done and bool(self.reviews.held_batch(order.batch)),
            "unconfirmed": UNCONFIRMED,
        }
        none_done = done and not going
        response = self.render(request, "bulk.html", context, 422 if fault else 409 if none_done else 200)
        if done:
            remember_reviewer(request, response, order.reviewer)
        return response

    @page_handler
    async def undo(self, request: Request) -> Response:
        """Take an answer back and show its review again, or the list if there were several."""
        return await in_worker(self._undo, request, await read_form(request))

    def _undo(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        run = Run.of_link(return_link(sent))
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

    def _order(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Order:
        first = {name: values[0].strip() for name, values in sent.items()}
        reviewer = reviewer_of(request, first.get("reviewer", "")) or remembered_reviewer(request)
        assignee, actor = clean_name(first.get("assignee", "")), actor_of(request.scope)
        return Order(first.get("action", ""), reviewer, assignee, self.undo_seconds, new_batch(), actor)

    def _all(self, request: Request, link: str) -> tuple[list[Pick], int]:
        """Return the reviews of a list, as it is now, up to the most, and how many it has.

        The confirmation then counts for these only.
        """
        filters = Filters.of_link(link)
        query = filters.query(remembered_reviewer(request), self.reviews.clock())
        found = self.reviews.list_reviews(replace(query, limit=MOST_PICKS, offset=0, after=None))
        return [Pick.of(review, self.template_of(review)) for review in found.items], found.total


def _order_fault(order: Order, count: int, typed: str) -> str:
    if order.action == "reassign" and not order.assignee:
        return "Enter the new reviewer."
    if count > UNCONFIRMED and typed.strip().replace(",", "") != str(count):
        return f"Type {count} to confirm that you mean all of them."
    if fault := name_fault(order.assignee or order.reviewer):
        return fault
    return name_fault(order.reviewer) or ""
