"""The kinds of answers: what the API is asked for, what is refused, and what is made of types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from script import answer
from scripted import scripted

from hitl import Boolean, MultiSelect, Number, Rating, SingleSelect, Text
from hitl.exceptions import ConfigurationError, FormError

LOOP = "65f1234567890abcdef12345"


class Colour(Enum):
    RED = "red wine"
    BLUE = 2


@dataclass
class Order:
    name: str
    amount: int


class Ge:
    def __init__(self, ge: int) -> None:
        self.ge = ge


class Gt:
    def __init__(self, gt: int) -> None:
        self.gt = gt


class MaxLength:
    max_length = 20


class Pattern:
    pattern = "[a-z]+"


def asked(**arguments: Any) -> dict[str, Any]:
    """Return the body that is sent."""
    client = scripted(answer(201, {"error": False, "msg": "", "data": {"request_id": "1" * 24}}))
    client.requests.create(LOOP, "Is it?", **arguments)
    return dict(json.loads(client.sent[0].body))


DEFAULTS = {"single_select": "y", "rating": 1, "number": 1}


@pytest.mark.parametrize(
    ("response", "name", "config"),
    [
        (SingleSelect({"y": "Yes", "n": "No"}), "single_select", {"options": [{"value": "y", "label": "Yes"}, {"value": "n", "label": "No"}], "required": True}),
        (MultiSelect(["a", "b"]), "multi_select", {"options": [{"value": "a", "label": "a"}, {"value": "b", "label": "b"}], "min_selections": 0, "max_selections": 2, "required": False}),
        (MultiSelect(["a", "b"], at_least=1, at_most=1), "multi_select", {"options": [{"value": "a", "label": "a"}, {"value": "b", "label": "b"}], "min_selections": 1, "max_selections": 1, "required": True}),
        (Rating(1, 5), "rating", {"scale_min": 1, "scale_max": 5, "scale_step": 1, "required": True}),
        (Rating(0, 1, step=0.5, labels={0: "Bad", 0.5: "So so"}), "rating", {"scale_min": 0, "scale_max": 1, "scale_step": 0.5, "required": True, "labels": {"0": "Bad", "0.5": "So so"}}),
        (Number(0, 9, decimal_places=0, suffix=" EUR"), "number", {"min_value": 0, "max_value": 9, "allow_negative": False, "decimal_places": 0, "suffix": " EUR", "required": True}),
        (Number(), "number", {"min_value": -(10**15), "max_value": 10**15, "allow_negative": True, "decimal_places": 2, "required": True}),
        (Text(80, placeholder="Why?"), "text", {"max_length": 80, "min_length": 0, "placeholder": "Why?", "required": True}),
        (Boolean("Show", "Hide"), "boolean", {"true_label": "Show", "false_label": "Hide", "required": True}),
    ],
)  # fmt: skip
def test_the_api_is_asked_in_its_own_words(response, name, config):
    body = asked(response=response, default=DEFAULTS.get(name))
    assert (body["response_type"], body["response_config"]) == (name, config)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SingleSelect("yes"), "options must be a list of texts"),
        (lambda: SingleSelect(7), "options must be a list of texts"),
        (lambda: SingleSelect([]), "1 to 20 options; got 0"),
        (lambda: SingleSelect(map(str, range(21))), "1 to 20 options; got 21"),
        (lambda: SingleSelect(["a", "a"]), "different texts"),
        (lambda: SingleSelect(["a", " "]), "none of them empty"),
        (lambda: SingleSelect(["x" * 101]), "at most 100 characters"),
        (lambda: SingleSelect({"x": "x" * 201}), "its label 200"),
        (lambda: MultiSelect(["a"], at_least=2), "in order, from 0 to the 1 options"),
        (lambda: MultiSelect(["a", "b"], at_least=2, at_most=1), "in order"),
        (lambda: MultiSelect(["a"], at_most=0), "in order"),
        (lambda: Rating(5, 1), "lowest and highest must be numbers in order"),
        (lambda: Rating(1, 5, step=0), "step must be a number above 0"),
        (lambda: Number(0, 10**16), "up to 10"),
        (lambda: Number("0", "9"), "must be numbers in order"),
        (lambda: Number(decimal_places=11), "decimal_places must be a whole number from 0 to 10"),
        (lambda: Text(0), "max_length must be a whole number from 1 to 5000"),
        (lambda: Text(5, min_length=6), "min_length must be a whole number from 0 to 5"),
        (lambda: Boolean("", "No"), "a label must be a text"),
    ],
)
def test_what_the_service_would_refuse_is_refused_at_once(make, words):
    with pytest.raises(ConfigurationError, match=words):
        make()


@pytest.mark.parametrize(
    ("response", "default", "words"),
    [
        (SingleSelect(["a"]), "b", "must be one of the options a"),
        (SingleSelect(["a"]), None, "default must be given"),
        (MultiSelect(["a"]), "a", "must be a list of options"),
        (MultiSelect(["a"]), ["a", "a"], "names an option twice"),
        (Rating(1, 5), 6, "a number from 1 to 5"),
        (Rating(1, 5), "4", "a number from 1 to 5"),
        (Rating(1, 5), True, "a number from 1 to 5"),
        (Number(0, 9), None, "default must be given"),
        (Text(3), "long", "at most 3 characters"),
        (Boolean(), "no", "True or False"),
    ],
)
def test_the_default_has_to_be_an_answer(response, default, words):
    with pytest.raises(ConfigurationError, match=words):
        asked(response=response, default=default)


@pytest.mark.parametrize(
    ("response", "default"), [(Boolean(), False), (Text(), ""), (MultiSelect(["a"], at_least=1), [])]
)
def test_the_default_of_most_is_that_of_somebody_who_did_nothing(response, default):
    assert asked(response=response)["default_response"] == default


@pytest.mark.parametrize(
    ("returns", "default", "sent"),
    [
        (bool, None, (Boolean(), False)),
        (Literal["a", "b"], "b", (SingleSelect(["a", "b"]), "b")),
        (Literal[1, 2], 2, (SingleSelect(["1", "2"]), "2")),
        (Colour, Colour.BLUE, (SingleSelect({"RED": "red wine", "BLUE": "BLUE"}), "BLUE")),
        (list[Colour], [Colour.RED], (MultiSelect({"RED": "red wine", "BLUE": "BLUE"}), ["RED"])),
        (list[Literal["a"]], None, (MultiSelect(["a"]), [])),
        (int, 3, (Number(decimal_places=0), 3)),
        (Annotated[int, Ge(1)], 3, (Number(1, decimal_places=0), 3)),
        (float, 0.5, (Number(decimal_places=6), 0.5)),
        (str, None, (Text(5000), "")),
        (Annotated[str, MaxLength()], None, (Text(20), "")),
        ({"type": "integer", "minimum": 0, "maximum": 9}, 1, (Number(0, 9, decimal_places=0), 1)),
    ],
)
def test_a_type_asks_for_its_values(returns, default, sent):
    response, written = sent
    body = asked(returns=returns, default=default)
    assert body == {**body, **response.question(written)}


def test_any_kind_of_number_will_do():
    body = asked(response=Number(Decimal("0.5"), Decimal(9)), default=Decimal("1.5"))
    assert (body["response_config"]["min_value"], body["response_config"]["max_value"]) == (0.5, 9.0)
    assert body["default_response"] == 1.5


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (Order, "asks for one value; ask for its parts in requests of their own, or use client.ask"),
        (Annotated[int, Gt(1)], "cannot check exclusive_minimum; give response="),
        (Annotated[str, Pattern()], "cannot check validation"),
        (date, "cannot check validation"),
        (Decimal, "cannot check validation"),
        (dict, "no form can ask for dict"),
    ],
)
def test_what_does_not_fit_one_request_is_refused_with_what_to_do(returns, words):
    with pytest.raises(FormError, match=words):
        asked(returns=returns, default="x")


def test_one_of_both_says_what_kind_of_answer_is_wanted():
    with pytest.raises(ConfigurationError, match="either response or returns"):
        asked(returns=bool, response=Boolean())


@pytest.mark.parametrize(
    ("arguments", "follows"),
    [
        ({}, {"processing_type": "deferred", "type": "markdown", "priority": "medium", "platform": "api"}),
        ({"timeout": 60.4}, {"processing_type": "time-sensitive", "timeout_seconds": 60}),
        ({"image_url": "https://example.com/a.png"}, {"type": "image", "image_url": "https://example.com/a.png"}),
        ({"context": {"when": date(2027, 1, 15)}}, {"context": {"when": "2027-01-15"}}),
    ],
)
def test_what_people_need_not_know_follows_from_what_they_say(arguments, follows):
    body = asked(**arguments)
    assert {name: body.get(name) for name in follows} == follows
    assert ("timeout_seconds" in body) == ("timeout" in arguments)
