"""Reviews that several people must approve (`approval_threshold`): who has, and how many are still needed.

The vendor names the setting only; this is what the sandbox makes of it.

- An approval is a completed answer whose yes-or-no field (`approval_field`) is not false; in a template without such a
  field, any completed answer. Each reviewer has one.
- Until there are enough of them the review is in progress, and its history tells who approved. The last one completes
  it, and the result of the review is that person's answer.
- A no counts at once and alone: a rejection rejects the review, and a completed answer that says no completes it.
  Even somebody who has approved may still say no.
- When the content changes, everybody must look again: the approvals of the old content are forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hitl.server.primitives.errors import conflict
from hitl.server.results.fields import Template, approval_field, approvals_needed
from hitl.server.storage.database import Database


class Approvals:
    """The approvals of open and finished reviews; every method belongs into a transaction of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, review_id: str) -> list[dict[str, Any]]:
        """Return the approvals of a review that needs several, as `{reviewer, result, at}` in order."""
        rows = self._database.rows(
            "SELECT reviewer, result, at FROM approvals WHERE review_id = ? ORDER BY number", (review_id,)
        )
        return [{"reviewer": reviewer, "result": json.loads(result), "at": at} for reviewer, result, at in rows]

    def suffice(self, review_id: str, template: Template, result: Mapping[str, Any], reviewer: str, at: str) -> bool:
        """Count a completed answer, and return whether it completes the review.

        Raises:
            Refusal: 409, the reviewer has approved before.
        """
        needed = approvals_needed(template)
        if needed == 1 or _says_no(template, result):
            return True
        earlier = self.of(review_id)
        if any(each["reviewer"].casefold() == reviewer.casefold() for each in earlier):
            raise conflict(
                f"{reviewer} has approved review {review_id} already; {needed - len(earlier)} more must approve it"
            )
        self._database.execute(
            "INSERT INTO approvals (review_id, reviewer, result, at) VALUES (?, ?, ?, ?)",
            (review_id, reviewer, json.dumps(result), at),
        )
        return len(earlier) + 1 >= needed

    def forget(self, review_id: str) -> None:
        """Forget the approvals of a review, because something else is to be approved now."""
        self._database.execute("DELETE FROM approvals WHERE review_id = ?", (review_id,))


def _says_no(template: Template, result: Mapping[str, Any]) -> bool:
    name = approval_field(template)
    return name is not None and result.get(name) is False
