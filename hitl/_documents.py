"""From the generated models, which mirror the wire, to the public ones."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from hitl_api.models.review import Review as ReviewDocument
from hitl_api.models.template import Template as TemplateDocument
from hitl_api.types import UNSET, Unset

from hitl._json import is_object
from hitl.models import Review, Template

T = TypeVar("T")


def review_from_json(document: dict[str, Any]) -> Review:
    """Return the review that a JSON object of the API describes.

    Raises:
        KeyError, TypeError, ValueError: if the object does not fit openapi.yaml's Review.
    """
    return review_from(ReviewDocument.from_dict(document))


def review_from(document: ReviewDocument) -> Review:
    """Return the public form of a generated Review."""
    return Review(
        id=_text(document.id),
        status=_text(document.status),
        template_id=_text(document.template_id),
        content=_object(document.content),
        created_at=document.created_at,
        result=_object(_given(document.result)),
        assignees=_list(document.assignees),
        priority=_word(document.priority),
        due_date=_given(document.due_date),
        assignment_strategy=_word(document.assignment_strategy),
        reviewer=_given(document.reviewer),
        updated_at=_given(document.updated_at),
        completed_at=_given(document.completed_at),
        version=_given(document.version),
        extra=document.additional_properties,
    )


def template_from(document: TemplateDocument) -> Template:
    """Return the public form of a generated Template."""
    return Template(
        id=_text(document.id),
        name=_text(document.name),
        fields=[each.to_dict() for each in document.fields],
        description=_given(document.description),
        settings=_dict(document.settings),
        styling=_dict(document.styling),
        validation=_dict(document.validation),
        category=_given(document.category),
        tags=_list(document.tags),
        priority=_word(document.priority),
        version=_given(document.version),
        changelog=_list(document.changelog),
        deprecated=_given(document.deprecated),
        migration_guide=_given(document.migration_guide),
        created_at=_given(document.created_at),
        updated_at=_given(document.updated_at),
        extra=document.additional_properties,
    )


def _given(value: T | Unset) -> T | None:
    return None if value is UNSET else cast(T, value)


def _list(value: list[str] | Unset | None) -> list[str]:
    return value if isinstance(value, list) else []


# The generated parser hands scalars through as they came; these check the ones that everything else relies on.


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return str(value)


def _word(value: str | Unset | None) -> str | None:
    return None if (given := _given(value)) is None else _text(given)


def _object(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not is_object(value):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _dict(value: Any) -> dict[str, Any] | None:
    return None if (given := _given(value)) is None else given.to_dict()
