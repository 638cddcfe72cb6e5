"""Which events a change causes, their payloads, and the headers by which a receiver knows a genuine delivery.

The vendor has six events. A rejection arrives as `review.completed` with the status `rejected`, and an expiry is no
event: the vendor lists none, and a receiver that knows the six would not understand a seventh.

Two signatures stand side by side: the vendor's `X-HITL-Signature-256` over the body alone, and Standard Webhooks
(https://www.standardwebhooks.com), which covers the id and the time as well, so that a recorded delivery cannot be
played back later.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hitl.server.primitives import Document, to_wire
from hitl.webhooks import signature_headers, verify_signature

REVIEW_EVENTS: Final = ("review.created", "review.assigned", "review.started", "review.completed", "review.cancelled")
TEMPLATE_UPDATED: Final = "template.updated"
EVENTS: Final = (*REVIEW_EVENTS, TEMPLATE_UPDATED)

DELIVERY_STATUSES: Final = ("pending", "delivered", "failed")

SAMPLED: Final = "test"
"""The id that sample events are about."""

_SAMPLE_STATUS: Final[dict[str, str]] = dict(
    zip(REVIEW_EVENTS, ("created", "assigned", "in_progress", "completed", "cancelled"), strict=True)
)

_BY_STATUS: Final = {
    "in_progress": "review.started",
    "completed": "review.completed",
    "rejected": "review.completed",
    "cancelled": "review.cancelled",
}
_REVIEW: Final = ("id", "template_id", "status", "result", "reviewer", "completed_at")
# Reviews of older versions have none, those of a sandbox no asker.
_KNOWN_LATER: Final = ("metadata", "verdict_field", "asked_by", "self_approved", "answered_via")


def review_events(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the events of a review's step from one state to the next; a new one has no `before`."""
    if before is None:
        yield "review.created"
    if after["assignees"] and (before is None or after["assignees"] != before["assignees"]):
        yield "review.assigned"
    if after["status"] in _BY_STATUS and (before is None or after["status"] != before["status"]):
        yield _BY_STATUS[after["status"]]


def review_payload(event: str, review: Mapping[str, Any]) -> Document:
    """Return the body of an event about a review, as `ReviewEvent` in `openapi.yaml`."""
    known = {name: review[name] for name in _KNOWN_LATER if review.get(name)}
    summary = {**{name: review[name] for name in _REVIEW}, **known}
    return {"event": event, "review": summary, "timestamp": review["updated_at"]}


def template_payload(template: Mapping[str, Any]) -> Document:
    """Return the body of the event about a changed template, as `TemplateUpdatedEvent` in `openapi.yaml`."""
    summary = {name: template[name] for name in ("id", "name", "version", "updated_at") if name in template}
    return {"event": TEMPLATE_UPDATED, "template": summary, "timestamp": template["updated_at"]}


def sample_payload(event: str, now: datetime) -> Document:
    """Return the body of an event of generation A about a review or template that does not exist."""
    time = to_wire(now)
    if event == TEMPLATE_UPDATED:
        return template_payload({"id": SAMPLED, "name": "A made-up template", "updated_at": time})
    review = dict.fromkeys(_REVIEW) | {"id": SAMPLED, "template_id": SAMPLED, "updated_at": time}
    review["status"] = _SAMPLE_STATUS[event]
    if event == "review.completed":
        review |= {"result": {"approved": True}, "reviewer": "reviewer@example.com", "completed_at": time}
    return review_payload(event, review)


_PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Return a fresh secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_usable(secret: str) -> bool:
    """Return whether a receiver would take a secret: it is long enough, and base64 follows if it says so."""
    try:
        verify_signature({}, b"", secret)
    except ValueError:
        return False
    return True


def delivery_headers(delivery_id: str, body: bytes, secret: str | None, timestamp: int) -> dict[str, str]:
    """Return the headers of an attempt at this Unix time, unsigned without a secret, as for callback URLs."""
    if secret is None:
        return {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    return signature_headers(body, secret, webhook_id=delivery_id, timestamp=timestamp)
