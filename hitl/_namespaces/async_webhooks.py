"""`client.webhooks` of AsyncHITLClient: written by codegen/async_client.py from webhooks.py, do not edit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from hitl._namespaces import webhook_flows as flows
from hitl._namespaces.namespace import AsyncNamespace
from hitl.models import WebhookDelivery, WebhookSubscription

_Subscriptions: TypeAlias = list[WebhookSubscription]  # within the class, `list` is its method
_Deliveries: TypeAlias = list[WebhookDelivery]


class AsyncWebhooks(AsyncNamespace):
    """Addresses that the server sends events to, signed; `hitl.webhooks` verifies them where they arrive."""

    async def create(
        self,
        url: str,
        events: Iterable[str],
        *,
        secret: str | None = None,
        enabled: bool | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookSubscription:
        """Send these events to an address from now on, and return the subscription with its `secret`.

        Keep the secret: only this response shows it, and `hitl.webhooks.verify_signature` needs it.

        Args:
            url: Where events are sent; HTTPS outside of development.
            events: Such as ["review.completed", "request.completed"]; at least one.
            secret: The key of the signatures; by default the server makes one.
            enabled: Whether events are sent; they are by default.
            idempotency_key: See `create_review`. What is repeated does not show the secret again.
        """
        given = {"url": url, "events": events, "secret": secret, "enabled": enabled}
        return await self._run(flows.create(self._methods, given, idempotency_key))

    async def list(self) -> _Subscriptions:
        """Return all subscriptions, without their secrets."""
        return await self._run(flows.all_of(self._methods))

    async def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Iterable[str] | None = None,
        secret: str | None = None,
        enabled: bool | None = None,
    ) -> WebhookSubscription:
        """Change a subscription, and return it; what is not given stays. A new secret replaces the old one at once."""
        given = {"url": url, "events": events, "secret": secret, "enabled": enabled}
        return await self._run(flows.update(self._methods, webhook_id, given))

    async def delete(self, webhook_id: str) -> None:
        """Send no more to this address, or raise NotFoundError if no subscription has this id."""
        return await self._run(flows.delete(self._methods, webhook_id))

    async def test(self, webhook_id: str, *, event: str | None = None) -> WebhookDelivery:
        """Send a made-up event to a subscription, and return the delivery, which is still pending.

        Args:
            webhook_id: The subscription.
            event: Which event to make up; the server chooses by default.
        """
        return await self._run(flows.test(self._methods, webhook_id, event))

    async def deliveries(
        self,
        *,
        webhook_id: str | None = None,
        event: str | None = None,
        status: str | None = None,
        limit: int = 50,
    ) -> _Deliveries:
        """Return what was sent, or is still to be sent, with all attempts, the newest first; the sandbox alone has it.

        Args:
            webhook_id: Only deliveries of this subscription.
            event: Only deliveries of this event.
            status: Only those that are "pending", "delivered" or "failed".
            limit: The most to return, 1 to 100.
        """
        filters = {"webhook_id": webhook_id, "event": event, "status": status, "limit": limit}
        return await self._run(flows.deliveries(self._methods, filters))

    async def replay(self, delivery_id: str) -> WebhookDelivery:
        """Send a delivery once more, now and with all its retries; the sandbox alone has it.

        Raises:
            ConflictError: if its subscription was deleted.
        """
        return await self._run(flows.replay(self._methods, delivery_id))
