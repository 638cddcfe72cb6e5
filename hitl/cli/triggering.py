"""`hitl webhooks trigger`: a sample event, signed like a real one, sent to a handler under development."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import click
import httpx

from hitl._clock import monotonic
from hitl.cli.failures import USAGE, CommandError, done
from hitl.cli.http_clients import http_client
from hitl.cli.text import print_line, shortened
from hitl.cli.values import JSON_SOURCE, json_object
from hitl.server.webhooks.payloads import EVENTS, delivery_headers, is_usable, sample_payload


@click.command()
@click.argument("event", type=click.Choice(EVENTS), metavar="EVENT")
@click.argument("url")
@click.option(
    "--secret",
    envvar="HITL_WEBHOOK_SECRET",
    metavar="TEXT",
    help="The signing secret.  [default: $HITL_WEBHOOK_SECRET]",
)
@click.option(
    "--payload",
    type=json_object,
    metavar=JSON_SOURCE,
    help="The body to send.  [default: an event about a sample review]",
)
def trigger(event: str, url: str, secret: str | None, payload: dict[str, Any] | None) -> None:
    """Send a sample event to your handler.

    It is signed like a real one; no server is involved.

    EVENT is review.created, review.assigned, review.started, review.completed, review.cancelled or template.updated.
    """
    if not secret:
        raise CommandError("no signing secret: pass --secret or set HITL_WEBHOOK_SECRET, as in your handler", USAGE)
    if not is_usable(secret):
        raise CommandError("a handler refuses this secret: it is too short, or has spaces or quotes around it", USAGE)
    document = {"event": event, **payload} if payload else sample_payload(event, datetime.now(UTC))
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    status, response, seconds = _send(url, body, secret)
    shown = f": {shortened(response)}" if response.strip() else ""
    if not 200 <= status < 300:
        raise CommandError(f"{event} to {url}: HTTP {status}{shown}")
    with done(f"{event} to {url}: HTTP {status}"):
        print_line(f"{event} to {url}: HTTP {status} in {seconds * 1000:.0f} ms{shown}")


def _send(url: str, body: bytes, secret: str) -> tuple[int, str, float]:
    """Send the body once; return the status, the beginning of the response and the seconds it took."""
    # Random, because a handler may remember the delivery ids that it has seen.
    delivery_id = f"dlv_{secrets.token_hex(12)}"
    signed = delivery_headers(delivery_id, body, secret, int(time.time()))
    started = monotonic()
    with http_client(url) as client:
        try:
            response = client.post(url, content=body, headers={"Content-Type": "application/json", **signed})
        except httpx.HTTPError as error:
            raise CommandError(f"cannot connect to {url}: {error}") from error
    return response.status_code, response.text[:200], monotonic() - started
