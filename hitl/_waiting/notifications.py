"""What a webhook says about a review: all of it, or as much as its payload has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast

from hitl._json import is_object
from hitl._review import ANSWERED_STATUSES, Review
from hitl.exceptions import ConfigurationError

WebhookUpdate: TypeAlias = Review | dict[str, Any]


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
        completed_at = datetime.fromisoformat(document["completed_at"])
    except (KeyError, TypeError, ValueError):
        return {}
    return {"status": status, "result": result, "reviewer": reviewer, "completed_at": completed_at}
