"""Answers that are held for some seconds, so that their reviewer can take them back; callers open the transactions.

A held answer is checked and stored like any other, but the review stays as it is until the time has run out: nobody
can have read what is taken back. What is taken back, or dropped because the review changed, stays here for the page
that shows it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

from hitl.server.primitives import Actor, Document, name_key
from hitl.server.reviews.lifecycle import Decision
from hitl.server.storage import Row, Store

State: TypeAlias = Literal["held", "undone", "dropped"]


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that is not given yet, or not any more.

    Attributes:
        batch: What `undo` takes back together: one answer, or all of a bulk action.
        is_final: Whether it ends the review; one of several approvals does not.
        shown: The digest of what its reviewer saw, or None if that is not known.
        form: What its page sent, to be shown again; nothing here reads it.
        settles_at: When it is given, in wire form.
        actor: The person as the server knows him; None where people type their names.
        is_confirmed: Whether he insists on answering what he asked himself.
        state: "held", "undone" by its reviewer, or "dropped" because the review changed or ended.
    """

    batch: str
    review_id: str
    reviewer: str
    decision: Decision
    result: Document
    shown: str | None
    form: Document
    is_final: bool
    given_at: str
    settles_at: str
    state: State = "held"
    actor: Actor | None = None
    is_confirmed: bool = False


_COLUMNS: Final = (
    "batch, review_id, reviewer, decision, result, shown, form, is_final, given_at, settles_at, state, person, "
    "is_confirmed"
)


class HeldAnswerStore(Store):
    """The statements, over one database."""

    def add(self, answer: HeldAnswer) -> None:
        """Store an answer in place of what its reviewer took back before."""
        self._database.execute(
            f"INSERT OR REPLACE INTO pending_answers ({_COLUMNS}, key) "  # noqa: S608 - fixed words
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                answer.batch,
                answer.review_id,
                answer.reviewer,
                answer.decision,
                json.dumps(answer.result),
                answer.shown,
                json.dumps(answer.form),
                answer.is_final,
                answer.given_at,
                answer.settles_at,
                answer.state,
                None if answer.actor is None else json.dumps(asdict(answer.actor)),
                answer.is_confirmed,
                name_key(answer.reviewer),
            ),
        )

    def of_review(self, review_id: str) -> list[HeldAnswer]:
        """Return the answers that are held for a review."""
        return self._answers("review_id = ? AND state = 'held'", review_id)

    def of_reviewer(self, review_id: str, reviewer: str) -> HeldAnswer | None:
        """Return what one reviewer's answer to a review became, if it was held."""
        found = self._answers("review_id = ? AND key = ?", review_id, name_key(reviewer))
        return found[0] if found else None

    def of_batch(self, batch: str) -> list[HeldAnswer]:
        """Return the answers of a batch that are still held."""
        return self._answers("batch = ? AND state = 'held'", batch)

    def due(self, now: str) -> list[HeldAnswer]:
        """Return the answers whose time has run out, in order; also after the clock was set back."""
        return self._answers("state = 'held' AND (settles_at <= ? OR given_at > ?)", now, now)

    def next_settling(self) -> str | None:
        """Return when the next answer is given."""
        moment: str | None = self._database.value("SELECT min(settles_at) FROM pending_answers WHERE state = 'held'")
        return moment

    def undo(self, batch: str, review_id: str | None = None) -> None:
        """Take the answers of a batch back, or only that to one review."""
        self._database.execute(
            "UPDATE pending_answers SET state = 'undone' "
            "WHERE batch = ? AND state = 'held' AND review_id = coalesce(?, review_id)",
            (batch, review_id),
        )

    def settle(self, answer: HeldAnswer) -> None:
        """Forget an answer that is given now."""
        self._database.execute(
            "DELETE FROM pending_answers WHERE review_id = ? AND key = ?", (answer.review_id, name_key(answer.reviewer))
        )

    def drop(self, review_id: str, reviewer: str | None = None) -> None:
        """Keep the held answers of a review, or one reviewer's, from being given."""
        self._database.execute(
            "UPDATE pending_answers SET state = 'dropped' "
            "WHERE review_id = ? AND state = 'held' AND key = coalesce(?, key)",
            (review_id, None if reviewer is None else name_key(reviewer)),
        )

    def drop_by_reviewer(self, reviewer: str) -> None:
        """Keep all answers of somebody from being given."""
        self._database.execute(
            "UPDATE pending_answers SET state = 'dropped' WHERE state = 'held' AND key = ?", (name_key(reviewer),)
        )

    def drop_by_template(self, template_id: str) -> None:
        """Keep all answers to a template's questions from being given."""
        self._database.execute(
            "UPDATE pending_answers SET state = 'dropped' WHERE state = 'held' AND review_id IN "
            "(SELECT id FROM reviews WHERE template_id = ?)",
            (template_id,),
        )

    def _answers(self, condition: str, *values: Any) -> list[HeldAnswer]:
        sql = f"SELECT {_COLUMNS} FROM pending_answers WHERE {condition} ORDER BY settles_at, number"  # noqa: S608 - fixed words
        return [_answer(row) for row in self._database.rows(sql, values)]


def final_of_another(held: Sequence[HeldAnswer], reviewer: str) -> HeldAnswer | None:
    """Return the held answer of somebody else that will end the review."""
    mine = name_key(reviewer)
    return next((each for each in held if each.is_final and name_key(each.reviewer) != mine), None)


def _answer(row: Row) -> HeldAnswer:
    batch, review_id, reviewer, decision, result, shown, form, is_final, *rest = row
    given_at, settles_at, state, actor, is_confirmed = rest
    return HeldAnswer(
        batch=batch,
        review_id=review_id,
        reviewer=reviewer,
        decision=decision,
        result=json.loads(result),
        shown=shown,
        form=json.loads(form),
        is_final=bool(is_final),
        given_at=given_at,
        settles_at=settles_at,
        state=state,
        actor=None if actor is None else Actor(**json.loads(actor)),
        is_confirmed=bool(is_confirmed),
    )
