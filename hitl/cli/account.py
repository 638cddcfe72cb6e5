"""`hitl account`: whose API key it is, what it may do, and what is left of its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hitl.cli.connection import Connection, api_command, json_option
from hitl.cli.documents import document_of
from hitl.cli.text import print_facts, print_json, timestamp_text

if TYPE_CHECKING:
    from hitl.models import Quota


@click.command()
@json_option
@api_command
def account(connection: Connection, as_json: bool) -> None:
    """Show whose API key it is, and what is left of the hour and of the month."""
    with connection.client() as client:
        found = client.account()
    if as_json:
        print_json(document_of(found))
        return
    facts = [
        ("email", found.email),
        ("status", found.status),
        ("user", found.user_id),
        ("key", found.key_id),
        ("may", ", ".join(found.permissions)),
        ("hour", quota_text(found.hour, "requests")),
        ("month", quota_text(found.month, "responses")),
    ]
    print_facts(facts)


def quota_text(quota: Quota | None, what: str) -> str:
    """Return a sentence's end that says what is left of a quota, in requests or responses."""
    if quota is None or (quota.remaining is None and quota.limit is None):
        return "the server does not say"
    of = "" if quota.limit is None or quota.remaining is None else f" of {quota.limit}"
    left = f"up to {quota.limit} {what}" if quota.remaining is None else f"{quota.remaining}{of} {what} left"
    return left if quota.resets_at is None else f"{left}, until {timestamp_text(quota.resets_at)}"
