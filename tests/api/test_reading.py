"""Reviews and templates read from JSON, compared with the parser that is generated from openapi.yaml."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from attrs import asdict, exceptions, fields
from hitl_api.models.review import Review as Generated
from hitl_api.models.template import Template as GeneratedTemplate
from hitl_api.types import UNSET
from hypothesis import given
from hypothesis import strategies as st

from hitl.models import Review, Template

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
    "metadata": st.none() | OBJECTS,
    "url": st.none() | WORDS,
    "verdict_field": st.none() | WORDS,
    "asked_by": st.none() | OBJECTS,
    "self_approved": st.none() | st.booleans(),
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

    words = [read.id, read.status, read.template_id]
    words += [given_or(name, "") for name in ("priority", "assignment_strategy", "reviewer", "url", "verdict_field")]
    objects = [given_or(name, {}) for name in ("content", "result", "metadata", "asked_by")]
    optional = map(given_or, ("updated_at", "due_date", "completed_at"))
    moments = [read.created_at, *(each for each in optional if each is not None)]
    assignees, version = given_or("assignees", []), given_or("version", 0)
    is_typed = (
        all(isinstance(each, str) for each in words)
        and all(isinstance(each, dict) for each in objects)
        and all(isinstance(each, datetime) for each in moments)
        and isinstance(assignees, list)
        and all(isinstance(each, str) for each in assignees)
        and type(version) is int
        and type(given_or("self_approved", False)) is bool
    )
    if not is_typed:
        raise TypeError("a review's fields are what their annotations say")
    return Review(
        id=read.id,
        status=str(read.status),
        template_id=read.template_id,
        content=objects[0],
        created_at=read.created_at,
        result=objects[1],
        assignees=assignees,
        priority=given_or("priority"),
        due_date=given_or("due_date"),
        assignment_strategy=given_or("assignment_strategy"),
        reviewer=given_or("reviewer"),
        updated_at=given_or("updated_at"),
        completed_at=given_or("completed_at"),
        version=given_or("version"),
        metadata=objects[2],
        url=given_or("url"),
        verdict_field=given_or("verdict_field"),
        asked_by=objects[3],
        self_approved=given_or("self_approved"),
        extra=read.additional_properties,
    )


def test_it_reads_all_properties_that_openapi_yaml_knows() -> None:
    # What is rare stays in `extra`, where a property looks: reviews arrive by the hundred.
    known = {each.name for each in fields(Generated)} - {"additional_properties", "erased", "answered_via"}
    assert {each.name for each in fields(Review)} == known | {"extra"}
    assert {*REQUIRED, *OPTIONAL} == known | {"a_field_from_the_future"}


@pytest.mark.parametrize(("sent", "means"), [({}, False), ({"erased": False}, False), ({"erased": True}, True)])
def test_whether_it_was_erased(sent: dict[str, Any], means: bool) -> None:
    review = Review.from_json({**FULL, **sent})
    assert (review.erased, review.extra) == (means, sent)


@pytest.mark.parametrize(
    ("sent", "means"), [({}, None), ({"answered_via": None}, None), ({"answered_via": "link"}, "link")]
)
def test_whether_a_link_was_all_that_said_who_answers(sent: dict[str, Any], means: str | None) -> None:
    review = Review.from_json({**FULL, **sent})
    assert (review.answered_via, review.to_json().get("answered_via")) == (means, means)


@given(REVIEWS)
def test_what_fits_openapi_yaml_is_read_as_the_generated_parser_reads_it(document: dict[str, Any]) -> None:
    ours = Review.from_json(document)
    assert asdict(ours) == asdict(by_the_generated_parser(document))
    assert type(ours.status) is str


@given(MIXED)
def test_what_the_generated_parser_refuses_or_mistypes_is_refused_and_nothing_else(document: dict[str, Any]) -> None:
    if document.get("updated_at", ...) is None:
        del document["updated_at"]  # null says as much as nothing; the generated parser refuses it
    try:
        expected = by_the_generated_parser(document)
    except (KeyError, TypeError, ValueError):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong
            Review.from_json(document)
    else:
        assert asdict(Review.from_json(document)) == asdict(expected)


@given(REVIEWS)
def test_a_review_survives_being_written_and_read(document: dict[str, Any]) -> None:
    review = Review.from_json(document)
    assert Review.from_json(json.loads(json.dumps(review.to_json()))) == review


@pytest.mark.parametrize("document", [None, [], "rev_1", 1, [["id", "rev_1"]]])
@pytest.mark.parametrize("model", [Review, Template])
def test_what_is_no_object_is_neither_review_nor_template(model: type[Review | Template], document: object) -> None:
    with pytest.raises(ValueError, match="expected a (review|template)"):
        model.from_json(document)


@pytest.mark.parametrize("name", ["id", "status", "template_id", "content", "created_at"])
def test_what_every_review_has_must_be_there(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Review.from_json({key: value for key, value in FULL.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("due_date", "soon"),
        ("due_date", 1),
        ("completed_at", "yesterday"),
        ("reviewer", {"email": "a@company.com"}),
        ("version", "3"),
        ("version", True),
        ("assignees", "a@company.com"),
        ("assignees", [1]),
        ("content", "text"),
    ],
)
def test_a_field_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name}|Invalid isoformat"):
        Review.from_json({**FULL, name: value})


def test_a_review_that_was_read_is_as_frozen_as_any_other() -> None:
    review = Review.from_json(FULL)
    with pytest.raises(exceptions.FrozenInstanceError):
        review.status = "completed"  # type: ignore[misc]
    with pytest.raises(exceptions.FrozenInstanceError):
        del review.status


def test_two_reviews_share_nothing_that_can_be_changed() -> None:
    one, other = Review.from_json(FULL), Review.from_json({**FULL, "content": None})
    one.extra["a"] = one.result["a"] = 1
    one.assignees.append("a")
    other.content["a"] = 1
    again = Review.from_json({**FULL, "content": None})
    assert (again.extra, again.result, again.assignees, again.content) == ({}, {}, [], {})


TEMPLATE: dict[str, Any] = {
    "id": "tpl_1",
    "name": "T",
    "fields": [{"name": "approved", "type": "boolean", "sparkle": 3}],
    "description": "What for",
    "settings": {"auto_assign": True},
    "styling": {"primary_color": "#fff"},
    "validation": {"rules": []},
    "category": "content_review",
    "tags": ["a"],
    "priority": "high",
    "version": "1.2.0",
    "changelog": ["New."],
    "deprecated": False,
    "migration_guide": "https://example.com",
    "created_at": "2026-01-15T10:30:00+00:00",
    "updated_at": "2026-01-16T10:30:00+00:00",
    "a_field_from_the_future": 1,
}


def test_a_template_has_all_properties_that_openapi_yaml_knows() -> None:
    known = {each.name for each in fields(GeneratedTemplate)} - {"additional_properties"}
    assert {each.name for each in fields(Template)} == known | {"extra"}
    assert TEMPLATE.keys() == known | {"a_field_from_the_future"}


def test_a_template_is_read_as_the_generated_parser_reads_it_and_survives_being_written() -> None:
    ours, generated = Template.from_json(TEMPLATE), GeneratedTemplate.from_dict(TEMPLATE)
    assert ours.to_json() == generated.to_dict() == TEMPLATE
    assert (ours.created_at, ours.updated_at) == (generated.created_at, generated.updated_at)
    assert ours.extra == {"a_field_from_the_future": 1}


@pytest.mark.parametrize("name", sorted(TEMPLATE.keys() - {"a_field_from_the_future"}))
def test_a_template_with_a_field_of_another_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Template.from_json({**TEMPLATE, name: 3})


@pytest.mark.parametrize("fields", [["text"], [{"name": "a"}], [{"name": "a", "type": 1}]])
def test_the_fields_of_a_template_have_a_name_and_a_type(fields: list[Any]) -> None:
    with pytest.raises(ValueError, match="fields must be objects with a name and a type"):
        Template.from_json({**TEMPLATE, "fields": fields})


@pytest.mark.parametrize("absent", [{}, dict.fromkeys(TEMPLATE.keys() - {"id", "name", "fields"})])
def test_what_a_template_does_not_say_is_none_or_empty(absent: dict[str, None]) -> None:
    least = {name: TEMPLATE[name] for name in ("id", "name", "fields")}
    assert Template.from_json({**least, **absent, "extra": 1}).extra.keys() <= {"a_field_from_the_future", "extra"}
    assert Template.from_json({**least, **absent}).tags == []
    with pytest.raises(ValueError, match="name and fields must be given"):
        Template.from_json({"id": "tpl_1"})
