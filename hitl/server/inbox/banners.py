"""The messages above a review that was not sent: what happened, and what the reviewer can do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hitl.server.inbox.documents import Document
from hitl.server.loops.lifecycle import OPEN as OPEN_REQUESTS
from hitl.server.primitives import name_key


@dataclass(frozen=True, slots=True)
class Banner:
    """A message; `tone` is "info", "warning" or "error"."""

    tone: str
    title: str
    text: str


FAULTY = Banner("error", "Not submitted", "Correct the marked fields and submit again. What you typed is kept.")

CONTENT_CHANGED = Banner(
    "warning",
    "The content changed while you were reading",
    "Your answer was not submitted. Read the new content, then submit again. What you typed is kept.",
)

STATE_CHANGED = Banner(
    "warning",
    "This review changed while you were reading",
    "Your answer was not submitted. The content is the same, but the status, assignees, priority or due date changed. "
    "Check them and submit again. What you typed is kept.",
)

QUESTIONS_CHANGED = Banner(
    "warning",
    "The questions changed while you were reading",
    "Your answer was not submitted. Read the questions and their options again, then submit. What you typed is kept.",
)

ALREADY_APPROVED = Banner(
    "warning",
    "You have already approved this review",
    "Your approval is stored as you gave it first. What you sent now is different, and was not stored.",
)

ALREADY_ANSWERED = Banner(
    "warning",
    "You have already answered",
    "The first answer is stored. What you sent now differs, and was not stored.",
)

NOT_SENT = Banner(
    "warning",
    "Your answer was not sent",
    "The review changed before it was. Read it again, then answer; what you typed is kept.",
)

ASKED_YOURSELF = Banner("warning", "You asked for this yourself", "Somebody else must answer it.")

CONFIRM_YOURSELF = Banner(
    "warning",
    "You asked for this yourself",
    "Your answer was not submitted. If you mean it all the same, tick the box above your name and submit again; the "
    "answer will say so. What you typed is kept.",
)

ERASED = Banner(
    "info",
    "The contents were erased",
    "This server keeps contents for a limited time after the end. Who decided what, and when, stays.",
)

QUESTION_NOT_SENT = Banner(
    "warning",
    "Your answer was not sent",
    "The request changed before it was. Read it again, then answer; what you typed is kept.",
)

_ENDED = {
    "completed": "{reviewer} has already answered this review",
    "rejected": "{reviewer} has already rejected this review",
    "expired": "This review expired before your answer arrived",
    "cancelled": "This review was cancelled while you were reading",
}


def changed(sent: str, present: str, *, approved: bool) -> Banner:
    """Return what changed between two digests of what was shown; the first is empty if it is not known."""
    (content, _, questions), (new_content, _, new_questions) = sent.partition("."), present.partition(".")
    if content and content != new_content:
        too = " The questions changed, too." if questions != new_questions else ""
        return replace(CONTENT_CHANGED, text=CONTENT_CHANGED.text + too)
    if not content:  # a client that does not say what it showed
        return CONTENT_CHANGED
    if questions != new_questions:
        return QUESTIONS_CHANGED
    return ALREADY_APPROVED if approved else STATE_CHANGED


def too_late(review: Document, sender: str = "") -> Banner:
    """Return the reason why a finished review accepts no answer from the sender."""
    if review["status"] in ("completed", "rejected") and name_key(review.get("reviewer") or "") == name_key(sender):
        title = f"You have already {'answered' if review['status'] == 'completed' else 'rejected'} this review"
        return Banner("warning", title, "The first answer is stored. What you sent now differs, and was not stored.")
    title = _ENDED[review["status"]].format(reviewer=review.get("reviewer") or "Someone")
    return Banner("warning", title, "Your answer was not submitted. You can copy what you typed below.")


def request_too_late(request: Document, sender: str, reason: str) -> Banner:
    """Return why a request accepts no answer from the sender; `reason` is what the service says of an open one."""
    answered_by: Document | None = request["response_by_user"]
    if answered_by and name_key(answered_by["email"]) == name_key(sender):
        return ALREADY_ANSWERED
    if request["status"] in OPEN_REQUESTS:
        return Banner("warning", "Someone else is answering this", f"Your answer was not submitted: {reason}.")
    return Banner("warning", "Too late", "Your answer was not submitted. You can copy what you typed below.")


def request_standing(request: Document, own: str) -> Banner | None:
    """Return what is said about a request whatever was just done; `own` is what becomes of one's own answer."""
    if request.get("erased"):
        return ERASED
    return ASKED_YOURSELF if own == "refuse" and request["status"] in OPEN_REQUESTS else None


def answered_by(reviewer: str, what: str = "review") -> Banner:
    """Return the banner for what somebody else has just answered, who may still take the answer back."""
    return Banner("warning", f"{reviewer} has just answered this {what}", "The answer is about to be sent.")


def not_kept(reason: str) -> Banner:
    """Return the banner for an answer that could not be stored."""
    return Banner("error", "Not saved", f"Your answer was not saved: {reason}. What you typed is kept on this page.")


def changed_by(approvals: Sequence[Document]) -> Banner:
    """Return the banner that says who has approved something else than what was asked."""
    names = ", ".join(approval["reviewer"] for approval in approvals)
    text = "The changes are filled in below. If you approve anything else, those before you have to approve that, too."
    return Banner("info", f"Approved with changes by {names}", text)


def counted(approvals: Sequence[Document]) -> Banner:
    """Return the banner that names the earlier approvals of a review."""
    names = ", ".join(approval["reviewer"] for approval in approvals)
    return Banner("info", "Your approval was recorded", f"More approvals are required. Approved so far by {names}.")
