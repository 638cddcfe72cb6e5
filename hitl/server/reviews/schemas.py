"""The bodies that the API accepts, as `openapi.yaml` describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from hitl.server.primitives import Fault
from hitl.server.primitives.validation import (
    Checker,
    anything,
    array,
    boolean,
    date_time,
    every,
    integer,
    json_object,
    number,
    one_of,
    optional,
    record,
    required,
    text,
    unique,
    uri,
)
from hitl.server.reviews import templates

PRIORITIES: Final = ("low", "medium", "high", "normal")
STATUSES: Final = ("created", "assigned", "in_progress", "completed", "rejected", "expired", "cancelled")
FIELD_TYPES: Final = (
    "text",
    "rich_text",
    "boolean",
    "checkbox_group",
    "select",
    "multi_select",
    "file",
    "image_review",
    "rating",
    "datetime",
    "email",
    "content_display",
    "code_display",
    "table_display",
)
CHOICES: Final = frozenset({"select", "multi_select", "checkbox_group"})
"""The field types that offer options."""

_STRATEGY = one_of("round_robin", "load_balanced")
_WORDS = array(text())

_REVIEW = {
    "assignees": optional(array(text(shortest=1))),
    "priority": optional(one_of(*PRIORITIES)),
    "due_date": optional(date_time),
    "assignment_strategy": optional(_STRATEGY),
}

REVIEW_CREATE: Checker = record(
    {"template_id": required(text(shortest=1)), "content": required(json_object), **_REVIEW}
)
REVIEW_UPDATE: Checker = record({"content": optional(json_object), **_REVIEW}, fewest=1)


def _offers_options(place: str, value: object) -> Iterator[Fault]:
    field = cast("dict[str, Any]", value)
    if field["type"] in CHOICES and not field.get("options"):
        yield Fault(f"{place}.options", f"is required for a field of type {field['type']}")


# The parts of a template stay open, as in openapi.yaml: the vendor shows them by example only, and an attribute that is
# not named here must survive reading a template and writing it back.
_OPTION = record({"value": required(text(shortest=1)), "label": required(text())}, closed=False)
_CONDITIONAL = record({"field": required(text(shortest=1)), "value": required(anything)}, closed=False)
_FIELD_VALIDATION = record(
    {"required": optional(boolean), "pattern": optional(text()), "custom_message": optional(text())}, closed=False
)
_FIELD = every(
    record(
        {
            "name": required(text(shortest=1)),
            "type": required(one_of(*FIELD_TYPES)),
            "default_value": optional(anything),
            "conditional": optional(_CONDITIONAL),
            "validation": optional(_FIELD_VALIDATION),
            "options": optional(every(array(_OPTION), unique("value"))),
            **dict.fromkeys(("label", "placeholder", "max_size", "min_date", "language"), optional(text())),
            **dict.fromkeys(("required", "multiple", "editable"), optional(boolean)),
            **dict.fromkeys(("toolbar", "accept", "tools", "labels"), optional(_WORDS)),
            **dict.fromkeys(("max_length", "scale"), optional(integer(1))),
        },
        closed=False,
    ),
    _offers_options,
)
_FIELDS = every(array(_FIELD, fewest=1), unique("name"))
_SETTINGS = record(
    {
        **dict.fromkeys(("auto_assign", "allow_reassignment", "require_comments"), optional(boolean)),
        "assignment_strategy": optional(_STRATEGY),
        "timeout_hours": optional(number(above=0)),
        "approval_threshold": optional(integer(1)),
    },
    closed=False,
)
_STYLING = record(
    {**dict.fromkeys(("primary_color", "secondary_color", "custom_css"), optional(text())), "logo_url": optional(uri)},
    closed=False,
)
_RULE = record(
    {"condition": required(text()), "required_fields": optional(_WORDS), "message": optional(text())}, closed=False
)
_TEMPLATE = {
    "description": optional(text()),
    "settings": optional(_SETTINGS),
    "styling": optional(_STYLING),
    "validation": optional(record({"rules": optional(array(_RULE))}, closed=False)),
    "category": optional(text()),
    "tags": optional(_WORDS),
    "priority": optional(one_of(*PRIORITIES)),
    "version": optional(text()),
    "changelog": optional(_WORDS),
    "deprecated": optional(boolean),
    "migration_guide": optional(uri),
}


def _agrees(_place: str, value: object) -> Iterator[Fault]:
    return templates.faults(cast("dict[str, Any]", value))


TEMPLATE_CREATE: Checker = every(
    record({"name": required(text(shortest=1)), "fields": required(_FIELDS), **_TEMPLATE}), _agrees
)
TEMPLATE_UPDATE: Checker = record(
    {"name": optional(text(shortest=1)), "fields": optional(_FIELDS), **_TEMPLATE}, fewest=1
)
