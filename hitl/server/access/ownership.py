"""What a reviewer may answer: reviews that are assigned to him or to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hitl.server.access.matrix import Own
from hitl.server.primitives import Actor, ApiError, Document, name_key
from hitl.server.results import approvals_needed
from hitl.server.reviews import ReviewService

READ_ONLY: Final = "hitl.read_only"
"""Where the ASGI scope says why its actor may read a review and not answer it; nowhere if he may."""


class Ownership:
    """The rule, over the reviews of one server."""

    def __init__(self, reviews: ReviewService) -> None:
        self._reviews = reviews

    def refusal(self, own: Own, actor: Actor, parameters: Mapping[str, str]) -> ApiError | None:
        """Return why somebody may not do what needs a review, or a batch of answers, of his own; None if he may."""
        if own == "":
            return None
        if own == "batch":
            return self._of_batch(actor, parameters["batch"])
        return self._of_review(actor, parameters["review_id"])

    def _of_review(self, actor: Actor, review_id: str) -> ApiError | None:
        try:
            review = self._reviews.get_review(review_id)
        except ApiError:
            return None  # its page says what is wrong
        if actor.review_id is not None and self._needs_several(review):
            message = "A link is not enough to answer this review. Sign in, and answer it then."
            return ApiError(403, "needs_sign_in", message)
        assignees: list[str] = review.get("assignees") or []
        if actor.role != "reviewer" or not assignees or name_key(actor.name) in map(name_key, assignees):
            return None
        message = f"This review is assigned to {', '.join(assignees)}. A lead can answer it, or assign it to you."
        return ApiError(403, "not_assigned", message)

    def _of_batch(self, actor: Actor, batch: str) -> ApiError | None:
        mine = name_key(actor.name)
        for held in self._reviews.held_batch(batch):
            if name_key(held.reviewer) != mine or actor.review_id not in (None, held.review_id):
                return ApiError(404, "not_found", "This page does not exist.")
        return None

    def _needs_several(self, review: Document) -> bool:
        """Return whether several people must approve: one forwarded message could be two of them."""
        try:
            return approvals_needed(self._reviews.get_template(review["template_id"])) > 1
        except ApiError:  # it was deleted
            return False
