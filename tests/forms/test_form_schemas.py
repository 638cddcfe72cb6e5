"""Forms made of JSON Schema, and back."""

from __future__ import annotations

from typing import Any

import pytest

from hitl import fields_from, schema_from
from hitl._forms import form_of
from hitl.exceptions import AnswerError, FormError

REFUND: dict[str, Any] = {
    "title": "Refund",
    "type": "object",
    "properties": {
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 50, "title": "Amount in euro"},
        "count": {"type": "integer", "multipleOf": 2, "default": 2},
        "to": {
            "type": "object",
            "properties": {"email": {"type": "string", "format": "email"}, "name": {"type": "string"}},
            "required": ["email"],
        },
        "fate": {"enum": ["keep", "delete"]},
        "why": {"oneOf": [{"const": "late", "title": "Too late"}, {"const": "lost"}]},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "code": {"type": "string", "pattern": "^[A-Z]+$", "maxLength": 4},
    },
    "required": ["amount", "to", "when", "fate"],
}
FULL = {
    "amount": 12.5,
    "count": 4,
    "to.email": "ann@example.com",
    "to.name": "Ann",
    "fate": "keep",
    "why": "late",
    "tags": ["b"],
    "when": "2027-01-20T12:00:00Z",
    "code": "ABC",
}
LEAST = {"amount": 1, "to.email": "ann@example.com", "fate": "delete"}


def test_the_value_has_the_shape_of_the_schema() -> None:
    assert form_of(REFUND).read(FULL) == {
        **{name: value for name, value in FULL.items() if "." not in name},
        "to": {"email": "ann@example.com", "name": "Ann"},
    }
    assert form_of(REFUND).read(LEAST) == {
        "amount": 1.0,
        "to": {"email": "ann@example.com"},
        "when": None,
        "fate": "delete",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": 51},
        {"amount": True},
        {"count": 3},
        {"count": 2.0},
        {"fate": "sell"},
        {"tags": ["c"]},
        {"tags": ["a", "a"]},
        {"when": "noon"},
        {"code": "abc"},
        {"code": "ABCDE"},
    ],
)
def test_what_the_schema_does_not_allow_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(AnswerError) as caught:
        form_of(REFUND).read({**FULL, **wrong})
    assert caught.value.path.startswith(next(iter(wrong)))


def test_there_and_back_it_takes_the_same_answers() -> None:
    schema = schema_from(fields_from(REFUND))
    again = form_of(schema)
    assert again.read(FULL) == form_of(REFUND).read(FULL)
    for wrong in ({"amount": 0}, {"count": 3}, {"fate": "sell"}, {"tags": ["c"]}, {"code": "abc"}):
        with pytest.raises(AnswerError):
            again.read({**FULL, **wrong})
    assert schema_from(fields_from(schema)) == schema


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({}, "#/type"),
        ({"type": "null"}, "#/type"),
        ({"type": ["string", "null"]}, "#/type"),
        ({"$ref": "#/x"}, "#/$ref"),
        ({"$ref": "x", "$defs": {"x": {"type": "string"}}}, "#/$ref"),
        ({"$ref": "https://example.com/x", "$defs": {"x": {"type": "string"}}}, "#/$ref"),
        ({"$defs": {"x": {"type": "object", "properties": {"y": {"$ref": "#/$defs/x"}}}}, "$ref": "#/$defs/x"},
         "#/properties/y/$ref"),
        ({"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x", "not": {}}, "#/not"),
        ({"type": "string", "format": "uuid"}, "#/format"),
        ({"type": "string", "contentEncoding": "base64"}, "#/contentEncoding"),
        ({"type": "integer", "not": {"const": 3}}, "#/not"),
        ({"enum": [1, 2]}, "#"),
        ({"enum": []}, "#"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "#/anyOf"),
        ({"oneOf": [{"type": "string"}]}, "#/oneOf"),
        ({"type": "array", "items": {"type": "string"}}, "#/items"),
        ({"type": "array", "items": {"enum": ["a"]}, "minItems": 1}, "#/minItems"),
        ({"type": "object"}, "#/properties"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}, "#/required"),
        ({"type": "object", "properties": {"a.b": {"type": "string"}}}, "#/properties/a.b"),
        ({"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}}, "#/properties/a"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "dependentRequired": {}}, "#/dependentRequired"),
        ({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}},
         "#/properties/a"),
    ],
)  # fmt: skip
def test_a_keyword_that_no_form_can_check_is_refused(schema: dict[str, Any], path: str) -> None:
    with pytest.raises(FormError) as caught:
        fields_from(schema)
    assert caught.value.path == path


def test_references_to_definitions_are_followed() -> None:
    choice = {"title": "Fate", "enum": ["keep", "delete"]}
    whole = {"type": "object", "properties": {"fate": {"anyOf": [choice, {"type": "null"}]}, "and": choice}}
    parts = {"anyOf": [{"$ref": "#/$defs/Fate"}, {"type": "null"}]}
    schema = {
        "$defs": {
            "Fate": choice,
            "Both": {"type": "object", "properties": {"fate": parts, "and": {"$ref": "#/$defs/Fate"}}},
        },
        "$ref": "#/$defs/Both",
    }
    assert fields_from(schema) == fields_from(whole)


def test_answers_without_a_schema_are_refused() -> None:
    with pytest.raises(FormError, match="proof"):
        schema_from([{"name": "proof", "type": "file"}])


def test_displays_ask_for_nothing() -> None:
    assert schema_from([{"name": "text", "type": "content_display"}])["properties"] == {}
