"""Who reviews what: the choice of reviewers for a new review, and whether it may be given to others.

The vendor names the settings and two strategies and says no more; this is how the sandbox implements them.

- Named assignees are kept, all of them, even if the review names a strategy.
- If none are named, they are chosen where the template says `auto_assign` or the review names a strategy. The choice
  is among the members of all teams; while no team has members, among everybody whom any review has ever named.
- As many are chosen as must approve (`approval_threshold`), or all if there are fewer. If there is nobody to choose
  from, the review stays unassigned.
- `round_robin`, the default strategy, takes those who were chosen the longest time ago. `load_balanced` takes those
  with the fewest open reviews, and among equals those who were chosen the longest time ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hitl.server.primitives import conflict, name_key, unique_names
from hitl.server.results import TemplateDocument, approvals_needed, settings
from hitl.server.reviews.reviewer_store import ReviewerStore


def choose_assignees(store: ReviewerStore, body: Mapping[str, Any], template: TemplateDocument) -> list[str]:
    """Return the assignees of the review that a checked body asks for."""
    named: list[str] = unique_names(body.get("assignees", ()))
    store.remember(named)
    if named:
        return named
    own_strategy: str | None = body.get("assignment_strategy")
    if not (own_strategy or settings(template).get("auto_assign")):
        return []
    strategy = own_strategy or settings(template).get("assignment_strategy")
    candidates = _candidates(store)
    load = store.open_reviews(candidates) if strategy == "load_balanced" else {}
    in_turn = store.by_last_assignment(candidates)
    chosen = sorted(in_turn, key=lambda name: load.get(name_key(name), 0))[: approvals_needed(template)]
    store.mark_chosen(chosen)
    return chosen


def same_people(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two lists name the same people in the same order, however they are spelled."""
    return [name_key(name) for name in some] == [name_key(name) for name in others]


def _candidates(store: ReviewerStore) -> list[str]:
    members = store.team_members()
    store.remember(members)
    return members or store.all_names()


def require_assignable(review: Mapping[str, Any], body: Mapping[str, Any], template: TemplateDocument) -> None:
    """Refuse with 409 to take a review away from its assignees if the template forbids it.

    An unassigned review may always be assigned, and adding people takes it from nobody.
    """
    wanted: Sequence[str] = body.get("assignees", review["assignees"])
    kept = {name_key(name) for name in wanted}
    taken = [name for name in review["assignees"] if name_key(name) not in kept]
    if taken and settings(template).get("allow_reassignment") is False:
        raise conflict(
            f"review {review['id']} cannot be taken from {taken[0]}: its template does not allow reassignment; "
            "cancel it and create a new one"
        )
