"""Giving an answer: from what a script says to what a reviewer would send from the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any

from hitl.server.primitives.documents import Document
from hitl.server.primitives.errors import Fault, raise_faults
from hitl.server.results import DISPLAYS, is_required
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.service import ReviewService
from hitl.testing.answers import Answer

DEFAULT_REVIEWER = "reviewer@example.com"

_VERDICTS = ("approved", "approval")


def give(desk: ReviewService, review: Document, answer: Answer) -> None:
    """Answer a review as the first of its assignees, or as `reviewer@example.com` if anybody may answer.

    If the template wants several people to agree, as many do: first the assignees, then others at example.com.

    Raises:
        Refusal: The answer does not fit the template.
    """
    review_id, people = review["id"], _people(review)
    if answer.kind == "reject":
        desk.reject(review_id, answer.fields, next(people))
        return
    template = desk.get_template(review["template_id"])
    if answer.kind == "edit":
        raise_faults(_not_editable(template, answer.fields))
    approval = {} if answer.kind == "complete" else _approval(template)
    for reviewer in islice(people, _needed(template)):
        if desk.complete(review_id, {**approval, **answer.fields}, reviewer)["status"] in FINAL:
            return  # a no needs nobody's agreement


def _people(review: Document) -> Iterator[str]:
    assignees: list[str] = review["assignees"]
    yield from assignees or [DEFAULT_REVIEWER]
    yield from (f"reviewer-{number}@example.com" for number in count(2))


def _needed(template: Mapping[str, Any]) -> int:
    settings: Mapping[str, Any] = template.get("settings") or {}
    needed: int | None = settings.get("approval_threshold")
    return needed or 1


def _approval(template: Mapping[str, Any]) -> dict[str, bool]:
    """Return true for the field that holds the verdict: a required boolean, `approved` or `approval` before others."""
    fields = [field for field in template["fields"] if field["type"] == "boolean"]
    verdicts = [field for field in fields if is_required(field) or field["name"] in _VERDICTS]
    chosen = min(verdicts, key=lambda field: (not is_required(field), field["name"] not in _VERDICTS), default=None)
    return {} if chosen is None else {chosen["name"]: True}


def _not_editable(template: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Fault]:
    editable = [field["name"] for field in template["fields"] if field["type"] in DISPLAYS and field.get("editable")]
    issue = f"is no editable field of template {template['id']}; it has {', '.join(editable) or 'none'}"
    return [Fault(name, issue) for name in changes if name not in editable]
