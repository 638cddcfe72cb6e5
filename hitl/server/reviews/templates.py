"""What must hold in a template as a whole, beyond the shape of its parts: what its parts say about each other.

A reviewer meets the mistakes of a template when it is too late to correct them, so they are refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hitl.server.ecma_regex import BadPatternError, Pattern
from hitl.server.primitives import Fault
from hitl.server.primitives.validation import sendable
from hitl.server.results import DISPLAYS, BadEffectError, TemplateDocument, comment_fields, parts, settings, words
from hitl.server.results.conditions import BadConditionError, Condition
from hitl.server.results.fields import VERDICT, Field, rules, validation
from hitl.server.results.files import bytes_in
from hitl.server.results.kinds import DEFAULT_SCALE, TODAY, read_date

EFFECTS: Final = ("approve_effect", "reject_effect", "timeout_effect")
"""The settings that say what a button, or no answer, will do."""

_LARGEST_SCALE: Final = 100  # a form with more steps could not be used, and one with a million would stop the inbox


def faults(template: TemplateDocument) -> Iterator[Fault]:
    """Yield what is wrong with a template whose shape is right; places are those of the body of creation."""
    names = {field["name"]: field["type"] for field in template["fields"]}
    yield from _verdict_faults(template["fields"])
    for index, field in enumerate(template["fields"]):
        place = f"fields[{index}]"
        yield from sendable(f"{place}.name", field["name"])
        yield from _option_faults(place, field)
        yield from _pattern_faults(place, field)
        yield from _limit_faults(place, field)
        yield from _scale_faults(place, field)
        yield from _condition_faults(place, field, names)
    for index, rule in enumerate(rules(template)):
        yield from _rule_faults(f"validation.rules[{index}]", rule, names)
    yield from _settings_faults(template)


def _settings_faults(template: TemplateDocument) -> Iterator[Fault]:
    chosen = settings(template)
    for name in ("require_comments", "reject_reasons"):
        if chosen.get(name) and not comment_fields(template):
            yield Fault(f"settings.{name}", "needs a text or rich_text field that a comment can be written into")
    for name in EFFECTS:
        try:
            parts(chosen.get(name) or "")
        except BadEffectError as error:
            yield Fault(f"settings.{name}", str(error))
    reasons = words(chosen, "reject_reasons")
    for index, reason in enumerate(reasons):
        if reason in reasons[:index]:
            yield Fault(f"settings.reject_reasons[{index}]", f"repeats {reason[:64]!r}")


def _verdict_faults(fields: Sequence[Field]) -> Iterator[Fault]:
    places = [index for index, field in enumerate(fields) if field.get("role") == VERDICT]
    for index in places:
        if fields[index]["type"] != "boolean":
            yield Fault(f"fields[{index}].role", "can be verdict only for a boolean field")
    for index in places[1:]:
        yield Fault(
            f"fields[{index}].role", f"is verdict for {fields[places[0]]['name'][:64]!r} already; name one field"
        )


def _option_faults(place: str, field: Field) -> Iterator[Fault]:
    for index, option in enumerate(field.get("options") or ()):
        yield from sendable(f"{place}.options[{index}].value", option["value"])


def _pattern_faults(place: str, field: Field) -> Iterator[Fault]:
    try:
        Pattern(validation(field).get("pattern") or "")
    except BadPatternError as error:
        yield Fault(f"{place}.validation.pattern", str(error))


def _limit_faults(place: str, field: Field) -> Iterator[Fault]:
    try:
        bytes_in(field.get("max_size", "0"))
    except ValueError:
        yield Fault(f"{place}.max_size", "must be a size such as 10MB")
    try:
        if (earliest := field.get("min_date", TODAY)) != TODAY:
            read_date(earliest)
    except ValueError:
        yield Fault(f"{place}.min_date", "must be today, a date such as 2026-01-20, or a date-time with an offset")


def _scale_faults(place: str, field: Field) -> Iterator[Fault]:
    scale, labels = field.get("scale", DEFAULT_SCALE), words(field, "labels")
    if scale > _LARGEST_SCALE:
        yield Fault(f"{place}.scale", f"may be at most {_LARGEST_SCALE}")
    elif field["type"] == "rating" and len(labels) > scale:
        yield Fault(f"{place}.labels", f"has {len(labels)} labels for {scale:g} steps")


def _condition_faults(place: str, field: Field, names: dict[str, str]) -> Iterator[Fault]:
    condition: Mapping[str, Any] = field.get("conditional") or {}
    asked: str | None = condition.get("field")
    if asked == field["name"]:
        yield Fault(f"{place}.conditional.field", "must be another field")
    elif asked is not None and asked not in names:
        yield Fault(f"{place}.conditional.field", f"names {asked[:64]!r}, which is no field of the template")


def _rule_faults(place: str, rule: Mapping[str, Any], names: dict[str, str]) -> Iterator[Fault]:
    try:
        asked = Condition(rule["condition"]).fields
    except BadConditionError as error:
        yield Fault(f"{place}.condition", str(error))
        return
    if not asked:
        yield Fault(f"{place}.condition", "must ask for a field, as in field('approved') == false")
    for name in asked:
        if name not in names:
            yield Fault(f"{place}.condition", f"asks for {name[:64]!r}, which is no field of the template")
    for index, name in enumerate(words(rule, "required_fields")):
        if name not in names:
            yield Fault(f"{place}.required_fields[{index}]", f"names {name[:64]!r}, which is no field of the template")
        elif names[name] in DISPLAYS:
            yield Fault(f"{place}.required_fields[{index}]", f"names {name[:64]!r}, which only shows something")
