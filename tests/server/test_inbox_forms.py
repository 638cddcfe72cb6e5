"""The form of a template: its controls, its defaults, and the result read back from what a browser sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hitl.server.http.requests import MAX_DEPTH
from hitl.server.inbox.controls import Control, VisibleIf
from hitl.server.inbox.fields import MISSING, Choice, field_type
from hitl.server.inbox.forms import Draft, build_form, json_faults, read_result
from hitl.server.inbox.rendering import Code, Table, Text

COLOURS = [{"value": "r", "label": "Red"}, {"value": "g", "label": "Green"}]


def template(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": "tpl_1", "name": "T", "fields": list(fields)}


def control(field: dict[str, Any], content: dict[str, Any] | None = None, draft: Draft | None = None) -> Control:
    form = build_form(template(field), content or {}, draft)
    (only,) = (*form.displays, *form.inputs)
    return only


def answer(field: dict[str, Any], *texts: str, content: dict[str, Any] | None = None) -> Any:
    result = read_result(template(field), content or {}, {field["name"]: list(texts)})
    return result.get(field["name"], MISSING)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ({"type": "text"}, "area"),
        ({"type": "rich_text"}, "area"),
        ({"type": "boolean"}, "buttons"),
        ({"type": "select", "options": COLOURS}, "radios"),
        ({"type": "select", "options": [{"value": str(n), "label": str(n)} for n in range(6)]}, "dropdown"),
        ({"type": "multi_select", "options": COLOURS}, "checkboxes"),
        ({"type": "checkbox_group", "options": COLOURS}, "checkboxes"),
        ({"type": "rating"}, "rating"),
        ({"type": "rating", "labels": ["Strongly disagree"]}, "radios"),
        ({"type": "email"}, "line"),
        ({"type": "datetime"}, "line"),
        ({"type": "file"}, "line"),
        ({"type": "image_review"}, "radios"),
        ({"type": "word_of_tomorrow"}, "area"),
    ],
)
def test_a_type_has_its_control(field: dict[str, Any], kind: str) -> None:
    assert control({"name": "f", **field}).kind == kind


def test_a_control_carries_what_the_template_says() -> None:
    drawn = control(
        {
            "name": "f",
            "type": "text",
            "label": "Why?",
            "required": True,
            "placeholder": "Say why",
            "max_length": 9,
            "conditional": {"field": "approved", "value": False},
        }
    )
    assert (drawn.label, drawn.required, drawn.placeholder, drawn.max_length) == ("Why?", True, "Say why", 9)
    assert drawn.condition == VisibleIf("approved", "false")


def test_a_field_without_a_label_is_called_by_its_name() -> None:
    assert control({"name": "approved", "type": "boolean"}).label == "approved"


def test_a_field_can_be_required_by_its_validation() -> None:
    assert control({"name": "mail", "type": "email", "validation": {"required": True}}).required


def test_nothing_is_preselected_unless_the_template_says_so() -> None:
    assert "true" not in control({"name": "f", "type": "boolean"}).values
    assert control({"name": "f", "type": "boolean", "default_value": False}).values == ["false"]
    assert control({"name": "f", "type": "multi_select", "options": COLOURS, "default_value": ["g"]}).values == ["g"]


def test_a_rating_has_a_step_for_each_point_of_its_scale() -> None:
    assert [step.value for step in control({"name": "f", "type": "rating"}).choices] == ["1", "2", "3", "4", "5"]
    labelled = control({"name": "f", "type": "rating", "scale": 2, "labels": ["Bad", "Good"]})
    assert labelled.choices == [Choice("1", "Bad"), Choice("2", "Good")]


def test_a_date_is_cut_to_what_its_control_accepts() -> None:
    drawn = control({"name": "f", "type": "datetime", "default_value": "2026-11-23T11:30:00Z"})
    assert (drawn.input_type, drawn.value) == ("datetime-local", "2026-11-23T11:30")


def test_a_text_field_that_content_has_a_text_for_begins_with_it() -> None:
    field = {"name": "content", "type": "text"}
    assert control(field, {"content": "A draft"}).value == "A draft"
    assert control({**field, "default_value": "mine"}, {"content": "A draft"}).value == "mine"


def test_content_that_a_field_displays_is_not_shown_again() -> None:
    fields = [{"name": "text", "type": "content_display"}, {"name": "gone", "type": "content_display"}]
    form = build_form(template(*fields), {"text": "A", "other": "B"})
    assert [display.shown for display in form.displays] == [Text("A")]
    assert form.rest == {"other": "B"}


def test_without_a_template_all_content_is_shown() -> None:
    form = build_form(None, {"text": "A"})
    assert (form.displays, form.inputs, form.rest) == ([], [], {"text": "A"})


def test_editable_text_can_be_edited_and_other_values_are_shown() -> None:
    field = {"name": "text", "type": "content_display", "editable": True}
    assert control(field, {"text": "A"}).kind == "edit_line"
    assert control(field, {"text": "A\nB"}).kind == control(field, {"text": "A" * 121}).kind == "edit"
    assert control(field, {"text": 1}).kind == "show"
    assert control({**field, "editable": False}, {"text": "A"}).kind == "show"


@pytest.mark.parametrize("value", [{"a\n": 1}, [], {}, [1, {"b": [None]}], {"bare": "\r", "nul": "\0"}])
def test_editable_objects_and_lists_are_edited_as_json(value: Any) -> None:
    field = {"name": "it", "type": "content_display", "editable": True}
    drawn = control(field, {"it": value})
    assert (drawn.kind, json.loads(drawn.value)) == ("edit_json", value)
    assert control({**field, "type": "code_display"}, {"it": value}).kind == "edit_json"
    assert control({**field, "type": "table_display"}, {"it": value}).kind == "show"
    assert control({**field, "editable": False}, {"it": value}).kind == "show"


@pytest.mark.parametrize("text", ["a lone \ud800 surrogate", "a bare \r return", "a \0 byte"])
def test_text_that_a_browser_would_change_is_not_offered_for_editing(text: str) -> None:
    assert control({"name": "text", "type": "content_display", "editable": True}, {"text": text}).kind == "show"


def test_code_keeps_its_language_from_the_template_or_the_content() -> None:
    field = {"name": "code", "type": "code_display", "language": "python"}
    assert control(field, {"code": "x = 1"}).shown == Code("x = 1", "python")
    del field["language"]
    assert control(field, {"code": "x", "language": "rust"}).shown == Code("x", "rust")
    assert control({**field, "editable": True}, {"code": "x"}).kind == "edit_code"


def test_a_table_display_shows_records() -> None:
    shown = control({"name": "rows", "type": "table_display"}, {"rows": [{"a": 1}]}).shown
    assert isinstance(shown, Table)


def test_an_editor_warns_of_hidden_characters() -> None:
    field = {"name": "text", "type": "content_display", "editable": True}
    assert control(field, {"text": "a\u202eb"}).suspicious
    assert not control(field, {"text": "plain"}).suspicious


def test_a_draft_fills_the_controls_with_what_was_typed_and_what_is_wrong() -> None:
    draft = Draft({"why": ["half a sen"]}, {"why": "This is too short."})
    drawn = control({"name": "why", "type": "text", "default_value": "default"}, draft=draft)
    assert (drawn.value, drawn.error) == ("half a sen", "This is too short.")


def test_a_control_left_empty_in_a_draft_does_not_get_its_default_back() -> None:
    field = {"name": "f", "type": "checkbox_group", "options": COLOURS, "default_value": ["r"]}
    assert control(field, draft=Draft({})).values == []
    assert (
        control({"name": "d", "type": "datetime", "default_value": "2026-11-23T11:30:00Z"}, draft=Draft({})).value == ""
    )


def test_the_faulty_controls_are_told_in_the_order_of_the_page() -> None:
    fields = [{"name": "b", "type": "text"}, {"name": "a", "type": "text"}, {"name": "c", "type": "text"}]
    form = build_form(template(*fields), {}, Draft({}, {"a": "x", "b": "y"}))
    assert [faulty.name for faulty in form.errors] == ["b", "a"]


@pytest.mark.parametrize(
    ("field", "texts", "value"),
    [
        ({"type": "text"}, ["two\r\nlines"], "two\nlines"),
        ({"type": "text"}, ["  "], MISSING),
        ({"type": "rich_text"}, ["*x*"], "*x*"),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, ["false"], False),
        ({"type": "boolean"}, ["perhaps"], "perhaps"),
        ({"type": "select", "options": COLOURS}, ["g"], "g"),
        ({"type": "select", "options": COLOURS}, [""], MISSING),
        ({"type": "select", "options": COLOURS}, ["forged"], "forged"),
        ({"type": "select", "options": [{"value": 1, "label": "One"}]}, ["1"], 1),
        ({"type": "multi_select", "options": COLOURS}, ["r", "g"], ["r", "g"]),
        ({"type": "checkbox_group", "options": COLOURS}, [""], MISSING),
        ({"type": "rating"}, ["4"], 4),
        ({"type": "rating"}, ["four"], "four"),
        ({"type": "rating"}, ["²"], "²"),
        ({"type": "rating"}, [""], MISSING),
        ({"type": "email"}, [" a@example.com "], "a@example.com"),
        ({"type": "datetime"}, ["2026-11-23T11:30"], "2026-11-23T11:30:00Z"),
        ({"type": "datetime"}, ["2026-11-23T11:30+02:00"], "2026-11-23T09:30:00Z"),
        ({"type": "datetime"}, ["soon"], "soon"),
        ({"type": "datetime"}, [""], MISSING),
        ({"type": "file"}, ["https://example.com/a.pdf"], "https://example.com/a.pdf"),
    ],
)
def test_texts_become_the_values_of_their_type(field: dict[str, Any], texts: list[str], value: Any) -> None:
    assert answer({"name": "f", **field}, *texts) == value


def test_a_field_that_was_not_sent_has_no_answer() -> None:
    assert read_result(template({"name": "f", "type": "text"}), {}, {}) == {}


def test_answers_to_unknown_fields_are_dropped() -> None:
    assert read_result(template({"name": "f", "type": "text"}), {}, {"g": ["x"]}) == {}
    assert read_result(None, {}, {"g": ["x"]}) == {}


def test_editable_content_is_part_of_the_result_edited_or_not() -> None:
    field = {"name": "text", "type": "content_display", "editable": True}
    assert answer(field, "A better text", content={"text": "A text"}) == "A better text"
    assert answer(field, "A text", content={"text": "A text"}) == "A text"
    assert answer(field, "", content={"text": "A text"}) == ""


def test_content_that_was_not_edited_keeps_its_line_ends() -> None:
    field = {"name": "text", "type": "content_display", "editable": True}
    assert answer(field, "a\r\nb\r\n", content={"text": "a\r\nb\n"}) == "a\r\nb\n"
    assert answer(field, "a\r\nc", content={"text": "a\r\nb"}) == "a\nc"


ARGUMENTS = {"order": "o-1", "amount": 50.0, "is_urgent": True, "note": None}
EDITABLE = {"name": "arguments", "type": "content_display", "editable": True}


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ('{"order": "o-1", "amount": 40}', {"order": "o-1", "amount": 40}),
        ("[]", []),
        ('"a text"', "a text"),
        ("null", None),
        ('{"a": 1}', {"a": 1}),
        ('{"é\\u0000": "\\ud83d\\ude00"}', {"é\0": "\U0001f600"}),
        ("not JSON", "not JSON"),
        ("", ""),
        ('{"a": NaN}', '{"a": NaN}'),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        ('{"a": "\\ud800"}', '{"a": "\\ud800"}'),
        ("\ufeff{}", "\ufeff{}"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)),
    ],
)
def test_an_edited_object_is_read_as_strict_json_and_what_is_none_stays_a_text(text: str, answered: Any) -> None:
    assert answer(EDITABLE, text, content={"arguments": ARGUMENTS}) == answered
    assert type(answer(EDITABLE, text, content={"arguments": ARGUMENTS})) is type(answered)
    faults = json_faults(template(EDITABLE), {"arguments": ARGUMENTS}, {"arguments": [text]})
    assert (faults != {}) == (answered == text)


def test_json_that_only_looks_different_was_not_edited() -> None:
    shown = json.dumps(ARGUMENTS, indent=7).replace("\n", "\r\n").replace("50.0", "50")
    result = answer(EDITABLE, shown, content={"arguments": ARGUMENTS})
    assert result is ARGUMENTS
    read = read_result(template(EDITABLE), {"arguments": ARGUMENTS}, {"arguments": [shown]}, changes_only=True)
    assert read == {}


def test_true_in_the_place_of_one_is_an_edit() -> None:
    assert answer(EDITABLE, '{"a": [true]}', content={"arguments": {"a": [1]}})["a"][0] is True


def test_a_rejection_leaves_out_content_that_was_not_edited() -> None:
    fields = template({"name": "text", "type": "content_display", "editable": True})
    assert read_result(fields, {"text": "A"}, {"text": ["A"]}, changes_only=True) == {}
    assert read_result(fields, {"text": "A"}, {"text": ["B"]}, changes_only=True) == {"text": "B"}


def test_content_that_may_not_be_edited_cannot_be_forged_into_the_result() -> None:
    assert answer({"name": "text", "type": "content_display"}, "forged", content={"text": "A"}) is MISSING
    assert answer({"name": "rows", "type": "table_display"}, "forged", content={"rows": []}) is MISSING


def test_every_type_of_the_api_has_a_control_of_its_own_or_text() -> None:
    assert field_type({"type": "table_display"}).control == "show"
    assert field_type({"type": "never heard of"}) == field_type({"type": "text"})


def test_several_files_are_named_line_by_line() -> None:
    field = {"name": "proof", "type": "file", "multiple": True, "default_value": ["a", "b"]}
    (control,) = build_form({"fields": [field]}, {}).inputs
    assert (control.kind, control.placeholder, control.value) == ("area", "One URL per line", "a\nb")
    sent = {"proof": ["https://example.com/a.pdf\r\n\r\n https://example.com/b.pdf "]}
    assert read_result({"fields": [field]}, {}, sent) == {
        "proof": ["https://example.com/a.pdf", "https://example.com/b.pdf"]
    }
    assert read_result({"fields": [field]}, {}, {"proof": [" "]}) == {}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a\r\nb", "a\r\nb"),
        ("a\nb", "a\r\nb"),  # a browser sends each line end as CRLF
        ("a\rb", "a\r\nb"),
        ("a\0b", "a\ufffdb"),  # what a page makes of it
        (" a ", " a "),
        (3, "3"),
        (True, "true"),
    ],
)
def test_options_of_older_templates_can_be_chosen(value: Any, sent: str) -> None:
    options = [{"value": value, "label": "This"}, {"value": "z", "label": "That"}]
    template = {"fields": [{"name": "one", "type": "select", "options": options}]}
    assert read_result(template, {}, {"one": [sent]}) == {"one": value}
    several = {"fields": [{"name": "all", "type": "multi_select", "options": options}]}
    assert read_result(several, {}, {"all": [sent, "z"]}) == {"all": [value, "z"]}
