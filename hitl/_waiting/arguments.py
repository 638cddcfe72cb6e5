"""The arguments of the client's methods that wait and notify, checked before any I/O."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Generic, TypeAlias, TypeVar, cast

from attrs import frozen

from hitl._api import identifier
from hitl._config import seconds
from hitl._json import as_object, is_object
from hitl._moments import moment
from hitl._request import Request
from hitl._review import ANSWERED_STATUSES, Review
from hitl._waiting.kinds import REQUESTS, REVIEWS, Kind, Subject
from hitl._waiting.progress import Bar
from hitl.exceptions import ConfigurationError

S = TypeVar("S", bound=Subject)
WebhookUpdate: TypeAlias = Review | Request | dict[str, Any]


@frozen(weakref_slot=False)
class WaitOptions:
    """How somebody waits."""

    timeout: float | None  # seconds until WaitTimeoutError; None to wait until the reviews themselves end
    poll_interval: float  # seconds between the first two polls; grows to 10
    on_update: Callable[[Any], object] | None = None
    display: Bar | None = None  # updated at least once a second unless a request is in flight


def subject(given: object, kind: Kind[S]) -> tuple[str, S | None]:
    """Return the id of what is waited for, and the review if it was given."""
    known = given if isinstance(given, kind.model) else None
    return kind.written(identifier(f"{kind.noun}_id", known.id if known else given)), known


@frozen(weakref_slot=False)
class Subjects(Generic[S]):
    """What is waited for: each review once, however often it was given."""

    ids: tuple[str, ...]  # in the order given, and an id as often as it was given
    known: dict[str, S | None]  # by id


def subjects(reviews: Iterable[str | S], kind: Kind[S]) -> Subjects[S]:
    """Return what is waited for, in the order given."""
    if isinstance(reviews, str | kind.model):
        what = f"a list of ids or of {kind.model.__name__} objects"
        raise ConfigurationError(f"{kind.noun}s must be {what}; put a single one into a list")
    ids: list[str] = []
    known: dict[str, S | None] = {}
    for review_id, review in (subject(each, kind) for each in reviews):
        ids.append(review_id)
        known[review_id] = known.get(review_id) or review
    return Subjects(tuple(ids), known)


def wait_options(
    *,
    timeout: float | timedelta | None,
    poll_interval: float | timedelta,
    on_update: Callable[[Any], object] | None = None,
    progress: bool = False,
    noun: str = "review",
) -> WaitOptions:
    if on_update is not None and (not callable(on_update) or inspect.iscoroutinefunction(on_update)):
        raise ConfigurationError(
            "on_update must be an ordinary function that takes what has changed, not a coroutine function"
        )
    display = Bar(noun) if progress else None
    until = None if timeout is None else seconds("timeout", timeout)
    return WaitOptions(until, seconds("poll_interval", poll_interval), on_update, display)


@frozen(weakref_slot=False)
class Notice:
    """What an event says: about which review, and what changed; nothing if it must be read to know."""

    kind: Kind[Any]
    review_id: str
    update: WebhookUpdate


def notice_of(event: Any) -> Notice | None:
    """Return what an event is about; None if it is about nothing that can be waited for."""
    if isinstance(event, Review | Request):
        kind: Kind[Any] = REVIEWS if isinstance(event, Review) else REQUESTS
        return Notice(kind, kind.written(event.id), event)
    from hitl.webhooks import WebhookEvent  # slow to import, and few waits need it

    payload: object = event.data if isinstance(event, WebhookEvent) else event
    if not isinstance(payload, Mapping):
        raise ConfigurationError(
            f"notify takes a WebhookEvent, its payload as a dict, a Review or a Request; got {type(event).__name__}"
        )
    return _about_review(cast("Mapping[str, Any]", payload)) or _about_request(cast("Mapping[str, Any]", payload))


def _about_review(payload: Mapping[str, Any]) -> Notice | None:
    document = payload.get("review")
    if not is_object(document) or not isinstance(review_id := document.get("id"), str):
        return None
    try:
        return Notice(REVIEWS, review_id, Review.from_json(document))
    except (KeyError, TypeError, ValueError):
        return Notice(REVIEWS, review_id, _changes(document))


def _about_request(payload: Mapping[str, Any]) -> Notice | None:
    """Return which request to read: the calls to a `callback_url` are not signed, so nothing in them is believed."""
    named = payload.get("request_id") or as_object(as_object(payload.get("data")).get("request")).get("id")
    return Notice(REQUESTS, REQUESTS.written(named), {}) if isinstance(named, str) else None


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
