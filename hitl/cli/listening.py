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
from hitl.cli.forwarding import Forwarder
from hitl.cli.receiver import Arrival, Receiver
from hitl.cli.subscribing import DEFAULT_EVENTS, event_option, subscribe
from hitl.cli.text import one_line, print_json_line
from hitl.exceptions import HITLError

if TYPE_CHECKING:
    from hitl import HITLClient


@click.command()
@event_option
@click.option("--forward", metavar="URL", help="Your handler; it gets each genuine delivery as it came.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one.")
@click.option("--public-url", metavar="URL", help="Where the server reaches this port, through a tunnel of yours.")
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
    """Subscribe for as long as this runs, and print the events that come, until Ctrl-C.

    What `--forward` answers is what the server is answered, so that its retries can be watched, too.
    """
    from hitl.server.webhooks.signatures import new_secret

    secret = new_secret()
    printer = _Printer(as_json=as_json)
    with (
        Forwarder(forward) as forwarder,
        Receiver(port, secret, forwarder.forward, printer.print) as receiver,
        connection.client() as client,
        _subscribed(client, public_url or receiver.url, events or DEFAULT_EVENTS, secret) as webhook_id,
    ):
        click.echo(f"Listening at {receiver.url} as {webhook_id}; Ctrl-C ends it.", err=True)
        if forward:
            click.echo(f"Your handler can check the signatures with HITL_WEBHOOK_SECRET={secret}", err=True)
        _until_interrupted(receiver)
        printer.end()


@contextmanager
def _subscribed(client: HITLClient, url: str, events: Sequence[str], secret: str) -> Generator[str, None, None]:
    from hitl_api.api.webhooks import delete_webhook

    webhook_id = subscribe(client, url, events, secret).id
    try:
        yield webhook_id
    finally:
        try:
            client.call(delete_webhook, webhook_id)
        except HITLError as error:
            click.echo(f"The subscription {webhook_id} could not be deleted: {one_line(str(error))}", err=True)


def _until_interrupted(receiver: Receiver) -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


class _Printer:
    """Prints what arrived, one line for each; deliveries come in several threads."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()
        self._has_ended = False

    def print(self, arrival: Arrival) -> None:
        with self._lock:
            if not self._has_ended:
                print_json_line(_document(arrival)) if self._as_json else click.echo(_line(arrival))

    def end(self) -> None:
        """Print no more. A thread that is in the middle of it when Python ends takes the whole process down."""
        with self._lock:
            self._has_ended = True


def _line(arrival: Arrival) -> str:
    time = f"{datetime.now().astimezone():%H:%M:%S}"
    if arrival.event is None:
        return f"{time}  refused: {arrival.trouble}"
    answer = "" if arrival.forwarded is None else f"  forwarded: {arrival.forwarded}"
    trouble = "" if arrival.trouble is None else f"  {one_line(arrival.trouble)}"
    return f"{time}  {one_line(arrival.event.event)}  {one_line(arrival.subject_id)}{answer}{trouble}"


def _document(arrival: Arrival) -> dict[str, Any]:
    event = arrival.event
    return {
        "event": event.event if event else None,
        "delivery_id": arrival.delivery_id,
        "forwarded": arrival.forwarded,
        "trouble": arrival.trouble,
        "payload": event.data if event else None,
    }
