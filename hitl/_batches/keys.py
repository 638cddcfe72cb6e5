"""Names for the creations of a batch that are the same whenever the batch is run again."""

from __future__ import annotations

import hashlib
from array import array

from hitl._calls import Key, derived_key
from hitl._json import canonical


class BatchKeys:
    """The idempotency keys of one run of a batch.

    A key says what is created and the how-manieth of its kind it is, not where it stood in the input: a second run may
    be given more items, fewer, or the same in another order, and each still finds the review that the first one made.

    Args:
        batch_key: The name of the batch, chosen by its owner.
    """

    def __init__(self, batch_key: str) -> None:
        self._batch_key = batch_key
        self._seen = Tally()

    def make(self, operation: str, body: bytes) -> Key:
        """Return the key for the next item with this JSON body; see `hitl._calls.idempotency.KeyMaker`."""
        digest = hashlib.sha256(canonical(body))
        # Two different items that begin alike get different keys all the same.
        occurrence = self._seen.add(int.from_bytes(digest.digest()[:8]))
        return Key(derived_key("batch", self._batch_key, operation, digest.hexdigest(), occurrence), is_lasting=True)


class Tally:
    """Counts how often each number of 64 bits was seen, in 12 to 24 bytes for each; a dict takes 100.

    A hash table with open addressing (Knuth, The Art of Computer Programming, vol. 3, 6.4): numbers that are a digest's
    need no other hash. Those that were seen more than once, mostly few, are counted in a dict.
    """

    def __init__(self) -> None:
        self._slots = array("Q", [0]) * 1024  # 0 is an empty slot
        self._count = 0
        self._more: dict[int, int] = {}

    def add(self, number: int) -> int:
        """Return how often the number was added before."""
        number = number or 1
        slot = self._slot(number)
        if self._slots[slot]:
            before = self._more.get(number, 1)
            self._more[number] = before + 1
            return before
        self._slots[slot] = number
        self._count += 1
        if 3 * self._count > 2 * len(self._slots):
            self._grow()
        return 0

    def _slot(self, number: int) -> int:
        """Return where the number is, or the empty slot where it would be."""
        slots, mask = self._slots, len(self._slots) - 1
        slot = number & mask
        while slots[slot] not in (0, number):
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        numbers, self._slots = self._slots, array("Q", [0]) * (2 * len(self._slots))
        for number in filter(None, numbers):
            self._slots[self._slot(number)] = number
