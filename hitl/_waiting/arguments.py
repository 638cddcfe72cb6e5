"""The arguments of the client's methods that wait and notify, checked before any I/O."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias, cast

from attrs import frozen

from hitl._api import identifier
from hitl._config import seconds
from hitl._json import is_object
from hitl._moments import moment
from hitl._review import ANSWERED_STATUSES
from hitl._waiting.progress import Bar
from hitl.exceptions import ConfigurationError
from hitl.models import Review

WebhookUpdate: TypeAlias = Review | dict[str, Any]


@frozen(weakref_slot=False)
class WaitOptions:
    """How somebody waits."""

    timeout: float | None  # seconds until WaitTimeoutError; None to wait until the reviews themselves end
    poll_interval: float  # seconds between the first two polls; grows to 10
    on_update: Callable[[Review], object] | None = None
    display: Bar | None = None  # updated at least once a second unless a request is in flight


def subject(review: object) -> tuple[str, Review | None]:
    """Return the id of what is waited for, and the review if it was given."""
    known = review if isinstance(review, Review) else None
    return identifier("review_id", known.id if known else review), known


@frozen(weakref_slot=False)
class Subjects:
    """What is waited for: each review once, however often it was given."""

    ids: tuple[str, ...]  # as given: in order, and an id as often as it was given
    known: dict[str, Review | None]  # by id


def subjects(reviews: Iterable[str | Review]) -> Subjects:
    """Return what is waited for, in the order given."""
    if isinstance(reviews, str | Review):
        raise ConfigurationError("reviews must be a list of ids or of Review objects; put a single one into a list")
    ids: list[str] = []
    known: dict[str, Review | None] = {}
    for review_id, review in map(subject, reviews):
        ids.append(review_id)
        known[review_id] = known.get(review_id) or review
    return Subjects(tuple(ids), known)


def wait_options(
    *,
    timeout: float | timedelta | None,
    poll_interval: float | timedelta,
    on_update: Callable[[Review], object] | None = None,
    progress: bool = False,
) -> WaitOptions:
    if on_update is not None and (not callable(on_update) or inspect.iscoroutinefunction(on_update)):
        raise ConfigurationError("on_update must be an ordinary function that takes a Review, not a coroutine function")
    display = Bar() if progress else None
    until = None if timeout is None else seconds("timeout", timeout)
    return WaitOptions(until, seconds("poll_interval", poll_interval), on_update, display)


def webhook_update(event: Any) -> tuple[str | None, WebhookUpdate]:
    """Return the id of the review that an event is about, None if there is none; and the review, or its changes.

    The changes are empty if the payload does not say enough, so that the review must be read.
    """
    if isinstance(event, Review):
        return event.id, event
    from hitl.webhooks import WebhookEvent  # slow to import, and few waits need it

    payload: object = event.data if isinstance(event, WebhookEvent) else event
    if not isinstance(payload, Mapping):
        raise ConfigurationError(
            f"notify takes a WebhookEvent, its payload as a dict, or a Review; got {type(event).__name__}"
        )
    document = cast("Mapping[str, Any]", payload).get("review")
    if not is_object(document) or not isinstance(review_id := document.get("id"), str):
        return None, {}
    try:
        return review_id, Review.from_json(document)
    except (KeyError, TypeError, ValueError):
        return review_id, _changes(document)


def _changes(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that a payload's summary of a review has; nothing if it has less than the vendor's."""
    status, result, reviewer = (document.get(name) for name in ("status", "result", "reviewer"))
    if not isinstance(status, str):
        return {}
    if status not in ANSWERED_STATUSES:
        return {"status": status}
    if not is_object(result) or not isinstance(reviewer, str | None):
        return {}
    try:
        completed_at = moment(document["completed_at"])
    except (KeyError, TypeError, ValueError):
        return {}
    return {"status": status, "result": result, "reviewer": reviewer, "completed_at": completed_at}
