from __future__ import annotations

from typing import Any

import pytest

from hitl.sandbox.results import faults

OPTIONS = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]


def found(field: dict[str, Any], value: object, *, complete: bool = True) -> list[str]:
    template = {"fields": [{"name": "answer", **field}]}
    return [fault.issue for fault in faults(template, {"answer": value}, complete=complete)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "text", "max_length": 3}, "abc"),
        ({"type": "rich_text"}, "<b>yes</b>"),
        ({"type": "boolean"}, False),
        ({"type": "select", "options": OPTIONS}, "a"),
        ({"type": "multi_select", "options": OPTIONS}, ["a", "b"]),
        ({"type": "checkbox_group", "options": OPTIONS}, []),
        ({"type": "rating"}, 5),
        ({"type": "rating", "scale": 10}, 10),
        ({"type": "datetime"}, "2026-11-23"),
        ({"type": "email"}, "a@example.com"),
        ({"type": "content_display"}, "edited"),
        ({"type": "code_display"}, "pass"),
        ({"type": "table_display"}, [{"a": 1}]),
        ({"type": "file"}, {"url": "https://example.com"}),
        ({"type": "image_review"}, "approve"),
        ({"type": "text"}, None),
    ],
)
def test_a_fitting_value_is_accepted(field: dict[str, Any], value: object) -> None:
    assert found(field, value) == []


@pytest.mark.parametrize(
    ("field", "value", "issue"),
    [
        ({"type": "text", "max_length": 3}, "abcd", "may have at most 3 characters, this has 4"),
        ({"type": "boolean"}, "yes", "must be true or false, not a string"),
        ({"type": "select", "options": OPTIONS}, "c", "must be one of a, b"),
        ({"type": "multi_select", "options": OPTIONS}, "a", "must be an array, not a string"),
        ({"type": "checkbox_group", "options": OPTIONS}, ["a", "c"], "must be one of a, b"),
        ({"type": "rating"}, 6, "must be a whole number from 1 to 5"),
        ({"type": "rating"}, 4.5, "must be a whole number from 1 to 5"),
        ({"type": "rating"}, True, "must be a whole number, not a boolean"),
        ({"type": "email"}, 5, "must be a string, not a number"),
        ({"type": "content_display"}, ["edited"], "must be a string, not an array"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_even_in_a_rejection(
    field: dict[str, Any], value: object, issue: str
) -> None:
    assert found(field, value) == [issue]
    assert found(field, value, complete=False) == [issue]


@pytest.mark.parametrize("blank", [None, "", []])
def test_a_required_field_needs_an_answer_to_complete_but_none_to_reject(blank: object) -> None:
    field = {"type": "text", "required": True}
    assert found(field, blank) == ["is required"]
    assert found(field, blank, complete=False) == []


@pytest.mark.parametrize("answer", [False, 0])
def test_false_and_zero_are_answers(answer: object) -> None:
    assert "is required" not in found({"type": "boolean", "required": True}, answer)


def test_the_validation_block_may_require_a_field_and_say_so_in_its_own_words() -> None:
    field = {"type": "email", "validation": {"required": True, "custom_message": "Where can we reach you?"}}
    assert found(field, None) == ["Where can we reach you?"]


@pytest.mark.parametrize("kind", ["content_display", "code_display", "table_display"])
def test_a_field_that_only_shows_something_is_never_required(kind: str) -> None:
    assert found({"type": kind, "required": True}, None) == []


@pytest.mark.parametrize(
    ("wanted", "given", "missing"),
    [(False, False, ["why"]), (False, True, []), (1, True, []), ("other", "other", ["why"]), ("other", None, [])],
)
def test_a_conditional_field_is_required_only_while_its_condition_is_met(
    wanted: object, given: object, missing: list[str]
) -> None:
    why = {"name": "why", "type": "text", "required": True, "conditional": {"field": "choice", "value": wanted}}
    template = {"fields": [{"name": "choice", "type": "file"}, why]}
    assert [fault.field for fault in faults(template, {"choice": given}, complete=True)] == missing


def test_keys_that_the_template_does_not_know_are_accepted() -> None:
    template = {"fields": [{"name": "approved", "type": "boolean"}]}
    assert list(faults(template, {"approved": True, "mood": "good"}, complete=True)) == []
