from __future__ import annotations

from typing import Any

import pytest

from hitl.server.reviews.schemas import TEMPLATE_CREATE

YES = {"name": "approved", "type": "boolean"}
SHOWN = {"name": "text", "type": "content_display"}
WHY = {"name": "why", "type": "text"}


def found(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.field, fault.issue) for fault in TEMPLATE_CREATE("", {"name": "A form", **body})]


def fields(**field: Any) -> dict[str, Any]:
    return {"fields": [YES, {**WHY, **field}]}


def rule(**rule: Any) -> dict[str, Any]:
    return {"fields": [YES, SHOWN, WHY], "validation": {"rules": [rule]}}


@pytest.mark.parametrize(
    "body",
    [
        fields(validation={"pattern": r"^\w+$"}, conditional={"field": "approved", "value": False}),
        fields(type="file", max_size="10MB", accept=[".pdf"]),
        fields(type="file", max_size="1.5 GiB"),
        fields(type="datetime", min_date="today"),
        fields(type="datetime", min_date="2026-01-20"),
        fields(type="datetime", min_date="2026-01-20T18:00:00+01:00"),
        fields(type="rating", scale=3, labels=["Bad", "Fair", "Good"]),
        fields(type="rating", labels=["Bad"]),
        rule(condition="field('approved') == false", required_fields=["why"], message="Why?"),
        {"fields": [YES, {"name": "why", "type": "rich_text"}], "settings": {"require_comments": True}},
        {"fields": [YES], "settings": {"require_comments": False}},
    ],
)
def test_a_template_whose_parts_agree_is_accepted(body: dict[str, Any]) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("field", "place", "issue"),
    [
        ({"validation": {"pattern": "(a"}}, "validation.pattern", "has a ( without a )"),
        ({"max_size": "big"}, "max_size", "must be a size such as 10MB"),
        (
            {"min_date": "tomorrow"},
            "min_date",
            "must be today, a date such as 2026-01-20, or a date-time with an offset",
        ),
        ({"type": "rating", "scale": 101}, "scale", "may be at most 100"),
        ({"type": "rating", "labels": ["1"] * 6}, "labels", "has 6 labels for 5 steps"),
        (
            {"conditional": {"field": "x", "value": 1}},
            "conditional.field",
            "names 'x', which is no field of the template",
        ),
        ({"conditional": {"field": "why", "value": 1}}, "conditional.field", "must be another field"),
    ],
)
def test_a_mistake_in_a_field_is_refused_with_its_place(field: dict[str, Any], place: str, issue: str) -> None:
    assert found(fields(**field)) == [(f"fields[1].{place}", issue)]


@pytest.mark.parametrize(
    ("condition", "needs", "place", "issue"),
    [
        ("field('why')?", ["why"], "condition", "has '?' at character 13, which means nothing"),
        ("true", ["why"], "condition", "must ask for a field, as in field('approved') == false"),
        ("field('mood')", ["why"], "condition", "asks for 'mood', which is no field of the template"),
        ("why", ["approved", "mood"], "required_fields[1]", "names 'mood', which is no field of the template"),
        ("why", ["text"], "required_fields[0]", "names 'text', which only shows something"),
    ],
)
def test_a_mistake_in_a_rule_is_refused_with_its_place(
    condition: str, needs: list[str], place: str, issue: str
) -> None:
    assert found(rule(condition=condition, required_fields=needs)) == [(f"validation.rules[0].{place}", issue)]


def test_comments_can_only_be_required_with_a_field_for_them() -> None:
    issue = "needs a text or rich_text field that a comment can be written into"
    body = {"fields": [YES, SHOWN], "settings": {"require_comments": True}}
    assert found(body) == [("settings.require_comments", issue)]


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r\nb", "a\rb", " a", "a ", "a\t", "a\tb", "\0", "a\x85", "a\u2028b", "\u00a0a", "a\n", " "]
)
@pytest.mark.parametrize("kind", ["select", "multi_select", "checkbox_group"])
def test_an_option_that_a_form_cannot_send_unchanged_is_refused(kind: str, value: str) -> None:
    options = [{"value": "ok", "label": "Two\nlines"}, {"value": value, "label": "Other"}]
    issue = "must be one line without white space around it, since a form cannot send others unchanged"
    assert found(fields(type=kind, options=options)) == [("fields[1].options[1].value", issue)]


@pytest.mark.parametrize("name", ["a\nb", "a\0", " a", "a\u2029b"])
def test_a_name_that_a_form_cannot_send_unchanged_is_refused(name: str) -> None:
    issue = "must be one line without white space around it, since a form cannot send others unchanged"
    assert ("fields[0].name", issue) in found({"fields": [{"name": name, "type": "text"}]})


@pytest.mark.parametrize("value", ["a b", "日本", "a\u200db", "", "🏳️‍🌈", "-"])
def test_an_option_of_one_line_is_accepted(value: str) -> None:
    assert not [
        issue for _, issue in found(fields(type="select", options=[{"value": value, "label": "A"}])) if "line" in issue
    ]
