"""Submission of scripted answers, as a reviewer would submit them in the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any

from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import Fault, raise_faults
from hitl.server.results import APPROVALS, DISPLAYS, approvals_needed, is_required, verdict_field
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.service import ReviewService
from hitl.testing.answers import Answer

DEFAULT_REVIEWER = "reviewer@example.com"


def submit(service: ReviewService, review: Document, answer: Answer) -> None:
    """Answer a review as its first assignee, or as `reviewer@example.com` if it has none.

    If the template requires several approvals, the other assignees and then others at example.com approve, too.

    Raises:
        ApiError: The answer does not fit the template.
    """
    review_id, reviewers = review["id"], _reviewers(review)
    if answer.kind == "reject":
        service.reject(review_id, answer.fields, next(reviewers))
        return
    template = service.get_template(review["template_id"])
    if answer.kind == "edit":
        raise_faults(_not_editable(template, answer.fields))
    approval = {} if answer.kind == "complete" else _approval(template)
    for reviewer in islice(reviewers, approvals_needed(template)):
        if service.complete(review_id, {**approval, **answer.fields}, reviewer)["status"] in FINAL:
            return  # a single "no" is final


def _reviewers(review: Document) -> Iterator[str]:
    assignees: list[str] = review["assignees"]
    yield from assignees or [DEFAULT_REVIEWER]
    yield from (f"reviewer-{number}@example.com" for number in count(2))


def _approval(template: Mapping[str, Any]) -> dict[str, bool]:
    """Return true for the approval field: the verdict, or a required boolean, preferably `approved` or `approval`."""
    if (verdict := verdict_field(template)) is not None:
        return {verdict: True}
    fields = [field for field in template["fields"] if field["type"] == "boolean"]
    candidates = [field for field in fields if is_required(field) or field["name"] in APPROVALS]
    if not candidates:
        return {}
    best = min(candidates, key=lambda field: (not is_required(field), field["name"] not in APPROVALS))
    return {best["name"]: True}


def _not_editable(template: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Fault]:
    editable = [field["name"] for field in template["fields"] if field["type"] in DISPLAYS and field.get("editable")]
    issue = f"is not an editable field of template {template['id']}; editable: {', '.join(editable) or 'none'}"
    return [Fault(name, issue) for name in changes if name not in editable]
