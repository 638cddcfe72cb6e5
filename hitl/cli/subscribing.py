"""Subscriptions of URLs to events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from hitl.server.webhooks.payloads import EVENTS as DEFAULT_EVENTS

if TYPE_CHECKING:
    from hitl_api.models.webhook_subscription import WebhookSubscription

    from hitl import HITLClient

__all__ = ["DEFAULT_EVENTS", "event_option", "subscribe"]

event_option = click.option(
    "--event",
    "events",
    multiple=True,
    metavar="EVENT",
    help="An event to receive; repeatable.  [default: all events of reviews and templates]",
)


def subscribe(client: HITLClient, url: str, events: Iterable[str], secret: str | None = None) -> WebhookSubscription:
    """Subscribe a URL; the subscription has its secret if the server returns it."""
    from hitl_api.api.webhooks import create_webhook
    from hitl_api.models.subscribable_event_type import SubscribableEventType
    from hitl_api.models.webhook_create import WebhookCreate
    from hitl_api.types import UNSET

    types = [SubscribableEventType(event) for event in events]
    body = WebhookCreate(url=url, events=types, secret=secret or UNSET)
    return client.call(create_webhook, body=body).data
