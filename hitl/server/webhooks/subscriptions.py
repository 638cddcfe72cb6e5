"""Who is told about which events: the subscriptions of a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hitl.server.primitives.clock import Now
from hitl.server.primitives.errors import Fault, not_found, raise_faults
from hitl.server.primitives.timestamps import to_wire
from hitl.server.primitives.validation import Checker, array, boolean, every, one_of, optional, record, required, text
from hitl.server.reviews.store import Document, Store
from hitl.server.storage.idempotency import Created, create_once
from hitl.server.storage.outbox import Outbox
from hitl.server.webhooks.egress_policy import Targets, web_address
from hitl.server.webhooks.payloads import EVENTS
from hitl.server.webhooks.signatures import is_usable, new_secret

SUBSCRIBABLE: Final = (
    *EVENTS,
    "request.created",
    "request.claimed",
    "request.completed",
    "request.cancelled",
    "request.timeout",
    "loop.created",
    "loop.updated",
    "loop.deleted",
    "loop.member_joined",
    "loop.member_left",
    "api_key.limit_exceeded",
    "api_key.quota_warning",
)
"""What can be subscribed to; the two about API keys never happen here, where keys have no quota that runs out."""


def _usable_secret(place: str, value: object) -> Iterator[Fault]:
    if not is_usable(str(value)):
        yield Fault(place, "must not be blank, and after whsec_ it must be base64; leave it out to have one made up")


_EVENTS = array(one_of(*SUBSCRIBABLE), fewest=1)
_SECRET = every(text(shortest=1), _usable_secret)
_CREATE: Checker = record(
    {
        "url": required(web_address),
        "events": required(_EVENTS),
        "secret": optional(_SECRET),
        "enabled": optional(boolean),
    }
)
_UPDATE: Checker = record(
    {
        "url": optional(web_address),
        "events": optional(_EVENTS),
        "secret": optional(_SECRET),
        "enabled": optional(boolean),
    },
    fewest=1,
)
_SELECT: Final = "SELECT id, url, events, enabled, created_at, updated_at FROM subscriptions "


class Subscriptions:
    """The subscriptions, as `WebhookSubscription` in `openapi.yaml` describes them.

    The secret is told in the answer to the creation only.
    """

    def __init__(self, outbox: Outbox, clock: Now, targets: Targets) -> None:
        self._database = outbox.database
        self._store = Store(outbox.database)
        self._outbox = outbox
        self._clock = clock
        self._targets = targets

    async def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = "") -> Created:
        """Subscribe an address; see `Desk.create_review` for the arguments, the body is a WebhookCreate."""
        raise_faults(_CREATE("", body))
        await self._targets.admit("url", body["url"])
        with self._database.transaction():
            return create_once(self._store, "webhook", body, idempotency_key, owner, lambda: self._new(body))

    def list(self) -> list[Document]:
        """Return all subscriptions, in the order of their creation."""
        return [_document(*row) for row in self._database.rows(f"{_SELECT} ORDER BY number")]

    async def update(self, webhook_id: str, body: Mapping[str, Any]) -> Document:
        """Change a subscription; what is still to be sent goes to its new address, signed with its new secret."""
        raise_faults(_UPDATE("", body))
        if "url" in body:
            await self._targets.admit("url", body["url"])
        with self._database.transaction():
            self._change(webhook_id, body)
            if "url" in body:
                self._database.execute(
                    "UPDATE deliveries SET url = ? WHERE webhook_id = ? AND status = 'pending'",
                    (body["url"], webhook_id),
                )
            self._outbox.ring()
            return self._subscription(webhook_id)

    def delete(self, webhook_id: str) -> Document:
        """Delete a subscription, give up what is still to be sent to it, and return the receipt; the log stays."""
        with self._database.transaction():
            self._subscription(webhook_id)
            self._database.execute("DELETE FROM subscriptions WHERE id = ?", (webhook_id,))
            self._database.execute(
                "UPDATE deliveries SET status = 'failed', due_at = NULL, round = round + 1 "
                "WHERE webhook_id = ? AND status = 'pending'",
                (webhook_id,),
            )
            return {"id": webhook_id, "deleted": True}

    def _new(self, body: Mapping[str, Any]) -> Document:
        webhook_id = f"wh_{self._store.next_number('webhook')}"
        secret = body.get("secret") or new_secret()
        now = to_wire(self._clock())
        self._database.execute(
            "INSERT INTO subscriptions (id, url, events, secret, enabled, created_at, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (webhook_id, body["url"], _events(body), secret, body.get("enabled", True), now, now),
        )
        return {**self._subscription(webhook_id), "secret": secret}

    def _change(self, webhook_id: str, body: Mapping[str, Any]) -> None:
        self._subscription(webhook_id)
        columns = dict(body) | ({"events": _events(body)} if "events" in body else {})
        columns["updated_at"] = to_wire(self._clock())
        assignments = ", ".join(f"{name} = ?" for name in columns)  # the names are those that the check let through
        self._database.execute(
            f"UPDATE subscriptions SET {assignments} WHERE id = ?",  # noqa: S608
            (*columns.values(), webhook_id),
        )

    def _subscription(self, webhook_id: str) -> Document:
        row = self._database.row(f"{_SELECT} WHERE id = ?", (webhook_id,))
        if row is None:
            raise not_found("webhook", webhook_id)
        return _document(*row)


def _events(body: Mapping[str, Any]) -> str:
    return json.dumps(list(dict.fromkeys(body["events"])))


def _document(webhook_id: str, url: str, events: str, enabled: int, created_at: str, updated_at: str) -> Document:
    return {
        "id": webhook_id,
        "url": url,
        "events": json.loads(events),
        "enabled": bool(enabled),
        "secret": None,
        "created_at": created_at,
        "updated_at": updated_at,
    }
