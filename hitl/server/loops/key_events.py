"""The events of an API key: its rate limit is nearly spent, or is spent.

The vendor names both and shows neither, nor says where the warning begins. The facts are those of its documented 429.
"""

from __future__ import annotations

from contextlib import suppress

from hitl.server.http.rate_limit import BudgetEvent, RateLimitWindow
from hitl.server.loops.accounts import account_of
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.timestamps import to_wire
from hitl.server.storage.errors import StorageError
from hitl.server.storage.outbox import Outbox


class KeyEvents:
    """Writes the events down, for the webhooks that subscribe to them."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    def tell(self, owner: str, event: BudgetEvent, budget: RateLimitWindow) -> None:
        """Write an event of one key down; the budget of those without a key has no events."""
        if not owner:
            return
        account, now = account_of(owner), self._clock()
        data = {"api_key_id": account.api_key_id, "user_id": account.user_id, **budget.usage()}
        payload = {"event": f"api_key.{event}", "timestamp": to_wire(now), "data": data}
        # Told as far as possible: whoever reads on a full disk is to be answered all the same.
        with suppress(StorageError), self._outbox.database.transaction():
            self._outbox.emit(f"api_key.{event}", account.api_key_id, payload, at=now)
