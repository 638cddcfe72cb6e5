"""The messages above a review that was not sent: what happened, and what the reviewer can do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hitl.server.inbox.documents import Document


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

_ENDED = {
    "completed": "{reviewer} has already answered this review",
    "rejected": "{reviewer} has already rejected this review",
    "expired": "This review expired before your answer arrived",
    "cancelled": "This review was cancelled while you were reading",
}


def too_late(review: Document) -> Banner:
    """Return the reason why a finished review accepts no answer."""
    title = _ENDED[review["status"]].format(reviewer=review.get("reviewer") or "Someone")
    return Banner("warning", title, "Your answer was not submitted. You can copy what you typed below.")


def not_kept(reason: str) -> Banner:
    """Return the banner for an answer that could not be stored."""
    return Banner("error", "Not saved", f"Your answer was not saved: {reason}. What you typed is kept on this page.")


def counted(approvals: Sequence[Document]) -> Banner:
    """Return the banner that names the earlier approvals of a review."""
    names = ", ".join(approval["reviewer"] for approval in approvals)
    return Banner("info", "Your approval was recorded", f"More approvals are required. Approved so far by {names}.")
