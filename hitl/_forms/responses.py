"""Kinds of answers to a request that are made of types, as forms are."""

from __future__ import annotations

from typing import Any, Final

from hitl._forms.types import form_of
from hitl._response_types import (
    LARGEST,
    LONGEST_TEXT,
    Boolean,
    MultiSelect,
    Number,
    ResponseType,
    SingleSelect,
    Text,
)
from hitl.exceptions import FormError

_PLACES: Final = 6  # of a float


def response_of(returns: Any) -> ResponseType:
    """Return the kind of answer that asks for a value of a type, as `ask` does with a form.

    Raises:
        FormError: if no single answer can; the message says what to do.
    """
    fields = form_of(returns).fields()
    if len(fields) > 1:
        raise FormError("a request asks for one value; ask for its parts in requests of their own, or use client.ask")
    [asked] = fields
    kind, options = asked["type"], {each["value"]: each["label"] for each in asked.get("options", ())}
    # What a request cannot check while the reviewer writes is refused, and not found out afterwards.
    if unknown := sorted(asked.keys() & {"exclusive_minimum", "exclusive_maximum", "multiple_of", "validation"}):
        raise _unfit(f"it cannot check {', '.join(unknown)}")
    match kind:
        case "boolean":
            return Boolean()
        case "select":
            return SingleSelect(options)
        case "multi_select":
            return MultiSelect(options)
        case "integer" | "number":
            places = 0 if kind == "integer" else _PLACES
            least, most = asked.get("minimum", -LARGEST), asked.get("maximum", LARGEST)
            return Number(least, most, decimal_places=places)
        case "text":
            return Text(asked.get("max_length", LONGEST_TEXT), placeholder=asked.get("placeholder", ""))
        case _:
            raise _unfit(f"it has no field of the type {kind}")


def _unfit(why: str) -> FormError:
    return FormError(f"a request cannot ask for this type: {why}; give response= in place of returns=, such as Text()")


def as_written(returns: Any, value: Any) -> Any:
    """Return a value of a type as an answer is written: a member of an Enum by its name, all else as it is."""
    asked: Any = form_of(returns).asked
    words = [each["value"] for each in getattr(asked, "field", {}).get("options", ())]
    if not words:
        return value
    if asked.field["type"] == "select":
        return next((word for word in words if asked.read(word, "default") == value), value)
    chosen: list[Any] = [*value] if hasattr(value, "__iter__") else [value]
    return [next((word for word in words if [*asked.read([word], "default")] == [each]), each) for each in chosen]
