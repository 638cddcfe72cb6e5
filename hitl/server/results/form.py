"""A result as a whole: every field, and the rules across several of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hitl.server.primitives import Fault
from hitl.server.primitives.validation import name_of, same
from hitl.server.results.conditions import Condition
from hitl.server.results.fields import (
    DISPLAYS,
    Field,
    TemplateDocument,
    comment_fields,
    is_blank,
    is_required,
    is_shown,
    rules,
    settings,
    validation,
    words,
)
from hitl.server.results.kinds import answer_check, text_faults


def faults(
    template: TemplateDocument, content: Mapping[str, Any], result: Mapping[str, Any], *, complete: bool, now: datetime
) -> Iterator[Fault]:
    """Yield the faults of a result by the names of the template's fields.

    Unknown keys are accepted, because the vendor's results are open objects. A result that need not be `complete`, as
    that of a rejection, may leave required fields out. `now` is for dates that must not lie in the past.
    """
    found = [fault for field in template["fields"] for fault in _of_field(field, content, result, complete, now)]
    for more in (_of_rules(template, result) if complete else (), _of_comments(template, result)):
        reported = {fault.field for fault in found}
        found += [fault for fault in more if fault.field not in reported]
    yield from found


def _of_field(
    field: Field, content: Mapping[str, Any], result: Mapping[str, Any], complete: bool, now: datetime
) -> Iterator[Fault]:
    name = field["name"]
    value = result.get(name)
    if field["type"] in DISPLAYS:
        yield from _of_display(field, content, value)
    elif not is_blank(value):
        yield from answer_check(field, now)(name, value)
    elif complete and is_required(field) and is_shown(field, result):
        yield Fault(name, str(validation(field).get("custom_message") or "is required"))


def _of_display(field: Field, content: Mapping[str, Any], value: object) -> Iterator[Fault]:
    """Check the content as the reviewer edited it; content that comes back unchanged is always right."""
    name = field["name"]
    if value is None or (name in content and same(value, content[name])):
        return
    wanted = name_of(content.get(name, ""))
    if not field.get("editable"):
        yield Fault(name, "shows the content, which may not be edited here; leave it out")
    elif name_of(value) != wanted:
        yield Fault(name, f"must be {wanted}, as it is in the content, not {name_of(value)}")
    elif isinstance(value, str):
        yield from text_faults(field, value)


def _of_rules(template: TemplateDocument, result: Mapping[str, Any]) -> Iterator[Fault]:
    """Apply the template's rules: where a condition holds, the rule's fields are needed.

    A rule that names no fields refuses what its condition describes; the fault then stands at the first field that the
    condition asks for.
    """
    open_fields = {field["name"] for field in template["fields"] if _is_open(field, result)}
    for rule in rules(template):
        condition = Condition(rule["condition"])
        if not condition.holds(result):
            continue
        needed = words(rule, "required_fields")
        refused = [name for name in needed if name in open_fields] if needed else condition.fields[:1]
        reason = str(rule.get("message") or f"{'is required' if needed else 'is refused'} if {rule['condition']}")
        yield from (Fault(name, reason) for name in refused)


def _of_comments(template: TemplateDocument, result: Mapping[str, Any]) -> Iterator[Fault]:
    """Ask for an explanation, if the template wants one for every answer and for every rejection."""
    if not settings(template).get("require_comments"):
        return
    fields = comment_fields(template)
    if not any(_says_something(result.get(field["name"])) for field in fields):
        place = next((field["name"] for field in fields if is_shown(field, result)), fields[0]["name"])
        yield Fault(place, "is required: the template asks for a comment with every answer")


def _says_something(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_open(field: Field, result: Mapping[str, Any]) -> bool:
    return is_blank(result.get(field["name"])) and is_shown(field, result)
