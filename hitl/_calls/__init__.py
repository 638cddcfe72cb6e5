"""One call, answered: exchange, retry policy, retry budget, backoff, idempotency keys, and errors from statuses.

For `hitl._api`, waits, batches and `hitl.retry`.
"""

from __future__ import annotations

from hitl._calls.backoff import LONGEST_PAUSE, LONGEST_RETRY_AFTER, Backoff, retry_after
from hitl._calls.error_mapping import unexpected_response
from hitl._calls.exchange import Exchange, Server, farthest
from hitl._calls.idempotency import (
    SENT_KEYS,
    IdempotencyScope,
    Key,
    KeyMaker,
    RetriedCall,
    calling,
    derived_key,
    is_retrying,
    key_for,
    random_key,
)
from hitl._calls.retry_policy import NOT_DONE, parsed, repeats_key

__all__ = [
    "LONGEST_PAUSE",
    "LONGEST_RETRY_AFTER",
    "NOT_DONE",
    "SENT_KEYS",
    "Backoff",
    "Exchange",
    "IdempotencyScope",
    "Key",
    "KeyMaker",
    "RetriedCall",
    "Server",
    "calling",
    "derived_key",
    "farthest",
    "is_retrying",
    "key_for",
    "parsed",
    "random_key",
    "repeats_key",
    "retry_after",
    "unexpected_response",
]
