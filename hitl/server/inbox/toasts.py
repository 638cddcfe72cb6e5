"""What became of the last answer, in a line, with a button that takes it back while that is possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from hitl._moments import moment
from hitl._verdict import verdict_of
from hitl.server.inbox.documents import Document, content_of, is_final
from hitl.server.inbox.titles import title
from hitl.server.loops import HeldResponse
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
        pages: Where it was answered: "reviews" or "requests".
    """

    tone: str
    word: str
    subject: str
    review_id: str
    batch: str = ""
    seconds: float = 0
    draft: str = ""
    pages: str = "reviews"


def request_toast(
    request: Document, subject: str, held: HeldResponse | None, reviewer: str, now: datetime
) -> Toast | None:
    """Say what became of a person's answer to a request, as `toast`."""
    told = partial(Toast, subject=subject, review_id=request["id"], pages="requests")
    if held is not None and held.state == "held":
        seconds = max(0.0, (moment(held.settles_at) - now).total_seconds())
        return told("plain", "Answered", batch=held.batch, seconds=seconds, draft=request["id"])
    if held is not None and held.state == "dropped":
        return told("warn", "Not sent")
    by: Document = request["response_by_user"] or {}
    if name_key(by.get("email", "")) != name_key(reviewer) or request["status"] != "completed":
        return None
    is_news = (now - moment(request["response_at"])).total_seconds() <= _SECONDS_TOLD
    return told("plain", "Answered", draft=request["id"]) if is_news else None


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
