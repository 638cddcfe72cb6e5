"""The background worker that makes the deliveries, and maintains them: when the clock was set back, and when old."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from hitl.server.primitives import Clock
from hitl.server.queue_worker import AFTER_ERROR, QueueWorker
from hitl.server.sealing import SealedError, Sealer
from hitl.server.storage import Database, Outbox
from hitl.server.webhooks.delivery_store import DeliveryStore, Outgoing
from hitl.server.webhooks.sender import Outcome, Sender
from hitl.server.webhooks.subscription_store import secret_place

PAUSES: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""The vendor's documented pauses after each failed attempt, from the first on; the eighth attempt is the last."""

_TRANSIENT: Final = frozenset({408, 429})  # the only transient errors among the 4xx


def classify(status_code: int | None, *, refused: bool) -> Literal["delivered", "retry", "failed"]:
    """Return what follows from an attempt; without an answer `status_code` is None."""
    if refused:
        return "failed"
    if status_code is None:
        return "retry"
    if 200 <= status_code < 300:
        return "delivered"
    if 400 <= status_code < 500 and status_code not in _TRANSIENT:
        return "failed"
    # A redirect is not followed, since its target was not checked; it counts as an error.
    return "retry"


def consequence(
    tries: int, status_code: int | None, now: datetime, *, refused: bool
) -> tuple[Literal["delivered", "pending", "failed"], datetime | None]:
    """Return the status of a delivery after this many attempts, and when the next one is due."""
    meaning = classify(status_code, refused=refused)
    if meaning != "retry":
        return meaning, None
    return ("pending", now + PAUSES[tries - 1]) if tries <= len(PAUSES) else ("failed", None)


KEPT_DAYS: Final = 90
"""Days after which a finished delivery leaves the log, with its attempts."""

_INTERVAL: Final = timedelta(hours=1)
_BATCH: Final = 500  # rows, so that a long log blocks nothing


class Retention:
    """Maintains the deliveries of one database; the deliverer calls it whenever it reads what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = DeliveryStore(database)
        self._seen: datetime | None = None
        self._next: datetime | None = None

    def run(self, now: datetime) -> None:
        """Do what is necessary at this time.

        At the first call and whenever the clock was set back, no delivery may wait longer than its schedule says: the
        sandbox that wrote the rows may have had another time.
        """
        if self._seen is None or now < self._seen:
            with self._database.transaction():
                self._store.bring_forward(now, (timedelta(0), *PAUSES))
            self._next = now
        self._seen = now
        if self._next is None or now >= self._next:
            with self._database.transaction():
                deleted = self._store.delete_finished(now - timedelta(days=KEPT_DAYS), _BATCH)
            self._next = now + _INTERVAL if deleted < _BATCH else now


class Deliverer(QueueWorker[Outgoing, Outcome]):
    """Makes the deliveries, those about one subject in their order."""

    jobs = "deliveries"
    most_at_target = 4

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        sender: Sender,
        *,
        sealer: Sealer | None = None,
        pause: float = AFTER_ERROR,
    ) -> None:
        """Prepare to deliver; `sealer` opens the secrets, and a failed write is tried again after `pause` seconds."""
        super().__init__(database, clock, pause=pause)
        self._outbox = outbox
        self._sender = sender
        self._sealer = sealer or Sealer()
        self._store = DeliveryStore(database)
        self._retention = Retention(database)

    async def run(self) -> None:
        """Work until cancelled, and look for deliveries whenever there is a new one."""
        stop_listening = self._outbox.on_delivery(self.wake)
        try:
            await super().run()
        finally:
            stop_listening()

    def _maintain(self, now: datetime) -> None:
        self._retention.run(now)

    def _next(self) -> Outgoing | None:
        return self._store.next(self._clock(), under_way=self._under_way, full=self._full_targets())

    def _next_due(self, now: datetime) -> datetime | None:
        return self._store.next_due(now)

    async def _attempt(self, outgoing: Outgoing) -> Outcome:
        message = outgoing.message
        if message.secret is not None:
            try:
                secret = self._sealer.open(message.secret, secret_place(outgoing.target))
            except SealedError as error:  # tried again, since somebody may enter the secret anew
                return self._failure(f"the secret is {error}")
            message = replace(message, secret=secret)
        return await self._sender.send(message)

    def _failure(self, why: str) -> Outcome:
        return Outcome(error=why)

    def _record(self, outgoing: Outgoing, outcome: Outcome, now: datetime) -> None:
        status, due_at = consequence(outgoing.tries + 1, outcome.status_code, now, refused=outcome.refused)
        self._store.record(outgoing, outcome, status, due_at)
