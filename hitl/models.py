"""What calls return, as small frozen classes, and what batches take, as typed dicts.

None stands for what is not known, plain dicts for free JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Required, Self, TypeAlias, TypedDict

from attrs import field, frozen

from hitl._json import Object, is_object
from hitl._lazy import lazy_names
from hitl._moments import moment
from hitl._review import Review, document_of, unknown_members
from hitl._verdict import Edit, Verdict

if TYPE_CHECKING:
    from hitl._records import (
        Account,
        Loop,
        LoopMember,
        Quota,
        Session,
        Team,
        TeamMember,
        Turn,
        UploadedFile,
        WebhookAttempt,
        WebhookDelivery,
        WebhookSubscription,
    )
    from hitl._request import Request
    from hitl._response_types import ResponseType
    from hitl._workflow import Execution, WorkflowResult
    from hitl.exceptions import HITLError

__all__ = [
    "Account",
    "Edit",
    "Execution",
    "Loop",
    "LoopMember",
    "Outcome",
    "Priority",
    "Quota",
    "Request",
    "RequestChange",
    "RequestFields",
    "RequestPriority",
    "RequestStatus",
    "Review",
    "ReviewChange",
    "ReviewFields",
    "Session",
    "Status",
    "Strategy",
    "Team",
    "TeamMember",
    "Template",
    "Turn",
    "UploadedFile",
    "Verdict",
    "WaitStats",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookSubscription",
    "WorkflowResult",
]


# What the namespaces return is imported when it is first used.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "hitl._records": (
            "Account",
            "Loop",
            "LoopMember",
            "Quota",
            "Session",
            "Team",
            "TeamMember",
            "Turn",
            "UploadedFile",
            "WebhookAttempt",
            "WebhookDelivery",
            "WebhookSubscription",
        ),
        "hitl._request": ("Request",),
        "hitl._workflow": ("Execution", "WorkflowResult"),
    },
)

# The words of openapi.yaml for arguments. What a server answers is a text, because it may know more of them.
Priority: TypeAlias = Literal["low", "medium", "high", "normal"]
Status: TypeAlias = Literal["created", "assigned", "in_progress", "completed", "rejected", "expired", "cancelled"]
Strategy: TypeAlias = Literal["round_robin", "load_balanced"]


RequestPriority: TypeAlias = Literal["low", "medium", "high", "critical"]
RequestStatus: TypeAlias = Literal["pending", "claimed", "completed", "timeout", "cancelled"]


class _RequestOptions(TypedDict, total=False):
    response: ResponseType | None
    returns: Any
    default: Any
    timeout: float | timedelta | None
    priority: RequestPriority | None
    context: Any
    image_url: str | None
    file: UploadedFile | None
    callback_url: str | None


class RequestFields(_RequestOptions, total=False):
    """An item of `requests.create_many`: the arguments of `requests.create` but the loop; None counts as not given."""

    text: Required[str]
    idempotency_key: str | None


class RequestChange(_RequestOptions, total=False):
    """What `requests.update` may change: the arguments of `requests.create`; None counts as not given."""

    text: str | None


class _ReviewOptions(TypedDict, total=False):
    assignees: Sequence[str] | None
    priority: Priority | None
    due_date: str | datetime | None
    assignment_strategy: Strategy | None


class ReviewFields(_ReviewOptions, total=False):
    """An item of `create_reviews`: the arguments of `create_review`; None counts as not given."""

    template_id: Required[str]
    content: Required[Any]
    metadata: Mapping[str, str] | None
    idempotency_key: str | None


class ReviewChange(_ReviewOptions, total=False):
    """An item of `update_reviews`: the review's id and the arguments of `update_review`; None counts as not given."""

    id: Required[str]
    content: Any


@frozen
class Outcome:
    """The result of one item of a batch: either `review` or `error` is set.

    Attributes:
        index: The item's position in the input, from 0.
        item: The item itself.
        review: The review; None if the item failed.
        error: Why the item failed; None if it did not.
        idempotency_key: The key that the creation was sent with; None if it was never sent.
    """

    index: int
    item: Any = field(repr=False)
    review: Review | None = None
    error: HITLError | None = None
    idempotency_key: str | None = field(default=None, repr=False)

    __hash__ = None  # type: ignore[assignment]  # an item is usually a dict


@frozen
class Template:
    """A form for reviewers.

    Attributes:
        id: The server's name for the template.
        name: What people call it.
        fields: The form's fields in order, as plain dicts with at least `name` and `type`.
        extra: Fields that this package does not know yet, unchanged.
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

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the template that a JSON object of the API describes; `to_json` is the reverse.

        Raises:
            ValueError: if a required member is missing, or one has another type than openapi.yaml says. Unknown
                members are accepted, and null where a member may be missing.
        """
        if not is_object(document):
            raise ValueError(f"expected a template, got {type(document).__name__}")
        values: Object = {name: document[name] for name in _TEMPLATE if document.get(name) is not None}
        for name, kind in _TEMPLATE.items():
            if name in values and type(values[name]) is not kind:
                raise ValueError(f"{name} must be of type {kind.__name__}, not {type(values[name]).__name__}")
        if not all(isinstance(each, str) for name in ("tags", "changelog") for each in values.get(name, ())):
            raise ValueError("tags and changelog must be lists of strings")
        for name in values.keys() & _MOMENTS:
            values[name] = moment(values[name])
        if missing := [name for name in ("id", "name", "fields") if name not in values]:
            raise ValueError(f"{' and '.join(missing)} must be given")
        if not all(_is_form_field(each) for each in values["fields"]):
            raise ValueError("fields must be objects with a name and a type")
        return cls(**values, extra=unknown_members(document, tuple(_TEMPLATE)))

    def to_json(self) -> dict[str, Any]:
        """Return the template as a JSON object of the API; attributes that are None are left out."""
        return document_of(self)

    def __hash__(self) -> int:
        return hash((self.id, self.name, self.version))


def _is_form_field(value: object) -> bool:
    return is_object(value) and isinstance(value.get("name"), str) and isinstance(value.get("type"), str)


_STRINGS = ("id", "name", "description", "category", "priority", "version", "migration_guide")
_MOMENTS = ("created_at", "updated_at")
_TEMPLATE: Final[dict[str, type]] = {
    **dict.fromkeys((*_STRINGS, *_MOMENTS), str),
    **dict.fromkeys(("settings", "styling", "validation"), dict),
    **dict.fromkeys(("fields", "tags", "changelog"), list),
    "deprecated": bool,
}
"""The JSON types of openapi.yaml's Template."""


@frozen
class WaitStats:
    """What the waits of one client cost, and what the rate limit leaves them.

    Attributes:
        waits: Waits in progress, each for one review or request or for many, and open streams of decisions.
        open: Reviews and requests that the waits are for; a stream waits for no particular ones.
        polls: Requests that waiting has made so far.
        held: Those of them that the server held open until something changed.
        hits: Reviews and requests that ended while they were waited for, and decisions that streams gave.
        notified: Events that `notify` received about awaited reviews, or that a stream may show.
        refused: Requests that the server refused with 429.
        limit: Requests that the server allows in one window; None if it does not say, as for the next two.
        remaining: Requests that are left in this window.
        seconds_to_reset: When the next window begins.
        reserve: Requests of this window that are kept for other calls.
        interval: Seconds between two polls at present; None while nothing is waited for.
        month_limit: Responses of people that the plan allows in a month; None unless `account` was told, as for the
            next.
        month_remaining: Responses that were left in this month when it was.
    """

    waits: int
    open: int
    polls: int
    held: int
    hits: int
    notified: int
    refused: int
    limit: int | None
    remaining: int | None
    seconds_to_reset: float | None
    reserve: float
    interval: float | None
    month_limit: int | None = None
    month_remaining: int | None = None
