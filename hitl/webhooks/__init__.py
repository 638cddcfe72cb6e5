"""Verify webhooks, reject forged and repeated ones, and pass events to your handlers.

    from hitl.webhooks import Router

    router = Router(secret)

    @router.on("review.completed")
    def publish(event):
        print(event.review_id, event.result)

`hitl.integrations` mounts a router in Flask, Starlette, FastAPI and Django. `verify_signature` and `construct_event`
are for everything else. `ActionReceiver` takes the calls of workflows, which nobody signs. Verifying loads little more
than hmac; the rest is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names
from hitl.webhooks._signatures import sign, signature_headers, verify_signature

if TYPE_CHECKING:
    from hitl.webhooks._actions import ActionReceiver
    from hitl.webhooks._correlations import CorrelationStore, MemoryCorrelations, SQLiteCorrelations
    from hitl.webhooks._events import LARGEST_BODY, WebhookEvent, construct_event
    from hitl.webhooks._replay import MemoryReplayGuard, ReplayGuard, SQLiteReplayGuard
    from hitl.webhooks._router import Router

__all__ = [
    "LARGEST_BODY",
    "ActionReceiver",
    "CorrelationStore",
    "MemoryCorrelations",
    "MemoryReplayGuard",
    "ReplayGuard",
    "Router",
    "SQLiteCorrelations",
    "SQLiteReplayGuard",
    "WebhookEvent",
    "construct_event",
    "sign",
    "signature_headers",
    "verify_signature",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "_actions": ("ActionReceiver",),
        "_correlations": ("CorrelationStore", "MemoryCorrelations", "SQLiteCorrelations"),
        "_events": ("LARGEST_BODY", "WebhookEvent", "construct_event"),
        "_replay": ("MemoryReplayGuard", "ReplayGuard", "SQLiteReplayGuard"),
        "_router": ("Router",),
    },
)
