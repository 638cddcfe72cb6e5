"""Why a call does not run: the errors of the gate, each made in one place."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from hitl.approval.errors import (
    ApprovalConsumed,
    ApprovalDenied,
    ApprovalError,
    ApprovalMismatch,
    ApprovalNotGiven,
    ApprovalRejected,
    OutcomeUnknown,
)
from hitl.approval.ledger import IN_DOUBT, Approval, Decision, runs_here
from hitl.models import Review

NO_YES: Final = {
    "expired": "nobody answered before the question expired",
    "cancelled": "the question was cancelled before anybody answered",
    "unclear": "the answer is not clearly a yes",
}


@frozen
class Reasons:
    """The errors about one function.

    Attributes:
        function: Its name.
    """

    function: str

    def denied(self, rule: str) -> ApprovalDenied:
        """A rule of the policy forbids the call."""
        message = f"{self.function} may not run: the rule {rule!r} forbids it"
        return ApprovalDenied(message, **self.facts("denied"), rule=rule)

    def mismatch(self, kind: str, why: str, key: str | None, review: Review | None = None) -> ApprovalMismatch:
        """What was approved is not what would run."""
        return ApprovalMismatch(f"{self.function} was not run: {why}", **self.facts(kind, key, review))

    def unfinished(self, key: str | None, why: str, value: Any) -> OutcomeUnknown:
        """The function has run, and the ledger was not told."""
        message = f"{self.function} has run, but the ledger does not know it: {why}. Do not repeat the call"
        return OutcomeUnknown(message, **self.facts("unknown", key), ran=True, value=value)

    def used_elsewhere(self, row: Approval, *, is_used: bool) -> ApprovalMismatch:
        """The server has given the approval to another run, which another ledger knows; or it knows of no approval."""
        if not is_used:
            return self.mismatch("review", "the server does not take its review for approved", row.key)
        message = (
            f"{self.function} was approved, and another program has used this approval; its ledger knows the outcome"
        )
        return ApprovalConsumed(message, **self.facts("consumed", row.key), outcome="consumed")

    def ended(self, row: Approval, *, is_late: bool = False) -> ApprovalError | None:
        """Return why nobody may run what a row is about; None if somebody may, or if its result was kept."""
        if row.state in IN_DOUBT:
            still = ", which still runs on this machine" if runs_here(row.owner) else ""
            return OutcomeUnknown(
                f"{self.function} was approved and taken by {row.owner}{still}. It may or may not have been done. "
                f"Do not repeat it; a person has to look, and then `hitl approvals settle {row.key}`",
                **self.facts(row.state, row.key),
                owner=row.owner,
                consumed_at=row.consumed_at,
            )
        if row.state == "refused":
            return self.refused(row.decision or Decision("unclear"), row.key, None)
        is_kept = row.outcome is not None and row.outcome.is_kept
        if row.state == "failed" or (row.state == "finished" and (is_late or not is_kept)):
            message = f"{self.function} was approved and has {row.state}; this approval has been used"
            return ApprovalConsumed(message, **self.facts(row.state, row.key), outcome=row.state)
        return None

    def facts(self, kind: str, key: str | None = None, review: Review | None = None) -> dict[str, Any]:
        """Return what all of them tell."""
        return {"kind": kind, "key": key, "review": review, "function": self.function}

    def refused(self, decision: Decision, key: str, review: Review | None) -> ApprovalError:
        """The question has ended without a yes."""
        if decision.verdict == "rejected":
            words = f": {decision.feedback}" if decision.feedback else ""
            return ApprovalRejected(
                f"{self.function} was refused by {decision.reviewer or 'a person'}{words}",
                **self.facts("rejected", key, review),
                reviewer=decision.reviewer,
                feedback=decision.feedback,
            )
        if decision.verdict == "mismatch":
            return self.mismatch("shown", "its answer did not fit what was asked", key, review)
        kind = decision.verdict if decision.verdict in NO_YES else "unclear"
        return ApprovalNotGiven(f"{self.function} was not approved: {NO_YES[kind]}", **self.facts(kind, key, review))
