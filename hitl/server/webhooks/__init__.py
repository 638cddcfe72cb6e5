"""Webhooks: subscriptions, the events that they carry, and signed deliveries with retries and a log.

`reviews` and the command build payloads by what is here; the composition root makes the rest from its modules, which
load an HTTP client.
"""

from __future__ import annotations

from hitl.server.webhooks.payloads import (
    EVENTS,
    TEMPLATE_UPDATED,
    review_events,
    review_payload,
    sample_payload,
    template_payload,
)

__all__ = ["EVENTS", "TEMPLATE_UPDATED", "review_events", "review_payload", "sample_payload", "template_payload"]
