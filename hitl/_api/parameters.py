"""What a review may be given: each argument with its check, in tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from hitl._api.validators import addresses, idempotency_key, identifier, is_given, json_object, moment, one_of, text
from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hitl_api.models.assignment_strategy import AssignmentStrategy
    from hitl_api.models.review_priority import ReviewPriority
    from hitl_api.models.review_status import ReviewStatus

_Check: TypeAlias = Callable[[str, Any], Any]


def _priority(name: str, value: Any) -> ReviewPriority:
    from hitl_api.models.review_priority import ReviewPriority

    return ReviewPriority(one_of(name, value, ReviewPriority))


def _strategy(name: str, value: Any) -> AssignmentStrategy:
    from hitl_api.models.assignment_strategy import AssignmentStrategy

    return AssignmentStrategy(one_of(name, value, AssignmentStrategy))


def _status(name: str, value: Any) -> ReviewStatus:
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


def checked(table: Mapping[str, _Check], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, checked; None counts as not given, and so does a missing value of a data frame.

    Raises:
        ConfigurationError: if a name is unknown, or a value cannot be used.
    """
    if unknown := given.keys() - table.keys():
        raise ConfigurationError(f"unknown: {', '.join(sorted(map(str, unknown)))}; known are {', '.join(table)}")
    return {name: table[name](name, value) for name, value in given.items() if is_given(value)}


def arguments_of(item: Any) -> Mapping[str, Any]:
    """Return the arguments of `create_review` that an item of a batch holds."""
    if isinstance(item, Mapping):
        return cast(Mapping[str, Any], item)
    from hitl_api.models.review_create import ReviewCreate
    from hitl_api.types import UNSET

    if not isinstance(item, ReviewCreate):
        raise ConfigurationError(f"must be a dict or a ReviewCreate; got {type(item).__name__}")
    # Not its to_dict(), which writes dates as text and lets through whatever has no JSON form.
    return {name: value for name in REVIEW if (value := getattr(item, name)) is not UNSET}


def check_review(given: Mapping[str, Any]) -> None:
    """Raise ConfigurationError if `create_review` would refuse these arguments before sending them."""
    fields = dict(given)
    key = fields.pop("idempotency_key", None)
    if is_given(key):
        idempotency_key(key)
    review_fields(fields)


def review_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new review, checked."""
    fields = checked(REVIEW, given)  # first: a name that is missing may be there, misspelt
    missing = [name for name in ("template_id", "content") if name not in fields]
    if missing:
        raise ConfigurationError(f"create_review: {' and '.join(missing)} must be given")
    return fields
