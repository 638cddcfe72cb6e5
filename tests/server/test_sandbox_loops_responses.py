"""The seven kinds of answer of generation B: what a config may say, what fits it, and how an answer is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_calls import selected

from hitl.server.loops.responses import RESPONSE_TYPES, faults, kept_answer, kept_config
from hitl.server.primitives.errors import ApiError

OPTIONS = ["Approve", "Approve with Warning", {"value": "no", "label": "Reject", "color": "#dc2626"}]
ONE_OF = {"options": OPTIONS}
MORE_THAN_ALLOWED = {**ONE_OF, "min_selections": 3, "max_selections": 2}
DOLLARS = {"prefix": "$", "suffix": " USD", "decimal_places": 2}
NOT_SENDABLE = "must be one line without white space around it, since a form cannot send others unchanged"
NOT_AN_OPTION = "must match one of the configured options"


def asked(response_type: str, config: dict[str, Any], default: Any) -> dict[str, Any]:
    body = {"response_type": response_type, "response_config": config, "default_response": default}
    return {**body, "response_config": kept_config(body)}


def issue(response_type: str, config: dict[str, Any], default: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        asked(response_type, config, default)
    msg, _, data = caught.value.message.partition(": ")
    return msg, data


KEPT: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("text", {"max_length": 20}, "Fine.", "Fine."),
    ("text", {}, "", ""),
    ("single_select", ONE_OF, "approve_with_warning", selected("approve_with_warning", "Approve with Warning")),
    ("single_select", ONE_OF, "Reject", selected("no", "Reject")),
    ("single_select", {**ONE_OF, "allow_other": True}, "Ask Ann", selected("Ask Ann", "Ask Ann")),
    ("multi_select", ONE_OF, ["no", "approve"], selected(["no", "approve"], ["Reject", "Approve"])),
    ("multi_select", ONE_OF, [], selected([], [])),
    ("rating", {"scale_max": 5, "labels": {"4": "Good"}}, 4, {"rating": 4, "rating_label": "Good"}),
    ("rating", {"scale_max": 5, "labels": {"4": "Good"}}, 3, {"rating": 3}),
    ("rating", {"scale_max": 1, "scale_min": 0, "scale_step": 0.1}, 0.3, {"rating": 0.3}),
    ("rating", {"min": 1, "max": 3}, 3, {"rating": 3}),
    ("number", {"max_value": 500, **DOLLARS}, 129.9, {"number": 129.9, "formatted_value": "$129.90 USD"}),
    ("number", {"max_value": 500}, 300, {"number": 300, "formatted_value": "300"}),
    ("number", {"max": 5, "allow_negative": True}, -7.25, {"number": -7.25, "formatted_value": "-7.25"}),
    ("boolean", {}, True, {"boolean": True, "boolean_label": "True"}),
    ("boolean", {"false_label": "Reject"}, False, {"boolean": False, "boolean_label": "Reject"}),
    ("editable_text", {"draft_text": "Helo", "max_length": 9}, "Hello", {"revised_text": "Hello", "was_edited": True}),
    ("editable_text", {"draft_text": "Hi", "max_length": 9}, "Hi", {"revised_text": "Hi", "was_edited": False}),
]


@pytest.mark.parametrize(("response_type", "config", "answer", "kept"), KEPT)
def test_an_answer_is_kept_wrapped_with_its_label_and_may_be_given_in_that_form(
    response_type: str, config: dict[str, Any], answer: Any, kept: Any
) -> None:
    request = asked(response_type, config, answer)
    assert kept_answer(request, answer) == kept
    assert kept_answer(request, kept) == kept


@pytest.mark.parametrize(
    ("response_type", "config", "answer", "issue"),
    [
        ("text", {"max_length": 3}, "Long", "may have at most 3 characters, this has 4"),
        ("text", {"min_length": 3, "max_length": 9}, "No", "needs at least 3 characters"),
        ("text", {"required": True}, "", "is required"),
        ("text", {}, "x" * 1001, "may have at most 1000 characters, this has 1001"),
        ("text", {}, 7, "must be a string, not a number"),
        ("single_select", ONE_OF, "Perhaps", NOT_AN_OPTION),
        ("single_select", ONE_OF, ["approve"], NOT_AN_OPTION),
        ("single_select", {**ONE_OF, "allow_other": True}, " ", NOT_AN_OPTION),
        ("multi_select", {**ONE_OF, "min_selections": 2}, ["no"], "needs at least 2 items"),
        ("multi_select", {**ONE_OF, "required": True}, [], "needs at least 1 item"),
        ("multi_select", {**ONE_OF, "max_selections": 1}, ["no", "approve"], "may have at most 1 items"),
        ("multi_select", ONE_OF, ["no", "Reject"], "must not name an option twice"),
        ("rating", {"scale_max": 5}, 6, "must be a number from 1 to 5"),
        ("rating", {"scale_max": 5, "scale_step": 0.5}, 2.2, "must be 1 or a number of steps of 0.5 above it"),
        ("rating", {"scale_max": 5}, True, "must be a number, not a boolean"),
        ("number", {"max_value": 5}, -1, "must be a number from 0 to 5"),
        ("number", {"max_value": 5}, 1.234, "may have at most 2 decimal places"),
        ("number", {"max_value": 5, "decimal_places": 0}, 1.5, "must be a whole number"),
        ("boolean", {}, "yes", "must be true or false, not a string"),
        ("editable_text", {"draft_text": "Hi", "max_length": 3}, "Hello", "may have at most 3 characters, this has 5"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_why(
    response_type: str, config: dict[str, Any], answer: Any, issue: str
) -> None:
    request = {"response_type": response_type, "response_config": config}
    (fault,) = faults(request, answer)
    assert fault.field == "response_data"
    assert fault.issue.startswith(issue)


@pytest.mark.parametrize(
    ("response_type", "config", "data"),
    [
        ("text", {"max_length": 5001}, "max_length must be a whole number from 1 to 5000"),
        ("text", {"min_length": 9, "max_length": 3}, "min_length must not be greater than max_length"),
        ("single_select", {"options": []}, "options needs at least 1 item"),
        ("single_select", {"options": ["x"] * 21}, "options may have at most 20 items, this has 21"),
        ("single_select", {"options": [{"value": "a"}]}, "options[0].label is required"),
        ("single_select", {"options": [{"value": "a\r\nb", "label": "A"}]}, f"options[0].value {NOT_SENDABLE}"),
        ("multi_select", {"options": ["Yes", {"value": "a\u2028", "label": "A"}]}, f"options[1].value {NOT_SENDABLE}"),
        ("multi_select", {"options": [" \n"]}, f"options[0] {NOT_SENDABLE}"),
        ("single_select", {"options": ["No\0"]}, f"options[0] {NOT_SENDABLE}"),
        ("single_select", {"options": ["Go on", "go  on"]}, "options[1] has the value 'go_on', as one before it"),
        ("multi_select", MORE_THAN_ALLOWED, "min_selections must not be greater than max_selections"),
        ("rating", {}, "scale_max is required"),
        ("rating", {"scale_max": 0}, "scale_max must be at least 1, the least that is possible"),
        ("rating", {"scale_max": 5, "scale_step": 0}, "scale_step must be greater than 0"),
        ("rating", {"scale_max": 5, "labels": ["Poor"]}, "labels must be an object, not an array"),
        ("number", {"min_value": 1}, "max_value is required"),
        ("number", {"max_value": -1}, "max_value must be at least 0, the least that is possible"),
        ("boolean", {"true_label": "x" * 101}, "true_label may have at most 100 characters, this has 101"),
        ("editable_text", {"max_length": 9}, "draft_text is required"),
    ],
)
def test_a_config_that_asks_for_nothing_sensible_is_refused(
    response_type: str, config: dict[str, Any], data: str
) -> None:
    assert issue(response_type, config, "x") == ("Invalid response configuration", f"response_config.{data}")


@pytest.mark.parametrize(("response_type", "config"), [("single_select", {}), ("multi_select", {"options": "a, b"})])
def test_a_selection_without_options_is_refused(response_type: str, config: dict[str, Any]) -> None:
    expected = "options array required for select response type"
    assert issue(response_type, config, "x") == ("Invalid response configuration", expected)


def test_options_given_as_texts_are_kept_as_objects() -> None:
    assert asked("single_select", {**ONE_OF, "prompt": ""}, "no")["response_config"] == {
        "prompt": "",
        "options": [
            {"value": "approve", "label": "Approve"},
            {"value": "approve_with_warning", "label": "Approve with Warning"},
            {"value": "no", "label": "Reject", "color": "#dc2626"},
        ],
    }


@pytest.mark.parametrize(
    ("response_type", "config", "default", "data"),
    [
        ("single_select", ONE_OF, "Else", f"default_response {NOT_AN_OPTION}"),
        ("multi_select", ONE_OF, ["Else"], f"default_response[0] {NOT_AN_OPTION}"),
        ("rating", {"scale_max": 5}, 9, "default_response must be a number from 1 to 5"),
        ("number", {"max_value": 5}, "3", "default_response must be a number, not a string"),
        ("boolean", {}, None, "default_response must be true or false, not null"),
        ("text", {"max_length": 2}, "long", "default_response may have at most 2 characters, this has 4"),
    ],
)
def test_a_default_that_is_no_answer_is_refused(
    response_type: str, config: dict[str, Any], default: Any, data: str
) -> None:
    assert issue(response_type, config, default) == ("Invalid default response", data)


@pytest.mark.parametrize(
    ("response_type", "config", "default"),
    [
        ("single_select", ONE_OF, {"selected_value": "no"}),
        ("multi_select", {**ONE_OF, "min_selections": 1, "required": True}, []),
        ("multi_select", ONE_OF, "no"),
        ("text", {"required": True, "min_length": 3}, ""),
        ("boolean", {}, {"boolean": False}),
    ],
)
def test_a_default_may_be_wrapped_and_need_not_fill_in_what_a_person_must(
    response_type: str, config: dict[str, Any], default: Any
) -> None:
    assert asked(response_type, config, default)["default_response"] == default


numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.just(10**400))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
keys = st.sampled_from(
    [
        "max_length", "min_length", "options", "min_selections", "max_selections", "allow_other", "required",
        "scale_max", "scale_min", "scale_step", "min", "max", "step", "labels", "max_value", "min_value",
        "decimal_places", "allow_negative", "prefix", "suffix", "draft_text",
    ]
)  # fmt: skip
configs = st.dictionaries(keys, st.one_of(values, st.lists(st.text(min_size=1, max_size=5), max_size=3)), max_size=6)


@settings(deadline=None)
@given(st.sampled_from(sorted(RESPONSE_TYPES)), configs, values, values)
def test_whatever_is_asked_and_answered_is_either_refused_or_kept_as_json(
    response_type: str, config: dict[str, Any], default: Any, answer: Any
) -> None:
    try:
        request = asked(response_type, config, default)
        kept = kept_answer(request, answer)
    except ApiError:
        return
    json.dumps(kept, allow_nan=False)
    assert kept_answer(request, kept) == kept
