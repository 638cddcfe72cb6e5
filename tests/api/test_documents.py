"""Reviews read straight from JSON, held to the parser that is generated from openapi.yaml."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import asdict, exceptions, fields
from hitl_api.models.review import Review as Generated
from hitl_api.types import UNSET
from hypothesis import given
from hypothesis import strategies as st

from hitl._api import decoding as _documents
from hitl._api import review_from_json
from hitl.models import Review

WORDS = st.text(max_size=8)
MOMENTS = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()) | st.just(
    "2026-01-15T10:30:00Z"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=3)

REQUIRED = {
    "id": WORDS,
    "template_id": WORDS,
    "status": st.sampled_from(["created", "completed", "a word from the future"]) | WORDS,
    "content": OBJECTS,
    "created_at": MOMENTS,
}
OPTIONAL = {
    "assignees": st.none() | st.lists(WORDS, max_size=3),
    "priority": st.none() | st.sampled_from(["low", "high"]) | WORDS,
    "due_date": st.none() | MOMENTS,
    "assignment_strategy": st.none() | WORDS,
    "result": st.none() | OBJECTS,
    "reviewer": st.none() | WORDS,
    "completed_at": st.none() | MOMENTS,
    "updated_at": MOMENTS,
    "version": st.integers(),
    "a_field_from_the_future": JSON,
}
REVIEWS = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)
"""Documents that fit openapi.yaml's Review."""

ANYTHING = st.fixed_dictionaries({}, optional=dict.fromkeys((*REQUIRED, *OPTIONAL), JSON | MOMENTS))
MIXED = st.builds(lambda fitting, odd: {**fitting, **odd}, REVIEWS, ANYTHING)

FULL: dict[str, Any] = {
    "id": "rev_1",
    "template_id": "t",
    "content": {"text": "a"},
    "status": "created",
    "created_at": "2026-01-15T10:30:00Z",
}


def by_the_generated_parser(document: dict[str, Any]) -> Review:
    """Read it in two steps, as everything but a review is read."""
    read = Generated.from_dict(document)

    def given_or(name: str, otherwise: Any = None) -> Any:
        value = getattr(read, name)
        return otherwise if value is UNSET or value is None else value

    words = (read.id, read.status, read.template_id, given_or("priority", ""), given_or("assignment_strategy", ""))
    objects = (given_or("content", {}), given_or("result", {}))
    if not all(isinstance(each, str) for each in words) or not all(isinstance(each, dict) for each in objects):
        raise TypeError("this package relies on them")
    return Review(
        id=read.id,
        status=str(read.status),
        template_id=read.template_id,
        content=objects[0],
        created_at=read.created_at,
        result=objects[1],
        assignees=read.assignees if isinstance(read.assignees, list) else [],
        priority=given_or("priority"),
        due_date=given_or("due_date"),
        assignment_strategy=given_or("assignment_strategy"),
        reviewer=given_or("reviewer"),
        updated_at=given_or("updated_at"),
        completed_at=given_or("completed_at"),
        version=given_or("version"),
        extra=read.additional_properties,
    )


def test_it_reads_all_properties_that_openapi_yaml_knows() -> None:
    known = {each.name for each in fields(Generated)} - {"additional_properties"}
    assert sorted(_documents._REVIEW) == sorted(known)
    assert {*REQUIRED, *OPTIONAL} == known | {"a_field_from_the_future"}


@given(REVIEWS)
def test_what_fits_openapi_yaml_is_read_as_the_generated_parser_reads_it(document: dict[str, Any]) -> None:
    ours = review_from_json(document)
    assert asdict(ours) == asdict(by_the_generated_parser(document))
    assert type(ours) is Review
    assert type(ours.status) is str


@given(MIXED)
def test_what_the_generated_parser_refuses_is_refused_and_nothing_else(document: dict[str, Any]) -> None:
    try:
        expected = by_the_generated_parser(document)
    except (KeyError, TypeError, ValueError):
        with pytest.raises((KeyError, TypeError, ValueError)):
            review_from_json(document)
    else:
        assert asdict(review_from_json(document)) == asdict(expected)


@pytest.mark.parametrize("document", [None, [], "rev_1", 1, [["id", "rev_1"]]])
def test_what_is_no_object_is_no_review(document: object) -> None:
    with pytest.raises(TypeError, match="expected a review"):
        review_from_json(document)


@pytest.mark.parametrize("name", ["id", "status", "template_id", "content", "created_at"])
def test_what_everything_relies_on_must_be_there(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        review_from_json({key: value for key, value in FULL.items() if key != name})


def test_a_review_that_was_read_is_as_frozen_as_any_other() -> None:
    review = review_from_json(FULL)
    with pytest.raises(exceptions.FrozenInstanceError):
        review.status = "completed"  # type: ignore[misc]
    with pytest.raises(exceptions.FrozenInstanceError):
        del review.status


def test_two_reviews_share_nothing_that_can_be_changed() -> None:
    one, other = review_from_json(FULL), review_from_json({**FULL, "content": None})
    one.extra["a"] = one.result["a"] = 1
    one.assignees.append("a")
    other.content["a"] = 1
    again = review_from_json({**FULL, "content": None})
    assert (again.extra, again.result, again.assignees, again.content) == ({}, {}, [], {})
