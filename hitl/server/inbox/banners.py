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


FAULTY = Banner("error", "Not sent yet", "Correct what is marked below and send it again. What you typed is kept.")

CONTENT_CHANGED = Banner(
    "warning",
    "The content changed while you were reading",
    "Your answer was not sent. Read what this page shows now; what you typed is kept. Then send it again.",
)

STATE_CHANGED = Banner(
    "warning",
    "This request changed while you were reading",
    "Your answer was not sent. The content is the same, but not its state, assignees, priority or due date. "
    "Look at them and send it again; what you typed is kept.",
)

_ENDED = {
    "completed": "{reviewer} has already answered this",
    "rejected": "{reviewer} has already rejected this",
    "expired": "Time ran out before your answer arrived",
    "cancelled": "This request was cancelled while you were reading",
}


def too_late(review: Document) -> Banner:
    """Return the reason why a finished review accepts no answer."""
    title = _ENDED[review["status"]].format(reviewer=review.get("reviewer") or "Somebody")
    return Banner("warning", title, "Your answer was not sent. What you typed stands below, so that you can copy it.")


def not_kept(reason: str) -> Banner:
    """Return the banner for an answer that could not be stored."""
    return Banner("error", "Not saved", f"Your answer was not kept: {reason}. What you typed is kept on this page.")


def counted(approvals: Sequence[Document]) -> Banner:
    """Return the banner that names the earlier approvals of a review."""
    names = ", ".join(approval["reviewer"] for approval in approvals)
    return Banner("info", "Your approval was counted", f"Others must approve this, too. So far it was {names}.")
