"""Reviews that several people must approve (`approval_threshold`).

The vendor names the setting only; this is how the sandbox implements it.

- An approval is a completed answer whose yes-or-no field (`approval_field`) is not false; in a template without such a
  field, any completed answer. Each reviewer has one.
- Until there are enough of them the review is in progress, and its history names those who approved. The last one
  completes it, and the result of the review is that person's answer.
- A single "no" decides: a rejection rejects the review, and a completed answer that says no completes it. Even a
  reviewer who has approved may still say no.
- When the content or the questions change, everybody must review again: approvals of the old ones are deleted.
- So they are when somebody approves the content with other changes than they did: all must have approved what will be
  carried out, which is the content as the last answer has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hitl.server.primitives import Document, conflict, name_key
from hitl.server.primitives.validation import same
from hitl.server.results import TemplateDocument, approval_field, approvals_needed
from hitl.server.reviews.reviewer_store import ReviewerStore


def is_complete(
    store: ReviewerStore,
    review: Document,
    template: TemplateDocument,
    result: Mapping[str, Any],
    reviewer: str,
    at: str,
) -> bool:
    """Count a completed answer, and return whether it completes the review; 409 if the reviewer has approved it."""
    completes = would_complete(store, review, template, result, reviewer)
    if approvals_needed(template) > 1 and not _says_no(template, result):
        for each in store.approvals(review["id"]):
            if not _approve_the_same(review, each["result"], result):
                store.forget_approval(review["id"], each["reviewer"])
        store.add_approval(review["id"], reviewer, result, at)
    return completes


def would_complete(
    store: ReviewerStore, review: Document, template: TemplateDocument, result: Mapping[str, Any], reviewer: str
) -> bool:
    """Return whether a completed answer would complete the review; 409 if the reviewer has approved it."""
    needed = approvals_needed(template)
    if needed == 1 or _says_no(template, result):
        return True
    earlier = [each for each in store.approvals(review["id"]) if _approve_the_same(review, each["result"], result)]
    if any(name_key(each["reviewer"]) == name_key(reviewer) for each in earlier):
        raise conflict(
            f"{reviewer} has approved review {review['id']} already; {needed - len(earlier)} more must approve it"
        )
    return len(earlier) + 1 >= needed


def as_approved(content: Document, approvals: Sequence[Document]) -> Document:
    """Return a content with the changes that those who approved have made: all who count have approved the same."""
    return _with_changes(content, approvals[-1]["result"]) if approvals else content


def _approve_the_same(review: Document, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    content: Document = review["content"]
    return same(_with_changes(content, one), _with_changes(content, other))


def _with_changes(content: Document, result: Mapping[str, Any]) -> Document:
    """Return a content as a result has it: an editable field has the same name in both."""
    return {name: result.get(name, value) for name, value in content.items()}


def _says_no(template: TemplateDocument, result: Mapping[str, Any]) -> bool:
    name = approval_field(template)
    return name is not None and result.get(name) is False
