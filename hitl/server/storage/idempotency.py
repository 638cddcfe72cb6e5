"""Creating once, however often the request arrives (Idempotency-Key)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.store import Creation, Document, Store


@dataclass(frozen=True, slots=True)
class Created:
    """The outcome of a creation: the document, and whether an earlier request with the same key had made it."""

    document: Document
    replayed: bool = False


def create_once(
    store: Store, kind: str, body: Mapping[str, Any], key: str | None, owner: str, create: Callable[[], Document]
) -> Created:
    """Create, unless the owner's key says that it was done before; the key is kept in the open transaction.

    Args:
        store: Keeps the keys.
        kind: What is created, and where; the same key may not be used for two kinds.
        body: What it is created from.
        key: The name of this act of creation; without one it is always carried out.
        owner: Whose key it is; keys of different owners have nothing to do with each other.
        create: Creates, in the same transaction.
    """
    if key is None:
        return Created(create())
    fingerprint = _fingerprint(kind, body)
    earlier = store.creation(owner, key)
    if earlier is None:
        document = create()
        store.save_creation(Creation(owner, key, fingerprint, document))
        return Created(document)
    if earlier.fingerprint != fingerprint:
        raise ApiError(
            422,
            "idempotency_key_reused",
            "this Idempotency-Key was used before with another request; use a new key for a new request",
        )
    return Created(earlier.document, replayed=True)


def _fingerprint(kind: str, body: Mapping[str, Any]) -> str:
    canonical = json.dumps([kind, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
