"""Idempotency keys for a batch that are the same whenever the batch is run again."""

from __future__ import annotations

import hashlib

from hitl._calls import Key, derived_key
from hitl._json import canonical


class BatchKeys:
    """The idempotency keys of one run of a batch.

    A key is derived from what is created and its occurrence number among equal items, not from its position in the
    input: a second run may be given more items, fewer, or the same in another order, and each still finds the review
    that the first one made.

    Args:
        batch_key: The name of the batch, chosen by its owner.
    """

    def __init__(self, batch_key: str) -> None:
        self._batch_key = batch_key
        self._seen: dict[int, int] = {}

    def next_key(self, operation: str, body: bytes) -> Key:
        """Return the key for the next item with this JSON body; see `hitl._calls.idempotency.KeyMaker`."""
        digest = hashlib.sha256(canonical(body))
        # The first 8 bytes, to save memory. Two different items that share them still get different keys.
        start = int.from_bytes(digest.digest()[:8])
        occurrence = self._seen.get(start, 0)
        self._seen[start] = occurrence + 1
        return Key(derived_key("batch", self._batch_key, operation, digest.hexdigest(), occurrence), is_lasting=True)
