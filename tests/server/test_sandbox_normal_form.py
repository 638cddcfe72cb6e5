"""The normal form in which conditions compare values, and the moments that a form keeps."""

from __future__ import annotations

from typing import Any

import pytest

from hitl.server.inbox.forms import build_form, read_result
from hitl.server.primitives.validation import same
from hitl.server.results import is_shown, normal_form
from hitl.server.results.conditions import Condition


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (3, 3.0),
        (0, -0.0),
        (["a", "b"], ["b", "a"]),
        ([["b", 1.0]], [[1, "b"]]),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}),
        ("2026-01-20T18:00:00+02:00", "2026-01-20T16:00:00Z"),
        ("2026-01-20t16:00:00z", "2026-01-20T16:00:00.000Z"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_equal_values_have_one_normal_form(one: Any, other: Any) -> None:
    assert normal_form(one) == normal_form(other)
    assert is_shown({"conditional": {"field": "f", "value": one}}, {"f": other})


def test_rules_compare_as_conditional_questions_do() -> None:
    result = {"when": "2026-01-20T18:00:00+02:00", "all": ["b", "a"], "stars": 3}
    assert Condition("when == '2026-01-20T16:00:00Z' and all == ['a', 'b'] and stars in [3.0]").holds(result)
    assert not Condition("when != '2026-01-20T16:00:00Z' or stars == '3' or all == ['a']").holds(result)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        ("3", 3),
        ("true", True),
        (None, ""),
        (None, []),
        (None, False),
        ([True], [1]),
        (["a"], "a"),
        (["a", "a"], ["a"]),
        ("2026-01-20", "2026-01-20T00:00:00Z"),
        ("2026-02-30T00:00:00Z", "2026-03-02T00:00:00Z"),
    ],
)
def test_other_values_have_other_normal_forms(one: Any, other: Any) -> None:
    assert normal_form(one) != normal_form(other)


def test_true_is_not_one_inside_of_arrays_and_objects() -> None:
    assert not same([{"a": True}], [{"a": 1}])
    assert same([{"a": 1.0}], [{"a": 1}])
    assert not same([1], [1, 1])


@pytest.mark.parametrize(
    ("default", "shown", "answered"),
    [
        ("2026-01-20T18:00:00+02:00", "2026-01-20T16:00", "2026-01-20T18:00:00+02:00"),
        ("2026-01-20T00:30:00.120Z", "2026-01-20T00:30:00.120", "2026-01-20T00:30:00.120Z"),
        ("2026-01-20T18:00:00-00:00", "2026-01-20T18:00", "2026-01-20T18:00:00-00:00"),
        ("2026-01-20T18:00", "2026-01-20T18:00", "2026-01-20T18:00:00Z"),
        ("2026-01-20T18:00+02:00", "2026-01-20T16:00", "2026-01-20T16:00:00Z"),
        ("2026-01-20 18:00:00.123456+02:00", "2026-01-20T16:00:00.123", "2026-01-20T16:00:00.123456Z"),
        ("20260120T180000Z", "2026-01-20T18:00", "2026-01-20T18:00:00Z"),
        (" 2026-01-20T18:00:00+02:00\n", "2026-01-20T16:00", "2026-01-20T16:00:00Z"),
        ("2026-01-20", "2026-01-20T00:00", "2026-01-20"),
        ("0001-01-01T00:00:00+02:00", "", None),
        ("tomorrow", "", None),
        (17, "", None),
    ],
)
def test_an_untouched_date_time_comes_back_as_it_was(default: Any, shown: str, answered: str | None) -> None:
    template = {"name": "T", "fields": [{"name": "when", "type": "datetime", "default_value": default}]}
    (control,) = build_form(template, {}).inputs
    assert control.value == shown
    assert read_result(template, {}, {"when": [shown]}).get("when") == answered


def test_a_date_time_that_was_changed_is_in_utc() -> None:
    template = {
        "name": "T",
        "fields": [{"name": "when", "type": "datetime", "default_value": "2026-01-20T18:00:00+02:00"}],
    }
    assert read_result(template, {}, {"when": ["2026-01-20T18:00"]}) == {"when": "2026-01-20T18:00:00Z"}
