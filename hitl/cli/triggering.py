"""`hitl webhooks trigger`: a made-up event, signed as a real one, sent to a handler under development."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import click
import httpx

from hitl.cli.failures import USAGE, CommandError
from hitl.cli.http_clients import http_client
from hitl.cli.text import shortened
from hitl.cli.values import JSON_SOURCE, json_object
from hitl.server.webhooks.payloads import EVENTS, sample_payload
from hitl.server.webhooks.signatures import delivery_headers, is_usable


@click.command()
@click.argument("event", type=click.Choice(EVENTS), metavar="EVENT")
@click.argument("url")
@click.option(
    "--secret",
    envvar="HITL_WEBHOOK_SECRET",
    metavar="TEXT",
    help="The key to sign with.  [default: $HITL_WEBHOOK_SECRET]",
)
@click.option(
    "--payload",
    type=json_object,
    metavar=JSON_SOURCE,
    help="The body to send.  [default: an event about a made-up review]",
)
def trigger(event: str, url: str, secret: str | None, payload: dict[str, Any] | None) -> None:
    """Send an event to your handler at URL, signed as a real one; no server takes part.

    EVENT is review.created, review.assigned, review.started, review.completed, review.cancelled or template.updated.
    """
    if secret is None or not is_usable(secret):
        raise CommandError("say what to sign with: --secret, or HITL_WEBHOOK_SECRET, as your handler has it", USAGE)
    document = {"event": event, **payload} if payload else sample_payload(event, datetime.now(UTC))
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    status, answer, seconds = _send(url, body, secret)
    told = f": {shortened(answer)}" if answer.strip() else ""
    if not 200 <= status < 300:
        raise CommandError(f"{event} to {url}: answered {status}{told}")
    click.echo(f"{event} to {url}: {status} in {seconds * 1000:.0f} ms{told}")


def _send(url: str, body: bytes, secret: str) -> tuple[int, str, float]:
    """Send it once, and return the status, the beginning of the answer and the seconds that it took."""
    # Random, as ids of deliveries are: a handler may remember those that it has seen.
    delivery_id = f"dlv_{secrets.token_hex(12)}"
    signed = delivery_headers(delivery_id, body, secret, int(time.time()))
    begun = time.monotonic()
    with http_client(url) as client:
        try:
            answer = client.post(url, content=body, headers={"Content-Type": "application/json", **signed})
        except httpx.HTTPError as error:
            raise CommandError(f"{url} cannot be reached: {error}") from error
    return answer.status_code, answer.text[:200], time.monotonic() - begun
