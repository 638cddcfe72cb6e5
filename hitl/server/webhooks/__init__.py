"""Webhooks: subscriptions, the events that they carry, and signed deliveries with retries and a log.

`reviews` and `loops` build payloads and check addresses here, the inbox shows the log, the composition root runs the
`Deliverer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl.server.webhooks.deliverer import Deliverer
    from hitl.server.webhooks.deliveries import Deliveries
    from hitl.server.webhooks.egress_policy import Targets
    from hitl.server.webhooks.payloads import (
        EVENTS,
        TEMPLATE_UPDATED,
        review_events,
        review_payload,
        sample_payload,
        template_payload,
    )
    from hitl.server.webhooks.routes import webhook_routes
    from hitl.server.webhooks.sender import Sender
    from hitl.server.webhooks.signatures import delivery_headers, is_usable, new_secret
    from hitl.server.webhooks.subscriptions import Subscriptions

__all__ = [
    "EVENTS",
    "TEMPLATE_UPDATED",
    "Deliverer",
    "Deliveries",
    "Sender",
    "Subscriptions",
    "Targets",
    "delivery_headers",
    "is_usable",
    "new_secret",
    "review_events",
    "review_payload",
    "sample_payload",
    "template_payload",
    "webhook_routes",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "deliverer": ["Deliverer"],
        "deliveries": ["Deliveries"],
        "egress_policy": ["Targets"],
        "payloads": [
            *("EVENTS", "TEMPLATE_UPDATED"),
            *("review_events", "review_payload", "sample_payload", "template_payload"),
        ],
        "routes": ["webhook_routes"],
        "sender": ["Sender"],
        "signatures": ["delivery_headers", "is_usable", "new_secret"],
        "subscriptions": ["Subscriptions"],
    },
)
