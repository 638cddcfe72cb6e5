"""The pages of what is done to many reviews at once: its preview, its outcome, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import in_worker
from hitl.server.inbox.bulk import MOST_PICKS, NOBODY, UNTYPED, Entry, carry_out, plan, read_picks
from hitl.server.inbox.bulk_actions import ACTIONS, Order
from hitl.server.inbox.bulk_groups import groups, undo_span
from hitl.server.inbox.filters import Filters, return_link
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, new_batch, page_handler, redirect
from hitl.server.inbox.rows import Pick
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import read_form, remember_reviewer, remembered_reviewer, reviewer_of
from hitl.server.primitives import ApiError, actor_of, clean_name, digest


class BulkPages(PageHandlers):
    """The handlers of these pages."""

    @page_handler
    async def bulk(self, request: Request) -> Response:
        """Preview an action on the selected reviews; carry it out when that page is confirmed."""
        return await in_worker(self._bulk, request, await read_form(request))

    def _bulk(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        marked = read_picks(sent.get("pick", []))
        picks, found = marked[:MOST_PICKS], len(marked)
        if "all" in sent:
            picks, found = self._all(request, return_link(sent))
        form = sent.get("form", [""])[0] or new_batch()
        order = self._order(request, sent, form, picks)
        if order.action not in ACTIONS or not picks:
            raise ApiError(422, "validation_error", "Select at least one review and choose an action.")
        confirmed = "confirmed" in sent
        fault = _order_fault(order, len(picks), sent.get("typed", [""])[0]) if confirmed else ""
        done = confirmed and not fault
        entries = carry_out(self.reviews, picks, order) if done else self._plan(picks, order)
        going = [entry for entry in entries if not entry.obstacle]
        told = [] if done else groups(entry for entry in entries if not entry.obstacle or entry.is_busy)
        context: dict[str, Any] = {
            "action": ACTIONS[order.action],
            "order": order,
            "form": form,
            "fault": fault,
            "done": done,
            "back": return_link(sent),
            "going": going,
            "groups": told,
            "group_of": {pick: number for number, group in enumerate(told) for pick in group.picks},
            "list_name": Filters.of_link(return_link(sent)).title,
            "left": [entry for entry in entries if entry.obstacle],
            "beyond": found - len(picks),
            "undo": undo_span(going),
            "held": sum(entry.undo > 0 for entry in going),
            "untyped": UNTYPED,
        }
        none_done = done and not going
        response = self.render(request, "bulk.html", context, 422 if fault else 409 if none_done else 200)
        if done:
            remember_reviewer(request, response, order.reviewer)
        return response

    def _plan(self, picks: Sequence[Pick], order: Order) -> list[Entry]:
        named = order if name_fault(order.reviewer) is None else replace(order, reviewer=NOBODY)
        return plan(self.reviews, picks, named, self.presence.others(order.reviewer))

    @page_handler
    async def undo(self, request: Request) -> Response:
        """Take an answer back and show its review again, or the list if there were several."""
        return await in_worker(self._undo, request, await read_form(request))

    def _undo(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        run, one = Run.of_link(return_link(sent)), sent.get("last", [""])[0]
        try:
            taken = self.reviews.undo(str(request.path_params["batch"]), one or None)
        except ApiError:
            return self._told(request, "Too late to undo", "The answer was sent.", one, 409)
        given = _number(sent.get("number", [""])[0]) - len(taken)
        if not one and given > 0:
            return self._told(request, f"Took back {_answers(len(taken))}", f"{_answers(given)} had been sent before.")
        if one or len(taken) == 1:
            address = run.after_answers(-1).address if run else ""
            return redirect(request, f"/reviews/{quote(taken[0].review_id)}{address}")
        return redirect(request, f"/{run.filters.link() if run else ''}")

    def _told(self, request: Request, title: str, message: str, review_id: str = "", status: int = 200) -> Response:
        return self.render(request, "refused.html", {"title": title, "message": message, "last": review_id}, status)

    def _order(self, request: Request, sent: Mapping[str, Sequence[str]], form: str, picks: Sequence[Pick]) -> Order:
        """Read what is to be done. A form that is sent twice with the same ticks names the same batch."""
        first = {name: values[0].strip() for name, values in sent.items()}
        reviewer = reviewer_of(request, first.get("reviewer", "")) or remembered_reviewer(request)
        assignee, actor = clean_name(first.get("assignee", "")), actor_of(request.scope)
        action = first.get("action", "")
        batch = digest([form, action, reviewer, [pick.text for pick in picks]])
        return Order(action, reviewer, assignee, self.undo_seconds, batch, actor)

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
    if count > UNTYPED and typed.strip().replace(",", "") != str(count):
        return f"Type {count} to confirm that you mean all of them."
    if fault := name_fault(order.assignee or order.reviewer):
        return fault
    return name_fault(order.reviewer) or ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_PICKS)) else 0


def _answers(number: int) -> str:
    return f"{number:,} answer{'' if number == 1 else 's'}"
