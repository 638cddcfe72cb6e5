"""Reviewers and their approvals, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hitl.server.primitives import Document, name_key
from hitl.server.storage import Store


class ReviewerStore(Store):
    """The statements, over one database."""

    def remember(self, names: Sequence[str]) -> None:
        """Store reviewers, so that they can be chosen."""
        for name in names:
            key = name_key(name)
            # Nearly always one is known, and an insertion writes even if it is ignored.
            if self._database.value("SELECT number FROM reviewers WHERE key = ?", (key,)) is None:
                self._database.execute("INSERT OR IGNORE INTO reviewers (name, key) VALUES (?, ?)", (name, key))

    def team_members(self) -> list[str]:
        """Return the members of all teams."""
        return [row[0] for row in self._database.rows("SELECT email FROM team_members ORDER BY number")]

    def all_names(self) -> list[str]:
        """Return everybody whom any review has named."""
        return [row[0] for row in self._database.rows("SELECT name FROM reviewers")]

    def by_last_assignment(self, names: Sequence[str]) -> list[str]:
        """Sort reviewers, those first who were chosen the longest time ago."""
        rows = self._database.rows(
            "SELECT name FROM reviewers WHERE key IN (SELECT value FROM json_each(?)) ORDER BY last_turn, number",
            (_keys(names),),
        )
        return [row[0] for row in rows]

    def mark_chosen(self, names: Sequence[str]) -> None:
        """Note that reviewers were chosen, in this order, after all others."""
        for name in names:
            self._database.execute(
                "UPDATE reviewers SET last_turn = (SELECT max(last_turn) FROM reviewers) + 1 WHERE key = ?",
                (name_key(name),),
            )

    def open_reviews(self, names: Sequence[str]) -> dict[str, int]:
        """Return the number of open reviews of each of these reviewers who has any, by the key of the name."""
        rows = self._database.rows(
            "SELECT name, count(*) FROM assignments WHERE is_open AND name IN (SELECT value FROM json_each(?)) "
            "GROUP BY name",
            (_keys(names),),
        )
        return dict(rows)

    def approvals(self, review_id: str) -> list[Document]:
        """Return the approvals of a review that needs several, as `{reviewer, result, at}` in order."""
        rows = self._database.rows(
            "SELECT reviewer, result, at FROM approvals WHERE review_id = ? ORDER BY number", (review_id,)
        )
        return [{"reviewer": reviewer, "result": json.loads(result), "at": at} for reviewer, result, at in rows]

    def add_approval(self, review_id: str, reviewer: str, result: Mapping[str, Any], at: str) -> None:
        """Store the approval of a reviewer who has not approved yet."""
        self._database.execute(
            "INSERT INTO approvals (review_id, reviewer, key, result, at) VALUES (?, ?, ?, ?, ?)",
            (review_id, reviewer, name_key(reviewer), json.dumps(result), at),
        )

    def forget_approvals(self, review_id: str) -> None:
        """Delete the approvals of a review, because its content has changed."""
        self._database.execute("DELETE FROM approvals WHERE review_id = ?", (review_id,))

    def forget_approval(self, review_id: str, reviewer: str) -> None:
        """Delete the approval of a reviewer, because another one approves something else."""
        self._database.execute("DELETE FROM approvals WHERE review_id = ? AND key = ?", (review_id, name_key(reviewer)))

    def forget_approvals_by(self, template_id: str) -> None:
        """Delete the approvals of a template's open reviews, because its questions have changed."""
        self._database.execute(
            "DELETE FROM approvals WHERE review_id IN "
            "(SELECT id FROM reviews WHERE template_id = ? AND status = 'in_progress')",
            (template_id,),
        )


def _keys(names: Sequence[str]) -> str:
    return json.dumps([name_key(name) for name in names])
