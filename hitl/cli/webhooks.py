"""`hitl webhooks`: who is told about events, what was delivered, and a receiver for the time of development."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.listening import listen
from hitl.cli.subscribing import DEFAULT_EVENTS, event_option, subscribe
from hitl.cli.text import moment_text, print_json, print_line, print_table, shortened
from hitl.cli.triggering import trigger

if TYPE_CHECKING:
    from hitl_api.models.webhook_delivery import WebhookDelivery
    from hitl_api.models.webhook_subscription import WebhookSubscription


@click.group()
def webhooks() -> None:
    """Subscriptions to events, and their deliveries."""


webhooks.add_command(listen)
webhooks.add_command(trigger)


@webhooks.command("list")
@json_option
@api_command
def list_subscriptions(connection: Connection, as_json: bool) -> None:
    """List the subscriptions."""
    from hitl_api.api.webhooks import list_webhooks

    with connection.client() as client:
        found = client.call(list_webhooks).data
    if as_json:
        print_json([each.to_dict() for each in found])
    else:
        print_table(("ID", "URL", "EVENTS", "SENT"), [_subscription_row(each) for each in found])


def _subscription_row(subscription: WebhookSubscription) -> tuple[str, ...]:
    events = ", ".join(map(str, subscription.events))
    return subscription.id, subscription.url, shortened(events), "yes" if subscription.enabled else "no"


@webhooks.command()
@click.argument("url")
@event_option
@click.option("--secret", help="The key of the signatures.  [default: the server makes one]")
@json_option
@api_command
def create(connection: Connection, url: str, events: tuple[str, ...], secret: str | None, as_json: bool) -> None:
    """Subscribe an address, and print the id and the secret, which is not shown again."""
    with connection.client() as client:
        made = subscribe(client, url, events or DEFAULT_EVENTS, secret)
    if as_json:
        print_json(made.to_dict())
    else:
        print_line(f"{made.id} secret {made.secret or 'not told by the server'}")


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
@api_command
def delete(connection: Connection, webhook_id: str) -> None:
    """End a subscription; what is not delivered yet never will be."""
    from hitl_api.api.webhooks import delete_webhook

    with connection.client() as client:
        client.call(delete_webhook, webhook_id)
    print_line(f"{webhook_id} deleted")


@webhooks.command()
@click.option("--webhook", "webhook_id", metavar="ID", help="Only those to this subscription.")
@click.option("--event", help="Only those of this event.")
@click.option("--status", type=click.Choice(("pending", "delivered", "failed")), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="The greatest number.")
@json_option
@api_command
def deliveries(connection: Connection, as_json: bool, **given: Any) -> None:
    """List what a sandbox sent, or is about to send, the newest first."""
    from hitl_api.api.webhooks import list_webhook_deliveries
    from hitl_api.models.webhook_delivery_status import WebhookDeliveryStatus

    query = {name: value for name, value in given.items() if value is not None}
    if "status" in query:
        query["status"] = WebhookDeliveryStatus(query["status"])
    with connection.client() as client:
        found = client.call(list_webhook_deliveries, **query).data
    if as_json:
        print_json([each.to_dict() for each in found])
    else:
        print_table(_DELIVERY_TITLES, [_delivery_row(each) for each in found])


_DELIVERY_TITLES = ("ID", "EVENT", "ABOUT", "STATUS", "AT", "TRIES", "LAST ANSWER", "URL")


def _delivery_row(delivery: WebhookDelivery) -> tuple[str, ...]:
    last = delivery.attempts[-1] if delivery.attempts else None
    answer = "" if last is None else str(last.status_code or last.error or "none")
    return (
        delivery.id,
        delivery.event,
        delivery.subject_id,
        str(delivery.status),
        moment_text(delivery.created_at),
        str(len(delivery.attempts)),
        shortened(answer, 40),
        delivery.url,
    )


@webhooks.command()
@click.argument("delivery_id", metavar="ID")
@json_option
@api_command
def replay(connection: Connection, delivery_id: str, as_json: bool) -> None:
    """Have a sandbox send a delivery once more, now."""
    from hitl_api.api.webhooks import replay_webhook_delivery

    with connection.client() as client:
        delivery = client.call(replay_webhook_delivery, delivery_id).data
    if as_json:
        print_json(delivery.to_dict())
    else:
        print_line(f"{delivery.id} {delivery.status}, to {delivery.url}")
