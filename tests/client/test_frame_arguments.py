"""Arguments from data frames: missing values count as not given, and numpy's scalars as plain ones."""

from __future__ import annotations

import numpy
import pandas
import pytest
from script import answer, reviewed
from scripted import scripted

from hitl import HITLClient
from hitl.exceptions import ConfigurationError

ITEM = {"template_id": "template_123", "content": {"text": "x"}}


@pytest.mark.parametrize("nothing", [float("nan"), numpy.float64("nan"), pandas.NaT, pandas.NA], ids=repr)
@pytest.mark.parametrize("name", ["assignees", "priority", "due_date", "assignment_strategy", "idempotency_key"])
def test_what_is_missing_in_a_data_frame_is_not_sent(name, nothing):
    client = scripted(reviewed(code=201))
    client.create_reviews([{**ITEM, name: nothing}])
    assert client.bodies == [ITEM]
    with pytest.raises(ConfigurationError, match="template_id must be given"):
        client.create_reviews([{**ITEM, "template_id": nothing}])


def test_a_word_of_numpy_is_sent_as_its_value():
    client = scripted(reviewed(code=201))
    client.create_review(**ITEM, priority=numpy.str_("high"), assignees=[numpy.str_("a@company.com")])
    assert client.bodies == [{**ITEM, "priority": "high", "assignees": ["a@company.com"]}]


def test_an_array_is_no_word():
    with pytest.raises(ConfigurationError, match="priority must be one of"):
        scripted().create_review(**ITEM, priority=numpy.array(["low", "high"]))


@pytest.mark.parametrize("number", [numpy.int64(3), numpy.uint8(3)])
def test_whole_numbers_of_numpy_are_numbers(number):
    client = scripted(answer(200, {"success": True, "data": []}))
    assert list(client.list_reviews(page_size=number)) == []
    HITLClient("a_key", max_retries=number).close()


@pytest.mark.parametrize("setting", ["max_retries", "timeout", "request_timeout", "retry_delay"])
def test_a_bool_of_numpy_is_no_number(setting):
    with pytest.raises(ConfigurationError, match=setting):
        HITLClient("a_key", **{setting: numpy.True_})
