"""Names for the creations of a batch."""

from __future__ import annotations

import json
import re
import string

from hypothesis import given
from hypothesis import strategies as st

from hitl._batches import BatchKeys

BODIES = st.lists(st.dictionaries(st.text(string.ascii_lowercase, max_size=2), st.integers(0, 2), max_size=2))


def keys(bodies, batch_key="import-1", operation="create_review"):
    names = BatchKeys(batch_key)
    return [names.next_key(operation, json.dumps(body).encode()).text for body in bodies]


def test_a_key_fits_into_a_header():
    [key] = keys([{"text": "é\n☃"}], batch_key="name with spaces, \n and ☃")
    assert re.fullmatch(r"hitl1-[0-9a-f]{48}", key)


def test_a_key_stays_what_it_is_from_one_version_of_this_package_to_the_next():
    assert keys([{"content": {"text": "Ring!"}, "template_id": "t"}]) == [
        "hitl1-846e3e281bf2ca0aaa82e292491fd4fc140e49fedcb1c308"
    ]


@given(BODIES)
def test_a_second_run_has_the_same_keys(bodies):
    assert keys(bodies) == keys(bodies)


@given(BODIES)
def test_equal_items_that_are_meant_to_be_several_stay_several(bodies):
    assert len(set(keys(bodies))) == len(bodies)


@given(BODIES, BODIES, st.randoms())
def test_items_that_were_added_moved_or_left_out_change_no_other_key(bodies, more, random):
    moved = [*bodies, *more]
    random.shuffle(moved)
    assert set(keys(bodies)) <= set(keys(moved))


def test_batches_and_operations_of_other_names_have_other_keys():
    body = [{"n": 1}]
    names = {*keys(body), *keys(body, batch_key="import-2"), *keys(body, operation="create_template")}
    assert len(names) == 3


def test_what_a_name_ends_with_is_not_taken_for_what_the_next_begins_with():
    assert keys([{}], "a", "bc") != keys([{}], "ab", "c")
