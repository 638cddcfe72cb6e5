"""The links of messages that admit a person, as `access` makes and ends them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hitl.server.access import Admission


class AdmittingLinks:
    """Makes links for messages, and ends them, with the sessions that they began, when a review moves on."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def issue(
        self,
        kind: Literal["invite", "signin", "message"],
        person_id: str,
        review_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[str, str]:
        """Return a token and its code."""
        return self._admission.tickets.issue(kind, person_id, review_id, expires_at)

    def end_of_review(self, review_id: str, why: str = "review_ended", *, person_id: str | None = None) -> None:
        """End what leads to a review, or the links of one person, in the transaction of what ends them."""
        if person_id is None:
            self._admission.end_of_review(review_id)
        else:
            self._admission.tickets.end_of_review(review_id, why, person_id=person_id)
