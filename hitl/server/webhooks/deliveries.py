"""The log of deliveries with every attempt, replays, and test deliveries."""

from __future__ import annotations

from hitl.server.primitives import ApiError, Document, Now, Page, conflict, not_found
from hitl.server.storage import Database, Outbox
from hitl.server.webhooks.delivery_store import DeliveryStore
from hitl.server.webhooks.payloads import SAMPLED, sample_payload
from hitl.server.webhooks.subscription_store import SubscriptionStore


class Deliveries:
    """All deliveries of one sandbox, as `WebhookDelivery` in `openapi.yaml` describes them."""

    def __init__(self, database: Database, outbox: Outbox, clock: Now) -> None:
        self._database = database
        self._store = DeliveryStore(database)
        self._subscriptions = SubscriptionStore(database)
        self._outbox = outbox
        self._clock = clock

    def page(
        self,
        *,
        webhook_id: str | None = None,
        event: str | None = None,
        status: str | None = None,
        limit: int = 50,
        offset: int = 0,
        after: str | None = None,
    ) -> Page:
        """Return one page of the deliveries, the newest first; filters narrow the list together."""
        filters = (("webhook_id", webhook_id), ("event", event), ("status", status))
        with self._database.transaction():
            return self._store.page(filters, limit, offset, after)

    def get(self, delivery_id: str) -> Document:
        """Return one delivery."""
        with self._database.transaction():
            return self._delivery(delivery_id)

    def replay(self, delivery_id: str) -> Document:
        """Send a delivery again with all retries, to the present address of its subscription, and return it."""
        with self._database.transaction():
            webhook_id = self._delivery(delivery_id)["webhook_id"]
            if webhook_id is not None and self._subscriptions.get(webhook_id) is None:
                raise conflict(f"subscription {webhook_id} was deleted, so its deliveries cannot be sent again")
            self._store.replay(delivery_id, self._clock())
            self._outbox.notify()
            return self._delivery(delivery_id)

    def resume(self) -> int:
        """Send what a restore has held back, and return how many deliveries that is."""
        with self._database.transaction():
            resumed = self._store.resume(self._clock())
            self._outbox.notify()
            return resumed

    def test(self, webhook_id: str, event: str = "review.completed") -> Document:
        """Send a subscription a sample event, to which it need not subscribe, and return the delivery."""
        with self._database.transaction():
            subscription = self._subscriptions.get(webhook_id)
            if subscription is None:
                raise not_found("webhook", webhook_id)
            now = self._clock()
            payload = sample_payload(event, now)
            delivery_id = self._outbox.call_back(
                subscription["url"], event, SAMPLED, payload, at=now, webhook_id=webhook_id
            )
            return self._delivery(delivery_id)

    def _delivery(self, delivery_id: str) -> Document:
        found = self._store.get(delivery_id)
        if found is None:
            message = f"there is no delivery {delivery_id[:128]!r}; list the deliveries to see which ids exist"
            raise ApiError(404, "delivery_not_found", message)
        return found
