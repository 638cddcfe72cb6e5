"""One call of each kind, and an exchange whose pauses are not drawn at random."""

from __future__ import annotations

from typing import Any

from hitl._api import operations
from hitl._calls import Backoff, Exchange, Key, random_key
from hitl._flows import ApiCall


def exchange(max_retries: int = 3) -> Exchange:
    return Exchange(Backoff(max_retries, 1.0, uniform=lambda low, high: high))


def get() -> ApiCall[Any]:
    return operations.get_review("rev_1")


def create(key: str | None = None) -> ApiCall[Any]:
    made = random_key() if key is None else Key(key, is_lasting=True)
    return operations.create_review({"template_id": "template_123", "content": {}}).with_key(made)
