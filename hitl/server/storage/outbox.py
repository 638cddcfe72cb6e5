"""The outbox: what happened, written down in the very transaction in which it happened, with whom to tell.

An event that is not in the outbox did not happen, and one that is in it will be told, whenever the process dies: the
deliveries are rows beside the change itself, and `webhooks.deliverer` works them off.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hitl.server.primitives.timestamps import to_wire
from hitl.server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        number: Its place among all events; later ones have greater numbers.
        event: The word for it, such as "review.completed".
        subject_id: The review, template, request or loop that it happened to.
        payload: The body that webhooks carry.
        at: When it happened, in wire form.
    """

    number: int
    event: str
    subject_id: str
    payload: dict[str, Any]
    at: str


class Outbox:
    """The events of one database.

    Attributes:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._listeners: list[Callable[[], None]] = []

    def emit(
        self, event: str, subject_id: str, payload: Mapping[str, Any], *, at: datetime, callback_url: str | None = None
    ) -> None:
        """Write an event down, with one delivery for each enabled subscription to it, and one to the callback.

        To be called inside the transaction of the change that it tells of.
        """
        body, moment = _json(payload), to_wire(at)
        self.database.execute(
            "INSERT INTO events (event, subject_id, payload, at) VALUES (?, ?, ?, ?)",
            (event, subject_id, body, moment),
        )
        subscribed = self.database.rows(
            "SELECT id, url FROM subscriptions WHERE enabled AND ? IN (SELECT value FROM json_each(events)) "
            "ORDER BY number",
            (event,),
        )
        for webhook_id, url in subscribed:
            self._add(event, subject_id, body, moment, url, webhook_id)
        if callback_url is not None:
            self._add(event, subject_id, body, moment, callback_url)
        self.ring()

    def call_back(self, url: str, event: str, subject_id: str, payload: Mapping[str, Any], *, at: datetime) -> str:
        """Write down a delivery to one address without an event, and return its id; see `emit`.

        For a callback whose body differs from that of the event it belongs to.
        """
        delivery_id = self._add(event, subject_id, _json(payload), to_wire(at), url)
        self.ring()
        return delivery_id

    def tell_subscriber(
        self, webhook_id: str, url: str, event: str, subject_id: str, payload: Mapping[str, Any], *, at: datetime
    ) -> str:
        """Write down a delivery to one subscription without an event, and return its id; see `emit`."""
        delivery_id = self._add(event, subject_id, _json(payload), to_wire(at), url, webhook_id)
        self.ring()
        return delivery_id

    def events_after(self, number: int, limit: int) -> list[Event]:
        """Return the events with a greater number, the earliest first."""
        rows = self.database.rows(
            "SELECT number, event, subject_id, payload, at FROM events WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [Event(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]

    def last_number(self) -> int:
        """Return the number of the latest event; 0 if there is none."""
        row = self.database.row("SELECT coalesce(max(number), 0) FROM events")
        return row[0] if row else 0

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever something was written, and return what ends that.

        It is called inside the transaction, in the thread of the change, so it may only wake somebody. Whoever then
        looks into the database waits for its lock, and so sees the change or that it was given up.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ring(self) -> None:
        """Wake those who listen."""
        for listener in tuple(self._listeners):
            listener()

    def _add(self, event: str, subject_id: str, body: str, at: str, url: str, webhook_id: str | None = None) -> str:
        # Random, because receivers remember the ids: those of a sandbox that forgets everything must not come again.
        delivery_id = f"dlv_{secrets.token_hex(12)}"
        lane = webhook_id or f"callback {url}"
        self.database.execute(
            "INSERT INTO deliveries "
            "(id, lane, webhook_id, url, event, subject_id, payload, created_at, status, due_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)",
            (delivery_id, lane, webhook_id, url, event, subject_id, body, at, at),
        )
        return delivery_id


def _json(payload: Mapping[str, Any]) -> str:
    """Return the very text that is signed and sent, at each attempt the same."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
