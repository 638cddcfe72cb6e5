"""Subscriptions: which address receives which events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hitl.server.primitives import Checker, Document, Fault, Now, not_found, raise_faults, to_wire
from hitl.server.primitives.validation import array, boolean, every, one_of, optional, record, required, text
from hitl.server.sealing import SealedError, Sealer, is_sealed
from hitl.server.storage import Created, Database, IdempotencyStore, Outbox
from hitl.server.storage.queries import next_number
from hitl.server.webhooks.egress_policy import Targets, web_address
from hitl.server.webhooks.payloads import EVENTS, is_usable, new_secret
from hitl.server.webhooks.subscription_store import SubscriptionStore, secret_place

SUBSCRIBABLE: Final = (
    *EVENTS,
    *(f"request.{event}" for event in ("created", "claimed", "completed", "cancelled", "timeout")),
    *(f"loop.{event}" for event in ("created", "updated", "deleted", "member_joined", "member_left")),
    "turn.resolved",
    *("api_key.limit_exceeded", "api_key.quota_warning"),
)
"""The events that can be subscribed to."""


def _usable_secret(place: str, value: object) -> Iterator[Fault]:
    if is_sealed(str(value)):
        yield Fault(place, "looks like a secret that this server has sealed; give the secret itself")
    elif not is_usable(str(value)):
        yield Fault(
            place,
            "must have 6 bytes or more, no white space or quotation marks around it, and base64 after whsec_; leave it "
            "out to have one made up",
        )


_MEMBERS: Final = {
    "events": array(one_of(*SUBSCRIBABLE), fewest=1),
    "secret": every(text(shortest=1), _usable_secret),
    "enabled": boolean,
}
_OPTIONAL: Final = {name: optional(check) for name, check in _MEMBERS.items()}
_CREATE: Checker = record({"url": required(web_address), **_OPTIONAL, "events": required(_MEMBERS["events"])})
_UPDATE: Checker = record({"url": optional(web_address), **_OPTIONAL}, fewest=1)


class Subscriptions:
    """All subscriptions (`WebhookSubscription` in `openapi.yaml`); only the answer to the creation holds the secret."""

    def __init__(
        self, database: Database, outbox: Outbox, clock: Now, targets: Targets, sealer: Sealer | None = None
    ) -> None:
        """Keep subscriptions in a database, and their secrets sealed if there is a sealer with keys."""
        self._sealer = sealer or Sealer()
        self._database = database
        self._store = SubscriptionStore(database)
        self._idempotency = IdempotencyStore(database)
        self._outbox = outbox
        self._clock = clock
        self._targets = targets

    async def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = "") -> Created:
        """Subscribe an address; see `ReviewService.create_review` for the arguments, the body is a WebhookCreate."""
        raise_faults(_CREATE("", body))
        await self._targets.admit("url", body["url"])
        with self._database.transaction():
            made = self._idempotency.create_once("webhook", body, idempotency_key, owner, lambda: self._new(body))
            # Kept in one place, so that it is gone when the subscription is; a repeated creation reads it there, too.
            return Created({**made.document, "secret": self._secret(made.document["id"])}, made.replayed)

    def list(self) -> list[Document]:
        """Return all subscriptions, in the order of their creation."""
        return self._store.all()

    async def update(self, webhook_id: str, body: Mapping[str, Any]) -> Document:
        """Change a subscription; pending deliveries go to its new address, signed with its new secret."""
        raise_faults(_UPDATE("", body))
        if "url" in body:
            await self._targets.admit("url", body["url"])
        with self._database.transaction():
            self._subscription(webhook_id)
            changes = {**body, "updated_at": to_wire(self._clock())}
            if "secret" in body:
                changes["secret"] = self._sealer.seal(body["secret"], secret_place(webhook_id))
            self._store.update(webhook_id, changes | ({"events": _events(body)} if "events" in body else {}))
            self._outbox.notify()
            return self._subscription(webhook_id)

    def delete(self, webhook_id: str) -> Document:
        """Delete a subscription, give up its pending deliveries, and return the receipt; the log stays."""
        with self._database.transaction():
            self._subscription(webhook_id)
            self._store.delete(webhook_id)
            return {"id": webhook_id, "deleted": True}

    def _new(self, body: Mapping[str, Any]) -> Document:
        now, webhook_id = to_wire(self._clock()), f"wh_{next_number(self._database, 'webhook')}"
        secret: str = body.get("secret") or new_secret()
        subscription = {
            "id": webhook_id,
            "url": body["url"],
            "events": _events(body),
            "enabled": body.get("enabled", True),
            "created_at": now,
            "updated_at": now,
        }
        sealed = self._sealer.seal(secret, secret_place(webhook_id))
        self._store.add({**subscription, "secret": sealed})
        return {**subscription, "secret": None}

    def _secret(self, webhook_id: str) -> str | None:
        sealed = self._store.secret(webhook_id)
        try:
            return None if sealed is None else self._sealer.open(sealed, secret_place(webhook_id))
        except SealedError:  # the creation is repeated after the key was lost
            return None

    def _subscription(self, webhook_id: str) -> Document:
        found = self._store.get(webhook_id)
        if found is None:
            raise not_found("webhook", webhook_id)
        return found


def _events(body: Mapping[str, Any]) -> Sequence[str]:
    return list(dict.fromkeys(body["events"]))
