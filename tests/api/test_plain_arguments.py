"""Values that mean the same are sent the same: members of enumerations, numpy's numbers, sets, odd date-times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hitl._api import arguments, operations
from hitl._config import resolve
from hitl.exceptions import ConfigurationError
from hitl.models import Review, Template
from hitl.retry import retry_with_backoff

HALF = "a\ud800@x.co"


class Words(str, Enum):  # noqa: UP042  # as many programs have it: its str() is "Words.HIGH"
    HIGH = "high"
    RAISE = "raise"
    MAIL = "a@x.co"
    KEY = "a-key-of-the-tests"
    URL = "http://127.0.0.1:4010"


class Plain(Enum):
    HIGH = "high"


class Numbers(IntEnum):
    THREE = 3


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


@pytest.mark.parametrize("value", [Words.HIGH, Plain.HIGH, Text("high"), np.str_("high")])
def test_a_word_is_sent_as_its_value(value):
    given = {"template_id": "t", "content": {}, "priority": value, "assignees": [value]}
    fields, _ = arguments.check_review(given, None)
    body = json.loads(operations.create_review(fields).request.body or b"")
    assert (body["priority"], body["assignees"]) == ("high", ["high"])
    found = arguments.checked(arguments.FILTERS, {"priority": value, "status": value, "assignee": value})
    assert [str(each) for each in found.values()] == ["high"] * 3
    assert type(found["assignee"]) is str
    assert arguments.checked_key(value, None) == arguments.identifier("review_id", value) == "high"


def test_settings_may_be_members_of_enumerations():
    found = resolve(
        {"api_key": Words.KEY, "base_url": Words.URL, "max_retries": Numbers.THREE, "timeout": Numbers.THREE}
    )
    assert (found.api_key.reveal(), found.base_url) == ("a-key-of-the-tests", "http://127.0.0.1:4010")
    assert (found.max_retries, found.timeout) == (3, 3.0)
    assert type(found.max_retries) is int
    assert arguments.one_of("on_error", Words.RAISE, ("raise", "return")) == "raise"


@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), Numbers.THREE])
def test_whole_numbers_of_other_types_are_numbers(number):
    assert arguments.count("page_size", number) == resolve({"api_key": "k", "max_retries": number}).max_retries == 3
    assert type(arguments.count("page_size", number)) is int


@pytest.mark.parametrize("setting", ["max_retries", "timeout", "request_timeout", "retry_delay"])
@pytest.mark.parametrize("value", [True, np.True_, False, np.False_, np.array([0, 1]), pd.NA, pd.NaT, b"1", object()])
def test_a_bool_is_no_number_nor_is_anything_else(setting, value):
    with pytest.raises(ConfigurationError, match=setting):
        resolve({"api_key": "k", setting: value})


class Numbered(Enum):
    HALF = 0.5


@pytest.mark.parametrize("half", [0.5, np.float32(0.5), Decimal("0.5"), Fraction(1, 2), timedelta(seconds=0.5), "0.5"])
def test_seconds_may_be_any_kind_of_number(half):
    for value in (half, Numbered.HALF):
        found = resolve({"api_key": "k", "timeout": value, "request_timeout": value, "retry_delay": value})
        assert (found.timeout, found.request_timeout, found.retry_delay) == (0.5, 0.5, 0.5)
        assert {type(found.timeout), type(found.retry_delay)} == {float}


@pytest.mark.parametrize("nothing", [0, -0.0, "0", "0.0", np.int64(0), timedelta(0), pd.Timedelta(0), Decimal(0)])
def test_a_pause_may_be_none_at_all(nothing):
    assert resolve({"api_key": "k", "retry_delay": nothing}).retry_delay == 0.0
    with pytest.raises(ConfigurationError, match="timeout must be a number of seconds greater than 0"):
        resolve({"api_key": "k", "timeout": nothing})


def test_the_decorator_takes_the_same_numbers():
    for retries, delay in (
        (np.int64(2), np.float32(0.5)),
        (Numbers.THREE, timedelta(0)),
        (np.uint8(0), Decimal("0.5")),
    ):
        assert retry_with_backoff(max_retries=retries, base_delay=delay, max_delay=delay)(lambda: "done")() == "done"
    for given in ({"max_retries": np.True_}, {"base_delay": np.False_}, {"max_delay": True}, {"base_delay": pd.NA}):
        with pytest.raises(ValueError, match=next(iter(given))):
            retry_with_backoff(**given)


@pytest.mark.parametrize("url", ["http://a\udce9.example", "http://a.example/\ud800", "https://\udfff"])
def test_half_a_surrogate_pair_in_an_address_is_told_of_where_it_comes_from(url):
    with pytest.raises(ConfigurationError, match="^HITL_BASE_URL holds half of a surrogate pair"):
        resolve({"api_key": "k"}, {"HITL_BASE_URL": url})
    with pytest.raises(ConfigurationError, match="^base_url holds half of a surrogate pair"):
        resolve({"api_key": "k", "base_url": url}, {})


def test_an_address_that_cannot_be_used_is_told_of_at_once():
    with pytest.raises(ConfigurationError, match="^HITL_BASE_URL cannot be used: Invalid IDNA hostname"):
        resolve({"api_key": "k"}, {"HITL_BASE_URL": "https://\u2603.example"})


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        (arguments.REVIEW, "assignees", [HALF]),
        (arguments.REVIEW, "priority", HALF),
        (arguments.FILTERS, "assignee", HALF),
        (arguments.FILTERS, "status", HALF),
        (arguments.FILTERS, "template_id", HALF),
        (arguments.TEMPLATE, "name", HALF),
        (arguments.TEMPLATE, "description", HALF),
        (arguments.TEMPLATE, "tags", [HALF]),
        (arguments.TEMPLATE, "settings", {"colour": HALF}),
    ],
)
def test_half_a_surrogate_pair_is_refused_by_name(table, name, value):
    with pytest.raises(ConfigurationError, match=name) as caught:
        arguments.checked(table, {name: value})
    str(caught.value).encode()


def test_a_set_is_sent_in_the_same_order_in_every_run():
    program = (
        "from hitl._api import arguments, operations\n"
        "names = {f'{name}@x.co' for name in 'zyxwvutabc'}\n"
        "given = {'template_id': 't', 'assignees': names, 'content': {'a': names, 'b': frozenset(map(len, names))}}\n"
        "print(operations.create_review(arguments.check_review(given, None)[0]).request.body)"
    )
    bodies = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(bodies) == 1


NEXT_MINUTE = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-01-01t00:00:00z", NEXT_MINUTE),
        ("2027-01-01 00:00:00z", NEXT_MINUTE),
        ("2026-12-31T23:59:60Z", NEXT_MINUTE),
        ("2026-12-31t23:59:60.9z", NEXT_MINUTE),
        ("2027-01-01T02:29:60+02:30", NEXT_MINUTE),
        ("2027-01-01T00:00:00-00:00", NEXT_MINUTE),
        ("2027-01-01T00:00:00.000000000000Z", NEXT_MINUTE),
        ("2027-01-01T00:00:00.5z", NEXT_MINUTE + timedelta(seconds=0.5)),
        ("2027-01-01T05:45:00+05:45", NEXT_MINUTE),
        ("2027-01-01T00:00:00", NEXT_MINUTE),
    ],
)
def test_the_date_times_of_a_server_are_read_tolerantly_and_have_a_zone(written, moment):
    names = ("created_at", "due_date", "updated_at", "completed_at")
    document: dict[str, Any] = {"id": "r", "status": "created", "template_id": "t", "content": {}}
    review = Review.from_json({**document, **dict.fromkeys(names, written)})
    template = Template.from_json({"id": "t", "name": "n", "fields": [], "created_at": written, "updated_at": written})
    found = [review.created_at, review.due_date, review.updated_at, review.completed_at]
    found += [template.created_at, template.updated_at]
    assert found == [moment] * 6
    assert all(each is not None and each.tzinfo is not None for each in found)
    if written[-1] != "0" or "+" in written or "-00:00" in written:  # an argument must say its zone
        assert arguments.moment("due_date", written) == moment


@pytest.mark.parametrize(
    "written",
    ["12026-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2026-12-31T24:61:60Z", "2026-12-31T23:59:61Z", "z", ""],
)
def test_what_is_no_date_time_is_refused_clearly(written):
    with pytest.raises(ConfigurationError, match="due_date"):
        arguments.moment("due_date", written)
    document = {"id": "r", "status": "created", "template_id": "t", "content": {}, "created_at": written}
    with pytest.raises(ValueError, match=r"\w"):
        Review.from_json(document)
