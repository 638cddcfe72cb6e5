"""`hitl webhooks listen`: events as they happen, on the terminal and at a handler under development."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.receiver import ReceivedDelivery, Receiver, forwarding
from hitl.cli.text import one_line, print_json_line
from hitl.exceptions import HITLError
from hitl.server.webhooks.payloads import EVENTS

if TYPE_CHECKING:
    from hitl import HITLClient

event_option = click.option(
    "--event",
    "events",
    multiple=True,
    default=EVENTS,
    metavar="EVENT",
    help="An event to receive; repeatable.  [default: all events of reviews and templates]",
)


@click.command()
@event_option
@click.option("--forward", metavar="URL", help="Your handler; receives each verified delivery unchanged.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 picks a free port.")
@click.option("--public-url", metavar="URL", help="Where the server reaches this port, such as a tunnel of yours.")
@json_option
@api_command
def listen(
    connection: Connection,
    events: Sequence[str],
    forward: str | None,
    port: int,
    public_url: str | None,
    as_json: bool,
) -> None:
    """Print events as they happen, until Ctrl-C.

    The subscription lasts as long as the command runs. The server gets the response of the --forward handler, so you
    can watch its retries, too.
    """
    from hitl.server.webhooks.payloads import new_secret

    secret = new_secret()
    printer = _Printer(as_json=as_json)
    with (
        forwarding(forward) as forward_delivery,
        Receiver(port, secret, forward_delivery, printer.print) as receiver,
        connection.client() as client,
        _subscribed(client, public_url or receiver.url, events, secret) as webhook_id,
    ):
        click.echo(f"Listening at {receiver.url} as {webhook_id}; press Ctrl-C to stop.", err=True)
        if forward:
            click.echo(f"To verify signatures in your handler: HITL_WEBHOOK_SECRET={secret}", err=True)
        _until_interrupted(receiver)
        printer.close()
        if receiver.failure is not None:
            raise receiver.failure


@contextmanager
def _subscribed(client: HITLClient, url: str, events: Sequence[str], secret: str) -> Generator[str, None, None]:
    webhook_id = client.webhooks.create(url, events, secret=secret).id
    try:
        yield webhook_id
    finally:
        try:
            client.webhooks.delete(webhook_id)
        except HITLError as error:
            click.echo(f"Could not delete the subscription {webhook_id}: {one_line(str(error))}", err=True)


def _until_interrupted(receiver: Receiver) -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


class _Printer:
    """Prints one line per delivery; deliveries come in several threads."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()
        self._closed = False

    def print(self, delivery: ReceivedDelivery) -> None:
        with self._lock:
            if not self._closed:
                print_json_line(_document(delivery)) if self._as_json else click.echo(_line(delivery))

    def close(self) -> None:
        """Stop printing. A thread that is printing while Python shuts down aborts the process."""
        with self._lock:
            self._closed = True


def _line(delivery: ReceivedDelivery) -> str:
    time = f"{datetime.now().astimezone():%H:%M:%S}"
    if delivery.event is None:
        return f"{time}  refused: {delivery.error}"
    response = "" if delivery.forwarded is None else f"  forwarded: {delivery.forwarded}"
    error = "" if delivery.error is None else f"  {one_line(delivery.error)}"
    return f"{time}  {one_line(delivery.event.event)}  {one_line(delivery.subject_id)}{response}{error}"


def _document(delivery: ReceivedDelivery) -> dict[str, Any]:
    event = delivery.event
    return {
        "event": event.event if event else None,
        "delivery_id": delivery.delivery_id,
        "forwarded": delivery.forwarded,
        "trouble": delivery.error,
        "payload": event.data if event else None,
    }
