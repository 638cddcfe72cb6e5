"""The retry budget of a client, so that a failing server is not overloaded by retries."""

from __future__ import annotations

from collections import deque
from itertools import count

MOST_RETRIES = 20  # the size of the bucket, which is full at first
SUCCESSES_FOR_ONE = 10  # successful calls that earn one more retry


class RetryBudget:
    """A bucket of retries: each retry takes one, successful calls put them back, and an empty bucket means no retry.

    It needs no lock, which a fork or Ctrl-C could leave locked: operations on a deque and a counter are atomic.
    """

    def __init__(self) -> None:
        self._left: deque[None] = deque([None] * MOST_RETRIES, maxlen=MOST_RETRIES)
        self._successes = count(1)

    @property
    def left(self) -> int:
        """The number of retries that may be made now."""
        return len(self._left)

    def take(self) -> bool:  # guard: retry-budget
        """Take one; return False if the bucket is empty."""
        try:
            self._left.pop()
        except IndexError:
            return False
        return True

    def give_back(self, taken: int) -> None:
        """Record a call that succeeded after `taken` retries: they helped, so they cost nothing."""
        earned = next(self._successes) % SUCCESSES_FOR_ONE == 0
        self._left.extend([None] * (taken + earned))
