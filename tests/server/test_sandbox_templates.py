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
    ("body", "place", "issue"),
    [
        (fields(validation={"pattern": "(a"}), "fields[1].validation.pattern", "has a ( without a )"),
        (fields(max_size="big"), "fields[1].max_size", "must be a size such as 10MB"),
        (
            fields(min_date="tomorrow"),
            "fields[1].min_date",
            "must be today, a date such as 2026-01-20, or a date-time with an offset",
        ),
        (fields(type="rating", scale=101), "fields[1].scale", "may be at most 100"),
        (fields(type="rating", labels=["1"] * 6), "fields[1].labels", "has 6 labels for 5 steps"),
        (
            fields(conditional={"field": "other", "value": 1}),
            "fields[1].conditional.field",
            "names 'other', which is no field of the template",
        ),
        (fields(conditional={"field": "why", "value": 1}), "fields[1].conditional.field", "must be another field"),
        (
            rule(condition="field('why')?"),
            "validation.rules[0].condition",
            "has '?' at character 13, which means nothing",
        ),
        (
            rule(condition="true"),
            "validation.rules[0].condition",
            "must ask for a field, as in field('approved') == false",
        ),
        (
            rule(condition="field('mood')"),
            "validation.rules[0].condition",
            "asks for 'mood', which is no field of the template",
        ),
        (
            rule(condition="field('why')", required_fields=["approved", "mood"]),
            "validation.rules[0].required_fields[1]",
            "names 'mood', which is no field of the template",
        ),
        (
            rule(condition="field('why')", required_fields=["text"]),
            "validation.rules[0].required_fields[0]",
            "names 'text', which only shows something",
        ),
        (
            {"fields": [YES, SHOWN], "settings": {"require_comments": True}},
            "settings.require_comments",
            "needs a text or rich_text field that a comment can be written into",
        ),
    ],
)
def test_a_mistake_in_a_template_is_refused_with_its_place(body: dict[str, Any], place: str, issue: str) -> None:
    assert found(body) == [(place, issue)]
