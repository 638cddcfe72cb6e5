"""What became of the last answer, in a line, with a button that takes it back while that is possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hitl._moments import moment
from hitl._verdict import verdict_of
from hitl.server.inbox.documents import Document, content_of, is_final
from hitl.server.inbox.titles import title
from hitl.server.primitives import name_key
from hitl.server.reviews import HeldAnswer

_SECONDS_TOLD = 60  # after which an answer is no news any more
_WORDS = {"approved": "Approved", "rejected": "Rejected"}
_TONES = {"approved": "yes", "rejected": "no"}


@dataclass(frozen=True, slots=True)
class Toast:
    """One of them.

    Attributes:
        tone: "yes", "no", "plain", or "warn" for an answer that was not given.
        word: What happened: "Approved", "Rejected", "Answered", "Not sent".
        review_id: Of the review that was answered.
        batch: What the button takes back; empty if nothing can be taken back any more.
        seconds: For how long it can.
        draft: The name of the draft in the browser that is not needed any more.
    """

    tone: str
    word: str
    subject: str
    review_id: str
    batch: str = ""
    seconds: float = 0
    draft: str = ""


def toast(
    review: Document, template: Document | None, held: HeldAnswer | None, reviewer: str, now: datetime
) -> Toast | None:
    """Say what became of a reviewer's answer; None if it was given a while ago, or by somebody else."""
    about = title({**review, "content": content_of(review)}, template)
    draft = f"{review['id']} {review['created_at']}"
    if held is not None and held.state == "held":
        word, tone = outcome(held.decision, held.result, review)
        seconds = max(0.0, (moment(held.settles_at) - now).total_seconds())
        return Toast(tone, word, about, review["id"], held.batch, seconds, draft)
    if held is not None and held.state == "dropped":
        return Toast("warn", "Not sent", about, review["id"])
    if not is_final(review) or name_key(review.get("reviewer") or "") != name_key(reviewer):
        return None
    if (now - moment(review["updated_at"])).total_seconds() > _SECONDS_TOLD:
        return None
    word, tone = outcome(review["status"], review["result"] or {}, review)
    return Toast(tone, word, about, review["id"], draft=draft)


def outcome(status: str, result: Document, review: Document) -> tuple[str, str]:
    """Return the word for a verdict, and its tone."""
    verdict = verdict_of(status, result, review.get("verdict_field")) or ""
    return _WORDS.get(verdict, "Answered"), _TONES.get(verdict, "plain")
