"""What `client.webhooks` does, as flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hitl_api.api.webhooks import (
    create_webhook,
    delete_webhook,
    list_webhook_deliveries,
    list_webhooks,
    replay_webhook_delivery,
    test_webhook,
    update_webhook,
)
from hitl_api.models.webhook_create import WebhookCreate
from hitl_api.models.webhook_delivery_status import WebhookDeliveryStatus
from hitl_api.models.webhook_event_type import WebhookEventType
from hitl_api.models.webhook_update import WebhookUpdate
from hitl_api.types import UNSET

from hitl._api import arguments
from hitl._flows import Flow
from hitl._methods import Methods
from hitl._namespaces.namespace import fetched, nothing
from hitl._records import WebhookDelivery, WebhookSubscription, record

_FIELDS = {
    "url": arguments.web_address,
    "events": arguments.words,
    "secret": arguments.secret,
    "enabled": arguments.boolean,
}


def _status(name: str, value: object) -> WebhookDeliveryStatus:
    return WebhookDeliveryStatus(arguments.text(name, value))


_FILTERS: Mapping[str, Callable[[str, object], object]] = {
    "webhook_id": arguments.identifier,
    "event": arguments.text,
    "status": _status,
    "limit": partial(arguments.count, at_most=100),
}
_subscription = partial(record, WebhookSubscription)
_delivery = partial(record, WebhookDelivery)


def create(methods: Methods, given: dict[str, Any], idempotency_key: str | None) -> Flow[WebhookSubscription]:
    body = WebhookCreate.from_dict(arguments.required("webhooks.create", _FIELDS, given, "url", "events"))
    return fetched(methods, _subscription, create_webhook, body=body, idempotency_key=idempotency_key or UNSET)


def all_of(methods: Methods) -> Flow[list[WebhookSubscription]]:
    return fetched(methods, lambda data: list(map(_subscription, data)), list_webhooks)


def update(methods: Methods, webhook_id: str, given: dict[str, Any]) -> Flow[WebhookSubscription]:
    body = WebhookUpdate.from_dict(arguments.changes("webhooks.update", _FIELDS, given))
    return fetched(methods, _subscription, update_webhook, webhook_id, body=body)


def delete(methods: Methods, webhook_id: str) -> Flow[None]:
    return fetched(methods, nothing, delete_webhook, webhook_id)


def test(methods: Methods, webhook_id: str, event: str | None) -> Flow[WebhookDelivery]:
    kind = UNSET if event is None else WebhookEventType(arguments.text("event", event))
    return fetched(methods, _delivery, test_webhook, webhook_id, event=kind)


def deliveries(methods: Methods, filters: dict[str, Any]) -> Flow[list[WebhookDelivery]]:
    query = arguments.checked(_FILTERS, filters)
    return fetched(methods, lambda data: list(map(_delivery, data)), list_webhook_deliveries, **query)


def replay(methods: Methods, delivery_id: str) -> Flow[WebhookDelivery]:
    return fetched(methods, _delivery, replay_webhook_delivery, delivery_id)
