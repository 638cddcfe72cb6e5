"""What a language model reads in place of a result: who refused, why, and not to try again."""

from __future__ import annotations

import re

from hitl.approval.errors import ApprovalDenied, ApprovalError, ApprovalNotGiven, ApprovalRejected
from hitl.approval.reasons import NO_YES

_LONGEST = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


class Refusal(str):
    """A text for a language model.

    Attributes:
        kind: rejected, denied, expired, cancelled or unclear.
        reviewer: Who refused.
        feedback: The reviewer's words.
        review_id: The review.
    """

    __slots__ = ("feedback", "kind", "review_id", "reviewer")

    kind: str
    reviewer: str | None
    feedback: str | None
    review_id: str | None


def refusal_of(error: ApprovalError, *, question: bool = False) -> Refusal:
    """Return what a model is told about an error; `question` if it had asked one, rather than called a tool."""
    found = Refusal(_no_answer(error) if question else _words(error))
    found.kind = error.kind
    found.review_id = error.review.id if error.review else None
    found.reviewer = found.feedback = None
    if isinstance(error, ApprovalRejected):
        found.reviewer, found.feedback = error.reviewer, error.feedback
    return found


def _words(error: ApprovalError) -> str:
    name = f"`{error.function.rpartition(':')[2].rpartition('.')[2]}`"  # as a model knows its tools
    stop = f"do not call {name} again for this, do not try to reach the same effect another way."
    if isinstance(error, ApprovalDenied):
        return (
            f'{name} was not run. The rule "{_clean(error.rule)}" forbids it. This decision is final for these '
            f"arguments: {stop} Tell the user what was refused and why, or ask them how to go on."
        )
    if isinstance(error, ApprovalRejected):
        who = _clean(error.reviewer) if error.reviewer else "A person"
        words = f' and wrote: "{_clean(error.feedback)}"' if error.feedback else " without giving a reason"
        return (
            f"{name} was not run. {who} refused it{words}. This decision is final for these arguments: {stop} "
            "Tell the user what was refused and why, or ask them how to go on."
        )
    why = NO_YES.get(error.kind, NO_YES["unclear"])
    return (
        f"{name} was not run: {why}. That is not a refusal. Do not call it again in this turn; tell the user that "
        "approval is missing."
    )


def _no_answer(error: ApprovalError) -> str:
    if isinstance(error, ApprovalRejected):
        who = _clean(error.reviewer) if error.reviewer else "The person who was asked"
        words = f' and wrote: "{_clean(error.feedback)}"' if error.feedback else ""
        return f"There is no answer. {who} refused to give one{words}. Do not ask again; go on without it, or stop."
    return f"There is no answer: {NO_YES[error.kind]}. Do not ask again in this turn."


def is_refusal(error: ApprovalError) -> bool:
    """Return whether an error may be told to a model; all others stop the program."""
    return isinstance(error, ApprovalRejected | ApprovalNotGiven)


def _clean(text: str) -> str:
    found = _CONTROL.sub(" ", text).strip()
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…"
