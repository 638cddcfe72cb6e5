"""The retries that a client may make beyond its calls, so that a server in trouble is not hammered by all at once."""

from __future__ import annotations

from collections import deque
from itertools import count

MOST_RETRIES = 20  # a client that has met no trouble yet may make as many
SUCCESSES_FOR_ONE = 10  # calls that succeed without trouble earn one more


class RetryBudget:
    """A bucket of retries: each takes one out, successes put them back, an empty one means no retry.

    There is no lock that a fork, or Ctrl-C at any moment, could leave locked: taking from a deque, adding to it, and
    drawing from a counter are each one step, in every thread.
    """

    def __init__(self) -> None:
        self._left: deque[None] = deque([None] * MOST_RETRIES, maxlen=MOST_RETRIES)
        self._successes = count(1)

    @property
    def left(self) -> int:
        """How many retries may be made now."""
        return len(self._left)

    def take(self) -> bool:  # guard: retry-budget
        """Take one out; False if there is none."""
        try:
            self._left.pop()
        except IndexError:
            return False
        return True

    def give_back(self, taken: int) -> None:
        """Note a call that succeeded after taking so many: they helped, so they cost nothing."""
        earned = next(self._successes) % SUCCESSES_FOR_ONE == 0
        self._left.extend([None] * (taken + earned))
