"""A reviewer's result, checked against the fields of the template that it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

from hitl.sandbox.checks import Checker, anything, array, boolean, integer, one_of, text
from hitl.sandbox.refusals import Fault

Field: TypeAlias = Mapping[str, Any]

DISPLAYS: Final = frozenset({"content_display", "code_display", "table_display"})
"""The field types that show the content. They ask nothing, so a result never needs them."""

_DEFAULT_SCALE = 5


def faults(template: Mapping[str, Any], result: Mapping[str, Any], *, complete: bool) -> Iterator[Fault]:
    """Yield what is wrong with a result; the place of each fault is the name of the template's field.

    Keys that the template does not know are accepted, because the vendor's results are open objects.

    Args:
        template: The template in wire form.
        result: The result, keyed by field names.
        complete: Whether every required field must be answered; a rejection need not be complete.
    """
    for field in template["fields"]:
        value = result.get(field["name"])
        if not _is_blank(value):
            yield from checker_for(field)(field["name"], value)
        elif complete and is_required(field) and is_shown(field, result):
            yield Fault(field["name"], _missing(field))


def is_required(field: Field) -> bool:
    """Return whether a completed result must answer the field while it is shown."""
    if field["type"] in DISPLAYS:
        return False
    return bool(field.get("required") or _validation(field).get("required"))


def is_shown(field: Field, result: Mapping[str, Any]) -> bool:
    """Return whether the field's condition is met by the other answers; a field without one is always shown."""
    condition = field.get("conditional")
    return not condition or _same(result.get(condition["field"]), condition["value"])


def checker_for(field: Field) -> Checker:
    """Return the check for the value of one field, whatever its type."""
    make = _CHECKERS.get(field["type"])
    return make(field) if make else anything


def _text(field: Field) -> Checker:
    return text(longest=field.get("max_length"))


def _one_option(field: Field) -> Checker:
    return one_of(*_values(field))


def _options(field: Field) -> Checker:
    return array(one_of(*_values(field)))


def _step(field: Field) -> Checker:
    return integer(1, field.get("scale", _DEFAULT_SCALE))


def _any_text(field: Field) -> Checker:  # noqa: ARG001 - it has the shape of the other makers
    return text()


def _yes_or_no(field: Field) -> Checker:  # noqa: ARG001 - it has the shape of the other makers
    return boolean


_CHECKERS: Final[Mapping[str, Callable[[Field], Checker]]] = {
    "text": _text,
    "rich_text": _text,
    "email": _any_text,
    "datetime": _any_text,
    "content_display": _any_text,
    "code_display": _any_text,
    "boolean": _yes_or_no,
    "select": _one_option,
    "multi_select": _options,
    "checkbox_group": _options,
    "rating": _step,
}


def _values(field: Field) -> list[str]:
    return [option["value"] for option in field.get("options") or ()]


def _missing(field: Field) -> str:
    return str(_validation(field).get("custom_message") or "is required")


def _validation(field: Field) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = field.get("validation") or {}
    return rules


def _is_blank(value: object) -> bool:
    """Return whether a value answers nothing; False and 0 are answers."""
    return value is None or (isinstance(value, str | list) and not cast("str | list[object]", value))


def _same(one: object, other: object) -> bool:
    """Compare as JSON does, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
