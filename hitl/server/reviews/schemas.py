"""The bodies that the API accepts, as `openapi.yaml` describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from hitl._json import as_object
from hitl.server.asking import POLICIES, SELF_APPROVAL
from hitl.server.primitives import Checker, Fault
from hitl.server.primitives import validation as check
from hitl.server.primitives.names import person
from hitl.server.results import LONGEST_EFFECT, LONGEST_UNDO, MOST_REASONS
from hitl.server.reviews import templates

PRIORITIES: Final = ("low", "medium", "high", "normal")
STATUSES: Final = ("created", "assigned", "in_progress", "completed", "rejected", "expired", "cancelled")
FIELD_TYPES: Final = (
    *("text", "rich_text", "boolean", "checkbox_group", "select", "multi_select", "file", "image_review", "rating"),
    *("number", "integer"),
    *("datetime", "email", "content_display", "code_display", "table_display"),
)
NUMBER_BOUNDS: Final = ("minimum", "exclusive_minimum", "maximum", "exclusive_maximum")
CHOICES: Final = frozenset({"select", "multi_select", "checkbox_group"})
"""The field types that offer options."""

MOST_ASSIGNEES: Final = 1_000
"""The people that one review may be given to; each is a row of the database."""

_STRATEGY = check.one_of("round_robin", "load_balanced")
_WORDS = check.array(check.text())

_REVIEW = {
    "assignees": check.optional(check.array(person, most=MOST_ASSIGNEES)),
    "priority": check.optional(check.one_of(*PRIORITIES)),
    "due_date": check.optional(check.date_time),
    "assignment_strategy": check.optional(_STRATEGY),
}

MOST_METADATA: Final = 20
_NAME: Final = check.text(shortest=1, longest=64)
_VALUE: Final = check.text(longest=500)


def metadata(place: str, value: object) -> Iterator[Fault]:
    """Accept what a program keeps with a review: up to 20 texts by their names."""
    yield from check.json_object(place, value)
    given = as_object(value)
    if len(given) > MOST_METADATA:
        yield Fault(place, f"may have at most {MOST_METADATA} names, this has {len(given)}")
    for name, each in list(given.items())[:MOST_METADATA]:
        yield from _NAME(f"{place}: the name {name[:64]!r}", name)
        yield from _VALUE(f"{place}.{name[:64]}", each)


_CONSUMED_BY: Final = check.required(check.text(shortest=1, longest=255))
REVIEW_CONSUMPTION: Checker = check.record({"claim": _CONSUMED_BY, "call": _CONSUMED_BY})

REVIEW_CREATE: Checker = check.record(
    {
        "template_id": check.required(check.text(shortest=1)),
        "content": check.required(check.json_object),
        "metadata": check.optional(metadata),
        **_REVIEW,
    }
)
REVIEW_UPDATE: Checker = check.record({"content": check.optional(check.json_object), **_REVIEW}, fewest=1)


def _offers_options(place: str, value: object) -> Iterator[Fault]:
    field = cast("dict[str, Any]", value)
    if field["type"] in CHOICES and not field.get("options"):
        yield Fault(f"{place}.options", f"is required for a field of type {field['type']}")


# The parts of a template stay open, as in openapi.yaml: the vendor shows them by example only, and an attribute that is
# not named here must survive reading a template and writing it back.
_OPTION = check.record(
    {"value": check.required(check.text(shortest=1)), "label": check.required(check.text())}, closed=False
)
_CONDITIONAL = check.record(
    {"field": check.required(check.text(shortest=1)), "value": check.required(check.anything)}, closed=False
)
_FIELD_VALIDATION = check.record(
    {
        "required": check.optional(check.boolean),
        "pattern": check.optional(check.text()),
        "custom_message": check.optional(check.text()),
    },
    closed=False,
)
_FIELD = check.every(
    check.record(
        {
            "name": check.required(check.text(shortest=1)),
            "type": check.required(check.one_of(*FIELD_TYPES)),
            "default_value": check.optional(check.anything),
            "conditional": check.optional(_CONDITIONAL),
            "validation": check.optional(_FIELD_VALIDATION),
            "options": check.optional(check.every(check.array(_OPTION), check.unique("value"))),
            **dict.fromkeys(
                ("label", "placeholder", "max_size", "min_date", "language", "role"), check.optional(check.text())
            ),
            **dict.fromkeys(("required", "multiple", "editable"), check.optional(check.boolean)),
            **dict.fromkeys(("toolbar", "accept", "tools", "labels"), check.optional(_WORDS)),
            **dict.fromkeys(("max_length", "scale"), check.optional(check.integer(1))),
            **dict.fromkeys(NUMBER_BOUNDS, check.optional(check.number())),
            "multiple_of": check.optional(check.number(above=0)),
        },
        closed=False,
    ),
    _offers_options,
)
_FIELDS = check.every(check.array(_FIELD, fewest=1), check.unique("name"))
_LONGEST_PATH: Final = 256
_REASON = check.every(check.text(shortest=1, longest=80), check.sendable)
_SETTINGS = check.record(
    {
        **dict.fromkeys(("auto_assign", "allow_reassignment", "require_comments"), check.optional(check.boolean)),
        "assignment_strategy": check.optional(_STRATEGY),
        "timeout_hours": check.optional(check.number(above=0)),
        "approval_threshold": check.optional(check.integer(1)),
        **dict.fromkeys(templates.EFFECTS, check.optional(check.text(shortest=1, longest=LONGEST_EFFECT))),
        "reject_reasons": check.optional(check.array(_REASON, most=MOST_REASONS)),
        SELF_APPROVAL: check.optional(check.one_of(*POLICIES)),
        "key_field": check.optional(check.text(shortest=1, longest=_LONGEST_PATH)),
        "undo_seconds": check.optional(check.number(0, LONGEST_UNDO)),
    },
    closed=False,
)
_STYLING = check.record(
    {
        **dict.fromkeys(("primary_color", "secondary_color", "custom_css"), check.optional(check.text())),
        "logo_url": check.optional(check.uri),
    },
    closed=False,
)
_RULE = check.record(
    {
        "condition": check.required(check.text()),
        "required_fields": check.optional(_WORDS),
        "message": check.optional(check.text()),
    },
    closed=False,
)
_TEMPLATE = {
    "description": check.optional(check.text()),
    "settings": check.optional(_SETTINGS),
    "styling": check.optional(_STYLING),
    "validation": check.optional(check.record({"rules": check.optional(check.array(_RULE))}, closed=False)),
    "category": check.optional(check.text()),
    "tags": check.optional(_WORDS),
    "priority": check.optional(check.one_of(*PRIORITIES)),
    "version": check.optional(check.text()),
    "changelog": check.optional(_WORDS),
    "deprecated": check.optional(check.boolean),
    "migration_guide": check.optional(check.uri),
}


TEMPLATE_CREATE: Checker = check.every(
    check.record({"name": check.required(check.text(shortest=1)), "fields": check.required(_FIELDS), **_TEMPLATE}),
    lambda _place, value: templates.faults(cast("dict[str, Any]", value)),
)
TEMPLATE_UPDATE: Checker = check.record(
    {"name": check.optional(check.text(shortest=1)), "fields": check.optional(_FIELDS), **_TEMPLATE}, fewest=1
)
