"""Holding answers for some seconds, so that their reviewers can take them back; callers open the transactions.

The service checks an answer and gives it; this decides whether it is held, for how long, and what becomes of it.
`held_answer_store` has the statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hitl.server.primitives import Actor, ApiError, Document, conflict
from hitl.server.primitives.timestamps import from_wire, to_wire
from hitl.server.reviews.approvals import would_complete
from hitl.server.reviews.held_answer_store import HeldAnswer, HeldAnswerStore, final_of_another
from hitl.server.reviews.lifecycle import Decision
from hitl.server.reviews.reviewer_store import ReviewerStore
from hitl.server.reviews.shown import shown_digest
from hitl.server.storage import Database, Work


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer that was checked: the review before and after it."""

    before: Document
    after: Document
    template: Document
    decision: Decision
    reviewer: str
    actor: Actor | None = None
    is_self_approved: bool = False

    @property
    def review_id(self) -> str:
        """What it answers."""
        return str(self.before["id"])


class HeldAnswers:
    """The answers that are not given yet."""

    def __init__(self, database: Database, reviewers: ReviewerStore) -> None:
        """Work on the tables of a database."""
        self._store = HeldAnswerStore(database)
        self._reviewers = reviewers

    def hold(
        self,
        work: Work,
        answer: CheckedAnswer,
        *,
        seconds: float,
        batch: str,
        form: Mapping[str, Any],
        expires_at: str | None,
    ) -> HeldAnswer:
        """Hold an answer for some seconds, but no longer than its review is open; return what is held.

        The same answer of the same person that is held already stays as it is.
        """
        if (earlier := self._same(answer)) is not None:
            return earlier
        settles = work.now + timedelta(seconds=seconds)
        ends = settles if expires_at is None else min(settles, from_wire(expires_at))
        held = HeldAnswer(
            batch=batch,
            review_id=answer.review_id,
            reviewer=answer.reviewer,
            decision=answer.decision,
            result=answer.after["result"],
            shown=shown_digest(answer.before, answer.template),
            form=dict(form),
            is_final=self._would_end(answer),
            given_at=to_wire(work.now),
            settles_at=to_wire(ends),
            actor=answer.actor,
            is_confirmed=answer.is_self_approved,
        )
        self._store.add(held)
        work.changed.append(answer.review_id)  # the worker looks for the next due time
        return held

    def would_end(self, answer: CheckedAnswer) -> bool:
        """Return whether an answer would end its review; 409 if its person has given one that is held."""
        if self._of_person(answer) is not None:
            raise _answered(answer)
        return self._would_end(answer)

    def undo(self, work: Work, batch: str, review_id: str | None = None) -> list[HeldAnswer]:
        """Take back the answers of a batch, or only that to one review; return them; 409 if they are given already."""
        taken = [each for each in self._store.of_batch(batch) if review_id in (None, each.review_id)]
        if not taken:
            raise conflict("it is too late to undo this answer: it was sent")
        self._store.undo(batch, review_id)
        work.changed += [each.review_id for each in taken]
        return taken

    def settle(self, work: Work, give: Callable[[HeldAnswer], None]) -> None:
        """Give the answers whose time has come; what is refused now is dropped, and its page shows it again."""
        for held in self._store.due(to_wire(work.now)):
            try:
                give(held)
                self._store.settle(held)
            except ApiError:  # such as a template that was deleted
                self._store.drop(held.review_id, held.reviewer)

    def next_settling(self) -> str | None:
        """Return when the next answer is given."""
        return self._store.next_settling()

    def require_free(self, review_id: str, reviewer: str) -> None:
        """Refuse with 409 an answer to a review that somebody else's answer is about to end."""
        if other := self.of_another(review_id, reviewer):
            raise conflict(f"{other.reviewer} has answered review {review_id}; the answer is about to be sent")

    def of_another(self, review_id: str, reviewer: str) -> HeldAnswer | None:
        """Return the answer of somebody else that will end a review."""
        return final_of_another(self._store.of_review(review_id), reviewer)

    def of_reviewer(self, review_id: str, reviewer: str) -> HeldAnswer | None:
        """Return what became of a person's answer that was held, unless it was given."""
        return self._store.of_reviewer(review_id, reviewer)

    def of_batch(self, batch: str) -> list[HeldAnswer]:
        """Return the answers of a batch that can still be taken back."""
        return self._store.of_batch(batch)

    def drop(self, review_id: str) -> None:
        """Keep the answers to a review that changed or ended from being given."""
        self._store.drop(review_id)

    def drop_by_template(self, template_id: str) -> None:
        """Keep all answers to a template's questions, which changed, from being given."""
        self._store.drop_by_template(template_id)

    def drop_by_reviewer(self, reviewer: str) -> None:
        """Keep all answers of somebody from being given."""
        self._store.drop_by_reviewer(reviewer)

    def _same(self, answer: CheckedAnswer) -> HeldAnswer | None:
        """Return this very answer, if it is held already; 409 if the person's answer is another one."""
        held = self._of_person(answer)
        if held is not None and (held.decision, held.result) != (answer.decision, answer.after["result"]):
            raise _answered(answer)
        return held

    def _of_person(self, answer: CheckedAnswer) -> HeldAnswer | None:
        held = self._store.of_reviewer(answer.review_id, answer.reviewer)
        return held if held is not None and held.state == "held" else None

    def _would_end(self, answer: CheckedAnswer) -> bool:
        return answer.decision == "rejected" or would_complete(
            self._reviewers, answer.before, answer.template, answer.after["result"], answer.reviewer
        )


def _answered(answer: CheckedAnswer) -> ApiError:
    return conflict(f"{answer.reviewer} has answered review {answer.review_id}; undo that answer first")
