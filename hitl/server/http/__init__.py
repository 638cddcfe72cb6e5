"""HTTP without reviews: middleware, reading requests, writing responses, waiting, faults, and the server process.

Routes of other rooms use what is here; the composition root makes the rest from its modules.
"""

from __future__ import annotations

from hitl.server.http.long_poll import LAST_WORDS, LongPollSlots, hold
from hitl.server.http.requests import body_of, idempotency_key, wait_seconds
from hitl.server.http.responses import context_of, json_response, page, pagination, success
from hitl.server.http.routing import ApiEndpoint, calling, creating, creation_headers, resource
from hitl.server.http.workers import in_worker, in_worker_if_large

__all__ = [
    "LAST_WORDS",
    "ApiEndpoint",
    "LongPollSlots",
    "body_of",
    "calling",
    "context_of",
    "creating",
    "creation_headers",
    "hold",
    "idempotency_key",
    "in_worker",
    "in_worker_if_large",
    "json_response",
    "page",
    "pagination",
    "resource",
    "success",
    "wait_seconds",
]
