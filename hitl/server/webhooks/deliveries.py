"""The log of deliveries: what was sent where, with every attempt, and sending it once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from hitl.server.primitives.clock import Now
from hitl.server.primitives.errors import ApiError, conflict, not_found
from hitl.server.primitives.timestamps import to_wire
from hitl.server.reviews.store import Document, Page
from hitl.server.storage.outbox import Outbox
from hitl.server.webhooks.payloads import SAMPLED, sample_payload

_COLUMNS: Final = ("id", "webhook_id", "url", "event", "subject_id", "payload", "status", "created_at", "due_at")
_SELECT: Final = f"SELECT number, {', '.join(_COLUMNS)} FROM deliveries "  # noqa: S608 - fixed words
_ATTEMPT: Final = ("at", "status_code", "error", "response", "duration")


class Deliveries:
    """All deliveries of one sandbox, as `WebhookDelivery` in `openapi.yaml` describes them."""

    def __init__(self, outbox: Outbox, clock: Now) -> None:
        self._outbox = outbox
        self._database = outbox.database
        self._clock = clock

    def page(
        self,
        *,
        webhook_id: str | None = None,
        event: str | None = None,
        status: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Page:
        """Return one page of the deliveries, the newest first; filters narrow the list together.

        Args:
            webhook_id: Only those to this subscription.
            event: Only those of this event.
            status: Only those that are "pending", "delivered" or "failed".
            limit: The greatest number of deliveries.
            offset: How many to skip.
        """
        given = {"webhook_id": webhook_id, "event": event, "status": status}
        filters = {name: value for name, value in given.items() if value is not None}
        where = "WHERE " + " AND ".join(f"{name} = ?" for name in filters) if filters else ""
        values = tuple(filters.values())
        with self._database.transaction():
            rows = self._database.rows(
                f"{_SELECT} {where} ORDER BY number DESC LIMIT ? OFFSET ?", (*values, limit, offset)
            )
            count = self._database.row(f"SELECT count(*) FROM deliveries {where}", values)  # noqa: S608 - fixed words
            return Page(list(self._documents(rows)), count[0] if count else 0)

    def get(self, delivery_id: str) -> Document:
        """Return one delivery."""
        with self._database.transaction():
            return self._delivery(delivery_id)

    def replay(self, delivery_id: str) -> Document:
        """Send a delivery once more, now and with all its retries, whatever became of it, and return it.

        It goes to the present address of its subscription. Refused if that was deleted.
        """
        with self._database.transaction():
            webhook_id = self._delivery(delivery_id)["webhook_id"]
            if webhook_id is not None and self._url(webhook_id) is None:
                raise conflict(f"subscription {webhook_id} was deleted, so its deliveries cannot be sent again")
            self._database.execute(
                "UPDATE deliveries SET status = 'pending', due_at = ?, round = round + 1, tries = 0, "
                "url = coalesce((SELECT url FROM subscriptions WHERE id = webhook_id), url) WHERE id = ?",
                (to_wire(self._clock()), delivery_id),
            )
            self._outbox.ring()
            return self._delivery(delivery_id)

    def test(self, webhook_id: str, event: str = "review.completed") -> Document:
        """Send a subscription an event about something that does not exist, and return the delivery.

        Args:
            webhook_id: The subscription; it need not subscribe to the event.
            event: One of the six events of generation A.
        """
        with self._database.transaction():
            url = self._url(webhook_id)
            if url is None:
                raise not_found("webhook", webhook_id)
            now = self._clock()
            payload = sample_payload(event, now)
            return self._delivery(self._outbox.tell_subscriber(webhook_id, url, event, SAMPLED, payload, at=now))

    def _url(self, webhook_id: str) -> str | None:
        row = self._database.row("SELECT url FROM subscriptions WHERE id = ?", (webhook_id,))
        return None if row is None else row[0]

    def _delivery(self, delivery_id: str) -> Document:
        rows = self._database.rows(f"{_SELECT} WHERE id = ?", (delivery_id,))
        if not rows:
            message = f"there is no delivery {delivery_id[:128]!r}; list the deliveries to see which ids exist"
            raise ApiError(404, "delivery_not_found", message)
        return next(self._documents(rows))

    def _documents(self, rows: list[tuple[Any, ...]]) -> Iterator[Document]:
        attempts = self._attempts([row[0] for row in rows])
        for number, *values in rows:
            document = dict(zip(_COLUMNS, values, strict=True))
            yield {**document, "payload": json.loads(document["payload"]), "attempts": attempts[number]}

    def _attempts(self, numbers: list[int]) -> dict[int, list[Document]]:
        attempts: dict[int, list[Document]] = {number: [] for number in numbers}
        rows = self._database.rows(
            "SELECT delivery_number, at, status_code, error, excerpt, duration FROM attempts "
            "WHERE delivery_number IN (SELECT value FROM json_each(?)) ORDER BY number",
            (json.dumps(numbers),),
        )
        for number, *values in rows:
            attempts[number].append(dict(zip(_ATTEMPT, values, strict=True)))
        return attempts
