"""The arguments of reviews, each with its check, in tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

from hitl._api.validators import addresses, idempotency_key, identifier, is_given, json_object, moment, one_of, text
from hitl._secret import Secret
from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hitl_api.models.assignment_strategy import AssignmentStrategy
    from hitl_api.models.review_priority import ReviewPriority
    from hitl_api.models.review_status import ReviewStatus

_Check: TypeAlias = Callable[[str, object], object]


def _priority(name: str, value: object) -> ReviewPriority:
    from hitl_api.models.review_priority import ReviewPriority

    return ReviewPriority(one_of(name, value, ReviewPriority))


def _strategy(name: str, value: object) -> AssignmentStrategy:
    from hitl_api.models.assignment_strategy import AssignmentStrategy

    return AssignmentStrategy(one_of(name, value, AssignmentStrategy))


def _status(name: str, value: object) -> ReviewStatus:
    from hitl_api.models.review_status import ReviewStatus

    return ReviewStatus(text(name, value))  # open: a server may know more states than this package


CHANGES: Mapping[str, _Check] = {
    "content": json_object,
    "assignees": addresses,
    "priority": _priority,
    "due_date": moment,
    "assignment_strategy": _strategy,
}
REVIEW: Mapping[str, _Check] = {"template_id": identifier, **CHANGES}
FILTERS: Mapping[str, _Check] = {
    "status": _status,
    "created_after": moment,
    "created_before": moment,
    "updated_after": moment,
    "priority": _priority,
    "assignee": text,
    "template_id": identifier,
}


class ReviewFilters(TypedDict):
    """The filters of `list_reviews`; None means any."""

    status: str | None
    created_after: str | datetime | None
    created_before: str | datetime | None
    updated_after: str | datetime | None
    priority: str | None
    assignee: str | None
    template_id: str | None


def checked(table: Mapping[str, _Check], given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given values, checked; None counts as not given, and so does a missing value of a data frame.

    Raises:
        ConfigurationError: if a name is unknown, or a value cannot be used.
    """
    if unknown := given.keys() - table.keys():
        raise ConfigurationError(f"unknown: {', '.join(sorted(map(str, unknown)))}; known are {', '.join(table)}")
    return {name: table[name](name, value) for name, value in given.items() if is_given(value)}


def arguments_of(item: object) -> Mapping[str, object]:
    """Return the arguments of `create_review` that an item of a batch holds."""
    if isinstance(item, Mapping):
        return cast("Mapping[str, object]", item)
    from hitl_api.models.review_create import ReviewCreate
    from hitl_api.types import UNSET

    if not isinstance(item, ReviewCreate):
        raise ConfigurationError(f"must be a dict or a ReviewCreate; got {type(item).__name__}")
    # Not its to_dict(), which writes dates as text and lets through whatever has no JSON form.
    return {name: value for name in REVIEW if (value := getattr(item, name)) is not UNSET}


def check_review(given: Mapping[str, object], unlike: Secret | None = None) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a new review and its idempotency key, checked; the key must not contain `unlike`."""
    rest = dict(given)
    key = checked_key(rest.pop("idempotency_key", None), unlike)
    fields = checked(REVIEW, rest)  # before looking for what is missing, which may be there, misspelt
    missing = [name for name in ("template_id", "content") if name not in fields]
    if missing:
        raise ConfigurationError(f"create_review: {' and '.join(missing)} must be given")
    return fields, key


def checked_key(key: object, unlike: Secret | None) -> str | None:
    """Return an idempotency key, checked; None if there is none."""
    return idempotency_key(key, unlike=unlike) if is_given(key) else None
