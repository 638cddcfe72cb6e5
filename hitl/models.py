"""What the calls return: small frozen classes, `None` where nothing is known, plain dicts for free JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import field, frozen

from hitl._json import is_object

if TYPE_CHECKING:
    from hitl_api.models import Review as ReviewDocument
    from hitl_api.models import Template as TemplateDocument
    from hitl_api.types import Unset

__all__ = ["Review", "Template"]

T = TypeVar("T")

# The server may learn new words: a status that is not among these is one that is not finished yet.
FINAL_STATUSES = frozenset({"completed", "rejected", "expired", "cancelled"})
ANSWERED_STATUSES = frozenset({"completed", "rejected"})


@frozen
class Review:
    """A question put to people, and what became of it, as the server told it at one moment.

    Attributes:
        id: The server's name for the review, such as "rev_123".
        status: created, assigned, in_progress, completed, rejected, expired, cancelled, or a word newer than this
            package.
        template_id: The template that the reviewer answers.
        content: What was put before the reviewer.
        result: The answer by the template's field names; empty until there is one. A completed review is one that was
            answered, for or against: look into the result.
        assignees: E-mail addresses of those who are asked; empty if anybody may answer.
        priority: low, medium, high, or None if the server does not say.
        due_date: When the answer is needed, with its time zone.
        assignment_strategy: How the server picks a reviewer.
        reviewer: Who answered.
        created_at: When it was created.
        updated_at: When it last changed.
        completed_at: When it was answered.
        version: Grows with every change, where the server counts them.
        extra: Fields that this package does not know yet, as they came.
    """

    id: str
    status: str
    template_id: str
    content: dict[str, Any] = field(repr=False)
    created_at: datetime = field(repr=False)
    result: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    assignees: list[str] = field(factory=list[str], repr=False)
    priority: str | None = None
    due_date: datetime | None = field(default=None, repr=False)
    assignment_strategy: str | None = field(default=None, repr=False)
    reviewer: str | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    completed_at: datetime | None = field(default=None, repr=False)
    version: int | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)

    @property
    def state(self) -> str:
        """The same as `status`."""
        return self.status

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen: answered, expired or cancelled."""
        return self.status in FINAL_STATUSES

    @property
    def is_answered(self) -> bool:
        """True once a person has answered, whatever the answer."""
        return self.status in ANSWERED_STATUSES

    def __hash__(self) -> int:
        return hash((self.id, self.status, self.version))


@frozen
class Template:
    """A form for reviewers.

    Attributes:
        id: The server's name for the template.
        name: What people call it.
        fields: The form's fields in order, as plain dicts with at least `name` and `type`.
        extra: Fields that this package does not know yet, as they came.
    """

    id: str
    name: str
    fields: list[dict[str, Any]] = field(repr=False)
    description: str | None = field(default=None, repr=False)
    settings: dict[str, Any] | None = field(default=None, repr=False)
    styling: dict[str, Any] | None = field(default=None, repr=False)
    validation: dict[str, Any] | None = field(default=None, repr=False)
    category: str | None = field(default=None, repr=False)
    tags: list[str] = field(factory=list[str], repr=False)
    priority: str | None = field(default=None, repr=False)
    version: str | None = field(default=None, repr=False)
    changelog: list[str] = field(factory=list[str], repr=False)
    deprecated: bool | None = field(default=None, repr=False)
    migration_guide: str | None = field(default=None, repr=False)
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)

    def __hash__(self) -> int:
        return hash((self.id, self.name, self.version))


def review_from_json(document: dict[str, Any]) -> Review:
    """Return the review that a JSON object of the API describes.

    Raises:
        KeyError, TypeError, ValueError: if the object does not fit openapi.yaml's Review.
    """
    from hitl_api.models import Review as ReviewDocument

    return review_from(ReviewDocument.from_dict(document))


def review_from(document: ReviewDocument) -> Review:
    """Return the public form of a generated Review."""
    return Review(
        id=_text(document.id),
        status=_text(document.status),
        template_id=_text(document.template_id),
        content=_object(document.content),
        created_at=_moment(document.created_at),
        result=_object(_given(document.result)),
        assignees=_given(document.assignees) or [],
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
        tags=_given(document.tags) or [],
        priority=_word(document.priority),
        version=_given(document.version),
        changelog=_given(document.changelog) or [],
        deprecated=_given(document.deprecated),
        migration_guide=_given(document.migration_guide),
        created_at=_given(document.created_at),
        updated_at=_given(document.updated_at),
        extra=document.additional_properties,
    )


def _given(value: T | Unset) -> T | None:
    from hitl_api.types import Unset

    return None if isinstance(value, Unset) else value


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


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a time, got {type(value).__name__}")
    return value


def _dict(value: Any) -> dict[str, Any] | None:
    return None if (given := _given(value)) is None else given.to_dict()
