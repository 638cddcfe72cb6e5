"""From what the API sends to the public types.

Reviews are read straight from JSON, since they come by the hundred: the generated parser copies each document, takes it
apart name by name, and would have to be read once more. Tests hold the two to the same results. Templates, which come
one by one, go through the generated parser.
"""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from sys import intern
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from hitl._json import Object
from hitl.models import Review, Template

if TYPE_CHECKING:
    from hitl_api.models.template import Template as TemplateDocument
    from hitl_api.types import Unset

T = TypeVar("T")

_REQUIRED: Final = ("id", "status", "template_id", "content", "created_at")
_OPTIONAL: Final = (
    "result",
    "assignees",
    "priority",
    "due_date",
    "assignment_strategy",
    "reviewer",
    "updated_at",
    "completed_at",
    "version",
)
_REVIEW: Final = (*_REQUIRED, *_OPTIONAL)
"""The properties of openapi.yaml's Review."""

_all_of: Final = itemgetter(*_REVIEW)
_ABSENT: Final[Any] = object()  # of `updated_at`, which may be missing but not null

_moment = datetime.fromisoformat


class _Unsealed(Review):
    """A review while it is put together: the same object that a frozen class makes, in a fifth of the time."""

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__  # Python stores quickly only if both are its own


def review_from_json(document: object) -> Review:
    """Return the review that a JSON object of the API describes.

    What everything else relies on must be there and of its type. Words, and what is only shown, are taken as they come:
    the server may know more of them than this package.

    Raises:
        KeyError, TypeError, ValueError: if the object does not fit openapi.yaml's Review.
    """
    if not isinstance(document, dict):
        raise TypeError(f"expected a review, got {type(document).__name__}")
    document = cast(Object, document)
    # Written out, since a call for each property would take as long as reading the JSON did.
    try:
        values, unknown = _all_of(document), len(document) - len(_REVIEW)
    except KeyError:
        values, unknown = _some_of(document), len(document)
    (
        review_id,
        status,
        template_id,
        content,
        created_at,
        result,
        assignees,
        priority,
        due_date,
        strategy,
        reviewer,
        updated_at,
        completed_at,
        version,
    ) = values
    if not (type(review_id) is type(status) is type(template_id) is str):
        raise TypeError("id, status and template_id must be text")
    if not ((priority is None or type(priority) is str) and (strategy is None or type(strategy) is str)):
        raise TypeError("priority and assignment_strategy must be text")
    if not ((type(content) is dict or content is None) and (type(result) is dict or result is None)):
        raise TypeError("content and result must be objects")
    made: Any = object.__new__(_Unsealed)
    made.id = review_id
    # Words that thousands of reviews have in common are kept once.
    made.status = intern(status)
    made.template_id = intern(template_id)
    made.priority = priority
    made.assignment_strategy = strategy
    made.content = {} if content is None else content
    made.result = {} if result is None else result
    made.assignees = assignees if type(assignees) is list else []
    made.created_at = _moment(created_at)
    made.updated_at = None if updated_at is _ABSENT else _moment(updated_at)
    # openapi.yaml lets these two be anything, which then is no time.
    try:
        made.due_date = None if due_date is None else _moment(due_date)
        made.completed_at = None if completed_at is None else _moment(completed_at)
    except (TypeError, ValueError):
        made.due_date, made.completed_at = _moment_or_as_it_is(due_date), _moment_or_as_it_is(completed_at)
    made.reviewer = reviewer
    made.version = version
    made.extra = _unknown_of(document) if unknown else {}
    made.__class__ = Review
    return cast(Review, made)


def _some_of(document: Object) -> tuple[Any, ...]:
    """Return the values of a review from which some are missing."""
    optional = [document.get(name, _ABSENT if name == "updated_at" else None) for name in _OPTIONAL]
    return (*[document[name] for name in _REQUIRED], *optional)


def _unknown_of(document: Object) -> Object:
    return {name: document[name] for name in document.keys() - frozenset(_REVIEW)}


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


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _moment_or_as_it_is(value: Any) -> datetime:
    """Return a time; what is none is handed through, since openapi.yaml allows for other values there."""
    try:
        return _moment(value)
    except (TypeError, ValueError):
        return cast(datetime, value)


# --- what the generated parser leaves open ---------------------------------------------------------------------------


def _given(value: T | Unset) -> T | None:
    from hitl_api.types import Unset

    return None if isinstance(value, Unset) else value


def _list(value: list[str] | Unset | None) -> list[str]:
    return value if isinstance(value, list) else []


def _word(value: str | Unset | None) -> str | None:
    return None if (given := _given(value)) is None else str(_text(given))  # a member of an enumeration until now


def _dict(value: Any) -> dict[str, Any] | None:
    return None if (given := _given(value)) is None else given.to_dict()
