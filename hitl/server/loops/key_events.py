"""The events of an API key: its rate limit is nearly spent, or is spent.

The vendor names both and shows neither, nor says where the warning begins. The data are those of its documented 429.
"""

from __future__ import annotations

from contextlib import suppress

from hitl.server.http.rate_limit import RateLimitEvent, RateLimitWindow
from hitl.server.loops.accounts import account_of
from hitl.server.primitives import Clock, to_wire
from hitl.server.storage import Database, Outbox, StorageError


class KeyEvents:
    """Records the events, for the webhooks that subscribe to them."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    def record(self, owner: str, event: RateLimitEvent, window: RateLimitWindow) -> None:
        """Record an event of one key; the window of callers without a key has no events."""
        if not owner:
            return
        account, now = account_of(owner), self._clock()
        data = {"api_key_id": account.api_key_id, "user_id": account.user_id, **window.usage()}
        payload = {"event": f"api_key.{event}", "timestamp": to_wire(now), "data": data}
        # Best effort: a read must be answered even on a full disk.
        with suppress(StorageError), self._database.transaction():
            self._outbox.emit(f"api_key.{event}", account.api_key_id, payload, at=now)
