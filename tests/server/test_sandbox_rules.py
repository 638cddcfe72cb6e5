from __future__ import annotations

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
        (
            "",
            "needs a value such as field('name'), 'text', 3, true, false or null where it has the end at character 1",
        ),
        ("field('a'", "needs ) where it has the end at character 10"),
        ("field(a)", "needs the name of a field in quotation marks where it has 'a' at character 7"),
        ("field('a') = 1", "has '=' at character 12, which means nothing"),
        ("field('a') == 1 2", "needs and, or, or the end where it has '2' at character 17"),
        ("1 < 2 < 3", "needs and, or, or the end where it has '<' at character 7"),
        ("[1 2]", "needs , where it has '2' at character 4"),
        ("'a' not 'b'", "needs in where it has \"'b'\" at character 9"),
        ("__import__('os')", "needs and, or, or the end where it has '(' at character 11"),
        ("field('a').b", "has '.' at character 11, which means nothing"),
        ("'a", 'has "\'" at character 1, which means nothing'),
        ("(" * 51 + "1" + ")" * 51, "has more than 50 parentheses within each other"),
        ("[" * 51 + "]" * 51, "has more than 50 parentheses within each other"),
        ("not " * 251, "may have at most 1000 characters"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(BadConditionError) as caught:
        Condition(text)
    assert str(caught.value) == reason


TOKENS = ["field", "(", ")", "[", "]", ",", "'a'", "'score'", "3", "-1.5", "true", "null", "and", "or", "not", "in", "<", "==", "'", "\\", "é", "\n"]  # fmt: skip
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists, max_leaves=4)


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join), st.dictionaries(st.just("a"), JSON))
def test_whatever_is_written_there_is_a_condition_or_is_refused(text: str, result: dict[str, Any]) -> None:
    try:
        condition = Condition(text)
    except BadConditionError:
        return
    assert condition.holds(result) in (True, False)
