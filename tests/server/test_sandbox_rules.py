from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl.server.results.conditions import BadConditionError, Condition

RESULT: dict[str, Any] = {
    "approval": False,
    "score": 3,
    "ratio": 0.5,
    "reason": "It's fine",
    "checks": ["legal", "brand"],
    "none": None,
    "empty": "",
}


@pytest.mark.parametrize(
    "text",
    [
        "field('approval') == false",
        'field("approval") != true',
        "approval == false and not missing",
        "field('score') < 4 and field('score') <= 3 and field('score') > 2 and field('score') >= 3",
        "field('ratio') == 0.5",
        "field('score') == 3.0",
        "field('score') > -1",
        "field('reason') == 'It\\'s fine'",
        "field('reason') < 'J'",
        "'legal' in field('checks')",
        "'tax' not in field('checks')",
        "'fine' in field('reason')",
        "field('score') in [1, 2, 3]",
        "field('score') not in []",
        "field('missing') == null",
        "field('none') == null",
        "not field('empty')",
        "not not field('checks')",
        "not field('approval') == true",
        "field('approval') or field('score')",
        "field('approval') and field('approval') or true and field('score')",
        "(field('approval') or field('score')) and (true)",
        "false == field('approval')",
        "(field('score') > 2) == (field('score') > 1)",
    ],
)
def test_a_condition_that_is_met_holds(text: str) -> None:
    assert Condition(text).holds(RESULT)


@pytest.mark.parametrize(
    "text",
    [
        "field('approval')",
        "field('approval') == 0",
        "field('score') == true",
        "field('score') == '3'",
        "field('score') < 'a'",
        "field('score') >= null",
        "field('approval') < 1",
        "field('missing') < 1",
        "3 in field('reason')",
        "3 in field('score')",
        "'legal' in field('missing')",
        "true in [1]",
        "field('approval') or not field('score')",
        "field('score') and field('missing')",
    ],
)
def test_a_condition_that_is_not_met_does_not_hold_and_never_fails(text: str) -> None:
    assert not Condition(text).holds(RESULT)


def test_a_condition_tells_which_fields_it_asks_for() -> None:
    assert Condition("field('b') == field('a') or field('b') in [field('c')]").fields == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be read at character 1, which is the end"),
        ("field('a'", "cannot be read at character 6, which is '('"),
        ("field(a)", "cannot be read at character 1, which is 'field'"),
        ("field('a') = 1", "has '=' at character 12, which means nothing"),
        ("field('a') == 1 2", "cannot be read at character 17, which is '2'"),
        ("1 < 2 < 3", "cannot be read at character 9, which is '3'"),
        ("'a' not 'b'", "cannot be read at character 9, which is \"'b'\""),
        ("a and", "cannot be read at character 6, which is the end"),
        ("__import__('os')", "cannot be read at character 1, which is '__import__'"),
        ("a == ()", "cannot be read at character 6, which is '('"),
        ("field('a').b", "has '.' at character 11, which means nothing"),
        ("'a", 'has "\'" at character 1, which means nothing'),
        ("(" * 250 + "1" + ")" * 250, "cannot be read at character 201, which is '('"),
        ("not " * 251, "may have at most 1000 characters"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(BadConditionError) as caught:
        Condition(text)
    assert str(caught.value) == reason


def test_a_condition_that_is_too_deep_for_the_stack_is_refused() -> None:
    def deep(calls: int) -> None:
        return deep(calls - 1) if calls else Condition("not " * 240 + "a").fields and None

    with pytest.raises(BadConditionError, match="is nested too deeply"):
        deep(sys.getrecursionlimit() - 350)


TOKENS = ["field", "(", ")", "[", "]", ",", "'a'", "'score'", "3", "-1.5", "true", "null", "and", "or", "not", "in", "<", "==", "'", "\\", "é", "\n"]  # fmt: skip
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists, max_leaves=4)


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join), st.dictionaries(st.just("a"), JSON))
def test_whatever_is_written_there_is_a_condition_or_is_refused(text: str, result: dict[str, Any]) -> None:
    try:
        condition = Condition(text)
    except BadConditionError:
        return
    assert condition.holds(result) in (True, False)
