from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hitl.server.results import approval_field, faults, is_required

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OPTIONS = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
NO_DATE = "must be a date such as 2026-01-20, or a date-time such as 2026-01-20T18:00:00Z"
NO_FILE = "must be the address of a file, a data URI, or an object with one of them as url"
NO_ADDRESS = "must be an http or https address, or a data URI"
TOO_LONG = "may have at most 2000 characters, because it has a pattern"
SIX = "2026-01-20T18:00:00Z"
EDITABLE = {"editable": True}
NO_TEXT = "must be a string, as it is in the content, not an array"
NO_EMAIL = "must be an e-mail address, such as ann@example.com"
TINY = "data:text/plain;name=note.txt;base64,aGVsbG8="


def check(
    template: dict[str, Any], result: dict[str, Any], *, complete: bool = True, content: dict[str, Any] | None = None
) -> list[tuple[str, str]]:
    found = faults(template, content or {}, result, complete=complete, now=NOW)
    return [(fault.field, fault.issue) for fault in found]


def found(field: dict[str, Any], value: object, *, complete: bool = True, shown: object = None) -> list[str]:
    content = {} if shown is None else {"answer": shown}
    told = check({"fields": [{"name": "answer", **field}]}, {"answer": value}, complete=complete, content=content)
    assert all(place.partition("[")[0].partition(".")[0] == "answer" for place, _ in told)
    return [issue for _, issue in told]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "text", "max_length": 3}, "abc"),
        ({"type": "text"}, None),
        ({"type": "text", "validation": {"pattern": "^[A-Z]{2}-[0-9]+$"}}, "AB-12"),
        ({"type": "rich_text", "toolbar": ["bold"], "max_length": 10}, "<b>yes</b>"),
        ({"type": "boolean"}, False),
        ({"type": "select", "options": OPTIONS}, "a"),
        ({"type": "multi_select", "options": OPTIONS}, ["a", "b"]),
        ({"type": "checkbox_group", "options": OPTIONS}, []),
        ({"type": "file"}, "https://example.com/report.pdf"),
        ({"type": "file"}, {"url": "https://example.com/42", "name": "report.pdf", "pages": 3}),
        ({"type": "file", "accept": [".pdf", ".TXT"], "max_size": "5B"}, TINY),
        ({"type": "file", "accept": [".pdf"]}, "https://example.com/My%20report.PDF?raw=1#page"),
        ({"type": "file", "accept": ["pdf"]}, {"url": "https://example.com/42", "name": "report.pdf"}),
        ({"type": "file", "accept": ["image/*"]}, "data:image/png;base64,aGVsbG8="),
        ({"type": "file", "accept": ["image/png"]}, "https://example.com/42"),
        ({"type": "file", "max_size": "1 KB"}, "data:,hello%20world"),
        ({"type": "file", "multiple": True}, ["https://example.com/1", TINY]),
        ({"type": "file", "multiple": True}, "https://example.com/1"),
        ({"type": "image_review"}, "approve"),
        ({"type": "image_review", "tools": ["approve", "reject"]}, {"decision": "reject", "annotations": []}),
        (
            {"type": "image_review", "tools": ["approve", "reject", "annotate"]},
            {"decision": "reject", "annotations": [{"text": "Blurred", "x": 0.5, "y": 1, "colour": "red"}]},
        ),
        ({"type": "image_review", "tools": ["annotate"]}, "reject"),
        ({"type": "rating"}, 5),
        ({"type": "rating", "scale": 10}, 10),
        ({"type": "datetime"}, "2026-11-23"),
        ({"type": "datetime"}, "2026-11-23T10:00:00+01:00"),
        ({"type": "datetime", "min_date": "today"}, "2026-11-23"),
        ({"type": "datetime", "min_date": "today"}, "2026-11-23T00:00:00Z"),
        ({"type": "datetime", "min_date": SIX}, "2026-01-20"),
        ({"type": "email"}, "ann@example.com"),
        ({"type": "content_display", "editable": True}, "edited"),
        ({"type": "code_display", "editable": True}, "pass"),
        ({"type": "word_of_tomorrow"}, {"anything": True}),
    ],
)
def test_a_fitting_value_is_accepted(field: dict[str, Any], value: object) -> None:
    assert found(field, value) == []


@pytest.mark.parametrize(
    ("field", "value", "issue"),
    [
        ({"type": "text", "max_length": 3}, "abcd", "may have at most 3 characters, this has 4"),
        ({"type": "text", "validation": {"pattern": "^[a-z]+$"}}, "A", "must match the pattern ^[a-z]+$"),
        ({"type": "text", "validation": {"pattern": "^a$", "custom_message": "Say a."}}, "b", "Say a."),
        ({"type": "text", "validation": {"pattern": "a"}}, "a" * 2001, TOO_LONG),
        ({"type": "boolean"}, "yes", "must be true or false, not a string"),
        ({"type": "select", "options": OPTIONS}, "c", "must be one of a, b"),
        ({"type": "multi_select", "options": OPTIONS}, "a", "must be an array, not a string"),
        ({"type": "checkbox_group", "options": OPTIONS}, ["a", "c"], "must be one of a, b"),
        ({"type": "checkbox_group", "options": OPTIONS}, ["a", "a", "b"], "names a more than once"),
        ({"type": "rating"}, 6, "must be a whole number from 1 to 5"),
        ({"type": "rating"}, 4.5, "must be a whole number from 1 to 5"),
        ({"type": "rating"}, True, "must be a whole number, not a boolean"),
        ({"type": "email"}, 5, "must be a string, not a number"),
        ({"type": "email"}, "ann", NO_EMAIL),
        ({"type": "email"}, "a@" + "a" * 253, NO_EMAIL),
        ({"type": "email", "validation": {"custom_message": "An address, please."}}, "ann", "An address, please."),
        ({"type": "email", "validation": {"pattern": "@b.com$"}}, "a@b.c", "must match the pattern @b.com$"),
        ({"type": "datetime"}, 5, "must be a string, not a number"),
        ({"type": "datetime"}, "2026-W01-1", NO_DATE),
        ({"type": "datetime"}, "2026-02-30", NO_DATE),
        ({"type": "datetime", "min_date": "today"}, "2026-11-22", "must not be before today"),
        ({"type": "datetime", "min_date": "today"}, "2026-11-23T00:00:00+01:00", "must not be before today"),
        ({"type": "datetime", "min_date": SIX}, "2026-01-20T17:59:59Z", f"must not be before {SIX}"),
        ({"type": "content_display"}, ["edited"], "shows the content, which may not be edited here; leave it out"),
        ({**EDITABLE, "type": "content_display"}, ["edited"], NO_TEXT),
        ({**EDITABLE, "type": "code_display", "max_length": 3}, "pass", "may have at most 3 characters, this has 4"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_even_in_a_rejection(
    field: dict[str, Any], value: object, issue: str
) -> None:
    assert found(field, value) == [issue]
    assert found(field, value, complete=False) == [issue]


@pytest.mark.parametrize(
    ("field", "value", "issue"),
    [
        ({}, 5, NO_FILE),
        ({}, {"name": "report.pdf"}, "is required"),
        ({}, {"url": TINY, "name": ""}, "must not be empty"),
        ({}, "javascript:alert(1)", NO_ADDRESS),
        ({}, "https://", NO_ADDRESS),
        ({}, "https://example.com/a b", NO_ADDRESS),
        ({}, "data:text/plain", "is a data URI without a comma, which must stand before the data"),
        ({}, "data:text/plain;base64,?", "is a data URI whose data are no base64"),
        ({}, [TINY], NO_FILE),
        ({"multiple": True}, [TINY, 5], NO_FILE),
        ({"accept": [".pdf", ".png"]}, TINY, "must be a file of one of these kinds: .pdf, .png"),
        (
            {"accept": [".pdf"]},
            "data:application/pdf,x",
            'must be a file of one of these kinds: .pdf; give it a name, as in {"url": ..., "name": ...}',
        ),
        ({"accept": ["image/*"]}, TINY, "must be a file of one of these kinds: image/*"),
        ({"max_size": "4B"}, TINY, "may have at most 4B, this has 5 bytes"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused(field: dict[str, Any], value: object, issue: str) -> None:
    assert found({"type": "file", **field}, value) == [issue]


@pytest.mark.parametrize(
    ("tools", "value", "issue"),
    [
        ([], "perhaps", "must be one of approve, reject"),
        (["approve"], "reject", "must be one of approve"),
        ([], {"annotations": []}, "is required"),
        ([], {"decision": "approve", "annotations": [{"text": ""}]}, "must not be empty"),
        ([], {"decision": "approve", "annotations": [{"text": "a", "x": 2}]}, "must be a number from 0 to 1"),
        (["approve"], {"decision": "approve", "annotations": [{"text": "a"}]}, "is unknown here; known are decision"),
        (["annotate"], {"annotations": [{"text": "a"}]}, "is required"),
    ],
)
def test_a_picture_is_judged_with_the_tools_of_its_field(tools: list[str], value: object, issue: str) -> None:
    assert found({"type": "image_review", "tools": tools}, value) == [issue]


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
    assert not is_required({"name": "answer", "type": kind, "required": True})


@pytest.mark.parametrize("kind", ["content_display", "code_display", "table_display"])
@pytest.mark.parametrize("shown", ["text", [{"a": 1}], 5])
def test_content_that_comes_back_unchanged_is_accepted(kind: str, shown: object) -> None:
    assert found({"type": kind}, shown, shown=shown) == []


def test_an_edit_keeps_the_type_of_the_content() -> None:
    field = {"type": "content_display", "editable": True}
    assert found(field, {"title": "New"}, shown={"title": "Old"}) == []
    assert found(field, "New", shown={"title": "Old"}) == ["must be an object, as it is in the content, not a string"]


@pytest.mark.parametrize(
    ("wanted", "given", "missing"),
    [(False, False, ["why"]), (False, True, []), (1, True, []), ("other", "other", ["why"]), ("other", None, [])],
)
def test_a_conditional_field_is_required_only_while_its_condition_is_met(
    wanted: object, given: object, missing: list[str]
) -> None:
    why = {"name": "why", "type": "text", "required": True, "conditional": {"field": "choice", "value": wanted}}
    template = {"fields": [{"name": "choice", "type": "anything"}, why]}
    assert [place for place, _ in check(template, {"choice": given})] == missing


def test_keys_that_the_template_does_not_know_are_accepted() -> None:
    template = {"fields": [{"name": "approved", "type": "boolean"}]}
    assert check(template, {"approved": True, "mood": "good"}) == []


# Rules across several fields

APPROVAL = {"name": "approval", "type": "boolean", "required": True}
WHY = {"name": "why", "type": "text"}


def ruled(**rule: Any) -> dict[str, Any]:
    return {"fields": [APPROVAL, WHY], "validation": {"rules": [{"condition": "field('approval') == false", **rule}]}}


def test_a_rule_needs_its_fields_while_its_condition_holds() -> None:
    template = ruled(required_fields=["why"], message="Say why not.")
    assert check(template, {"approval": False}) == [("why", "Say why not.")]
    assert check(template, {"approval": False, "why": "Too long"}) == []
    assert check(template, {"approval": True}) == []


def test_a_rule_without_a_message_is_told_by_its_condition() -> None:
    needs = check(ruled(required_fields=["why"]), {"approval": False})
    assert needs == [("why", "is required if field('approval') == false")]


def test_a_rule_without_fields_refuses_what_its_condition_describes() -> None:
    assert check(ruled(message="Never say no."), {"approval": False}) == [("approval", "Never say no.")]
    assert check(ruled(), {"approval": False}) == [("approval", "is refused if field('approval') == false")]


def test_a_rejection_need_not_follow_the_rules() -> None:
    assert check(ruled(required_fields=["why"]), {"approval": False}, complete=False) == []


def test_a_rule_does_not_need_what_is_not_shown() -> None:
    template = ruled(required_fields=["why"])
    template["fields"][1] = {**WHY, "conditional": {"field": "approval", "value": True}}
    assert check(template, {"approval": False}) == []


def test_a_field_is_told_one_thing_at_a_time() -> None:
    template = ruled(required_fields=["why"]) | {"settings": {"require_comments": True}}
    template["fields"][1] = {**WHY, "required": True}
    assert check(template, {"approval": False}) == [("why", "is required")]


# Comments


def commented(*names: str) -> dict[str, Any]:
    texts = [{"name": name, "type": "text"} for name in names]
    return {"fields": [APPROVAL, *texts], "settings": {"require_comments": True}}


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("blank", [{}, {"feedback": " \n"}, {"title": "Something else"}])
def test_a_template_may_ask_for_a_comment_with_every_answer(complete: bool, blank: dict[str, Any]) -> None:
    template = commented("title", "feedback")
    told = check(template, {"approval": True, **blank}, complete=complete)
    assert told == [("feedback", "is required: the template asks for a comment with every answer")]
    assert check(template, {"approval": True, "feedback": "Fine"}, complete=complete) == []


def test_without_a_field_for_comments_any_text_explains_the_answer() -> None:
    template = commented("title", "reason")
    assert [place for place, _ in check(template, {"approval": True})] == ["title"]
    assert check(template, {"approval": True, "reason": "Fine"}) == []


# Approval


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ([{"name": "legal", "type": "boolean", "required": True}, {"name": "approved", "type": "boolean"}], "approved"),
        ([{"name": "urgent", "type": "boolean"}, {"name": "legal", "type": "boolean", "required": True}], "legal"),
        ([{"name": "urgent", "type": "boolean"}, {"name": "approved", "type": "text"}], None),
    ],
)
def test_one_field_says_yes_or_no_to_the_whole(fields: list[dict[str, Any]], name: str | None) -> None:
    assert approval_field({"fields": fields}) == name
