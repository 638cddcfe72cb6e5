"""What a template says about its fields: which must be answered, which are shown, and what some of them are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from hitl.server.results.normal_form import equal

Field: TypeAlias = Mapping[str, Any]
TemplateDocument: TypeAlias = Mapping[str, Any]

DISPLAYS: Final = frozenset({"content_display", "code_display", "table_display"})
"""The field types that show the content. They ask nothing, so a result never needs them."""

VERDICT: Final = "verdict"
"""The role of the field that says yes or no to the whole."""

_TEXTS: Final = frozenset({"text", "rich_text"})
_COMMENTS: Final = ("comment", "comments", "feedback")
APPROVALS: Final = ("approved", "approval")

MOST_REASONS: Final = 9
"""The common reasons of a rejection that a template may name: each has a digit for a key."""

LONGEST_UNDO: Final = 3600
"""The most seconds for which an answer may be held."""


def is_required(field: Field) -> bool:
    """Return whether a completed result must answer the field while it is shown."""
    if field["type"] in DISPLAYS:
        return False
    return bool(field.get("required") or validation(field).get("required"))


def is_shown(field: Field, result: Mapping[str, Any]) -> bool:
    """Return whether the field's condition is met by the other answers; a field without one is always shown."""
    condition = field.get("conditional")
    return not condition or equal(result.get(condition["field"]), condition["value"])


def verdict_field(template: TemplateDocument) -> str | None:
    """Return the name of the boolean field whose `role` is to say yes or no to the whole, if the template names one."""
    return next((field["name"] for field in template["fields"] if field.get("role") == VERDICT), None)


def approval_field(template: TemplateDocument) -> str | None:
    """Return the name of the field that says yes or no to the whole, if the template has one.

    It is the field that the template names; else the boolean field that is named `approved` or `approval`, as in the
    vendor's examples, or else the first boolean field that must be answered.
    """
    if (chosen := verdict_field(template)) is not None:
        return chosen
    booleans = [field for field in template["fields"] if field["type"] == "boolean"]
    named = [field["name"] for field in booleans if field["name"] in APPROVALS]
    needed = [field["name"] for field in booleans if is_required(field)]
    return next(iter([*named, *needed]), None)


def comment_fields(template: TemplateDocument) -> list[Field]:
    """Return the fields that can explain an answer: text fields named as `_COMMENTS`, or else all text fields."""
    texts = [field for field in template["fields"] if field["type"] in _TEXTS]
    return [field for field in texts if field["name"] in _COMMENTS] or texts


def validation(field: Field) -> Mapping[str, Any]:
    """Return the field's own rules."""
    rules: Mapping[str, Any] = field.get("validation") or {}
    return rules


def settings(template: TemplateDocument) -> Mapping[str, Any]:
    """Return how reviews made from the template are handled."""
    chosen: Mapping[str, Any] = template.get("settings") or {}
    return chosen


def approvals_needed(template: TemplateDocument) -> int:
    """Return how many people must approve a review."""
    return int(settings(template).get("approval_threshold") or 1)  # 2.0 is a whole number in JSON, too


def undo_seconds(template: TemplateDocument | None, otherwise: float) -> float:
    """Return for how long an answer given in the inbox can be taken back; `otherwise` if the template does not say."""
    chosen: float | None = settings(template).get("undo_seconds") if template else None
    return otherwise if chosen is None else chosen


def rules(template: TemplateDocument) -> Sequence[Mapping[str, Any]]:
    """Return the template's rules across several fields."""
    block: Mapping[str, Any] = template.get("validation") or {}
    return block.get("rules") or ()


def words(part: Mapping[str, Any], name: str) -> Sequence[str]:
    """Return an attribute that is a list of words; none if it was left out."""
    return part.get(name) or ()


def is_blank(value: object) -> bool:
    """Return whether a value answers nothing; False and 0 are answers."""
    return value is None or (isinstance(value, str | list) and not cast("str | list[object]", value))
