from __future__ import annotations

import math
from typing import Any

import pytest

from hitl.server.primitives import validation as checks
from hitl.server.primitives.validation import Checker
from hitl.server.reviews.schemas import REVIEW_UPDATE, TEMPLATE_CREATE, TEMPLATE_UPDATE


def found(check: Checker, value: object) -> list[tuple[str, str]]:
    return [(fault.field, fault.issue) for fault in check("it", value)]


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (checks.text(), ""),
        (checks.text(shortest=1, longest=2), "ab"),
        (checks.one_of("low", "high"), "high"),
        (checks.boolean, False),
        (checks.number(above=0), 0.5),
        (checks.integer(1, 5), 5),
        (checks.integer(1, 5), 5.0),
        (checks.integer(1), 10**30),
        (checks.date_time, "2024-01-20T18:00:00Z"),
        (checks.date_time, "2024-01-20t18:00:00.123456789+02:00"),
        (checks.uri, "https://example.com/guide?a=b#c"),
        (checks.uri, "urn:isbn:0451450523"),
        (checks.uri, "http://[::1]:80/"),
        (checks.anything, None),
        (checks.array(checks.text()), []),
        (checks.json_object, {}),
        (checks.record({"a": checks.required(checks.anything)}), {"a": None}),
        (checks.record({}, closed=False), {"b": 1}),
    ],
)
def test_a_good_value_has_no_fault(check: Checker, value: object) -> None:
    assert found(check, value) == []


@pytest.mark.parametrize(
    ("check", "value", "issue"),
    [
        (checks.text(), 1, "must be a string, not a number"),
        (checks.text(shortest=1), "", "must not be empty"),
        (checks.text(shortest=2), "a", "needs at least 2 characters"),
        (checks.text(longest=1), "ab", "may have at most 1 characters, this has 2"),
        (checks.one_of("low", "high"), "urgent", "must be one of low, high"),
        (checks.one_of("low", "high"), ["low"], "must be one of low, high"),
        (checks.boolean, 1, "must be true or false, not a number"),
        (checks.boolean, None, "must be true or false, not null"),
        (checks.number(), True, "must be a number, not a boolean"),
        (checks.number(above=0), 0, "must be greater than 0"),
        (checks.number(1, 2), 3, "must be a number from 1 to 2"),
        (checks.integer(), "1", "must be a whole number, not a string"),
        (checks.integer(), 1.5, "must be a whole number"),
        (checks.integer(), math.inf, "must be a whole number"),
        (checks.integer(1), 0, "must be a whole number of at least 1"),
        (checks.integer(1, 5), 6, "must be a whole number from 1 to 5"),
        (checks.date_time, "2024-01-20", "must be a date-time with an offset, such as 2026-01-20T18:00:00Z"),
        (checks.date_time, "2024-01-20T18:00:00", "must be a date-time with an offset, such as 2026-01-20T18:00:00Z"),
        (checks.date_time, "2024-13-20T18:00:00Z", "must be a date-time with an offset, such as 2026-01-20T18:00:00Z"),
        (checks.date_time, 5, "must be a date-time with an offset, such as 2026-01-20T18:00:00Z"),
        (checks.uri, "", "must be a URI, such as https://example.com/guide"),
        (checks.uri, "guide.html", "must be a URI, such as https://example.com/guide"),
        (checks.uri, "https://example.com/a b", "must be a URI, such as https://example.com/guide"),
        (checks.array(checks.text()), {}, "must be an array, not an object"),
        (checks.array(checks.text(), fewest=1), [], "needs at least 1 item"),
        (checks.array(checks.text(), fewest=2), [], "needs at least 2 items"),
        (checks.array(checks.text(), most=1), ["a", "b"], "may have at most 1 items, this has 2"),
        (checks.json_object, [], "must be an object, not an array"),
        (checks.record({}), "a", "must be an object, not a string"),
        (checks.record({"a": checks.optional(checks.text())}, fewest=1), {}, "give at least one of a"),
    ],
)
def test_a_faulty_value_is_told_what_it_must_be(check: Checker, value: object, issue: str) -> None:
    assert found(check, value) == [("it", issue)]


def test_a_fault_inside_is_named_by_its_path() -> None:
    check = checks.record({"people": checks.required(checks.array(checks.text()))})
    assert found(check, {"people": ["a", 2]}) == [("it.people[1]", "must be a string, not a number")]


def test_a_missing_and_an_unknown_member_are_both_named() -> None:
    check = checks.record({"text": checks.required(checks.text())})
    assert found(check, {"txet": "a"}) == [
        ("it.text", "is required"),
        ("it.txet", "is unknown here; known are text"),
    ]


def test_later_checks_may_rely_on_the_earlier_ones() -> None:
    check = checks.every(checks.array(checks.record({"name": checks.required(checks.text())})), checks.unique("name"))
    assert found(check, "no array") == [("it", "must be an array, not a string")]
    assert found(check, [{"name": "a"}, {"name": "a"}]) == [
        ("it[1].name", "repeats 'a'; each must be used once"),
    ]


def test_an_update_must_change_something() -> None:
    assert [fault.field for fault in REVIEW_UPDATE("", {})] == [""]
    assert [fault.field for fault in TEMPLATE_UPDATE("", {})] == [""]


def template(**field: Any) -> dict[str, Any]:
    return {"name": "A form", "fields": [{"name": "answer", "type": "text", **field}]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "", "fields": [{"name": "a", "type": "text"}]}, "name"),
        ({"name": "A form", "fields": []}, "fields"),
        (template(type="colour"), "fields[0].type"),
        (template(name=""), "fields[0].name"),
        (template(type="select"), "fields[0].options"),
        (template(type="multi_select", options=[]), "fields[0].options"),
        (template(type="checkbox_group", options=[{"value": "a"}]), "fields[0].options[0].label"),
        (template(options=[{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]), "fields[0].options[1].value"),
        (template(conditional={"field": "other"}), "fields[0].conditional.value"),
        (template(scale=0), "fields[0].scale"),
        (template() | {"settings": {"timeout_hours": 0}}, "settings.timeout_hours"),
        (template() | {"migration_guide": "soon"}, "migration_guide"),
        (template() | {"colour": "red"}, "colour"),
        ({"name": "A form", "fields": [{"name": "a", "type": "text"}] * 2}, "fields[1].name"),
    ],
)
def test_the_fault_of_a_template_is_named_by_its_path(body: dict[str, Any], place: str) -> None:
    assert [fault.field for fault in TEMPLATE_CREATE("", body)] == [place]


def test_a_field_may_bring_attributes_that_nobody_knows() -> None:
    assert list(TEMPLATE_CREATE("", template(help="Be kind."))) == []
