"""The transactional outbox: events and their deliveries, written in the transaction of the change itself.

An event that is not in the outbox did not happen, and one that is in it will be delivered, whenever the process dies:
`webhooks.deliverer` processes the rows.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from hitl.server.primitives import to_wire
from hitl.server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the review, template, request or loop `subject_id`, numbered in order."""

    number: int
    event: str
    subject_id: str
    payload: dict[str, Any]
    at: str


Compose: TypeAlias = Callable[[str, str, str, str], dict[str, Any]]
"""Returns the payload of an event by its name, subject, kept part and time."""


class Outbox:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._listeners: list[Callable[[], None]] = []
        self._compose: Compose | None = None

    def compose_with(self, compose: Compose) -> None:
        """Let `compose` make the payloads of the events of which only a part was kept."""
        self._compose = compose

    def emit(
        self, event: str, subject_id: str, payload: Mapping[str, Any], *, at: datetime, kept: str | None = None
    ) -> None:
        """Record an event in its change's transaction, and deliveries to its subscribers.

        The event is stored with its payload, or with the part `kept` from which it can be composed at any time.
        """
        time = to_wire(at)
        self.database.execute(
            "INSERT INTO events (event, subject_id, payload, at) VALUES (?, ?, ?, ?)",
            (event, subject_id, _json(payload) if kept is None else json.dumps(kept), time),
        )
        subscribed = self.database.rows(
            "SELECT id, url FROM subscriptions WHERE enabled AND ? IN (SELECT value FROM json_each(events)) "
            "ORDER BY number",
            (event,),
        )
        for webhook_id, url in subscribed:
            self._add(event, subject_id, _json(payload), time, url, webhook_id)
        self.notify()

    def call_back(
        self,
        url: str,
        event: str,
        subject_id: str,
        payload: Mapping[str, Any],
        *,
        at: datetime,
        webhook_id: str | None = None,
    ) -> str:
        """Record a delivery without an event, to a callback or one subscription, and return its id."""
        delivery_id = self._add(event, subject_id, _json(payload), to_wire(at), url, webhook_id)
        self.notify()
        return delivery_id

    def events_after(self, number: int, limit: int) -> list[Event]:
        """Return the events with a greater number, the earliest first."""
        rows = self.database.rows(
            "SELECT number, event, subject_id, payload, at FROM events WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [
            Event(number, event, subject_id, self._payload(event, subject_id, stored, at), at)
            for number, event, subject_id, stored, at in rows
        ]

    def count(self, events: Sequence[str], *, since: str) -> int:
        """Return how many of these events happened since a moment in wire form."""
        marks = ", ".join("?" * len(events))
        sql = f"SELECT count(*) FROM events WHERE event IN ({marks}) AND at >= ?"  # noqa: S608 - question marks only
        found: int = self.database.value(sql, (*events, since))
        return found

    def last_number(self) -> int:
        """Return the number of the latest event; 0 if there is none."""
        number: int = self.database.value("SELECT coalesce(max(number), 0) FROM events")
        return number

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each write, and return a function that ends that.

        It is called inside the transaction, in the thread of the change, so it may only wake another thread or task.
        A reader then waits for the database's lock, and so sees the change or its rollback.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def notify(self) -> None:
        """Call the listeners."""
        for listener in tuple(self._listeners):
            listener()

    def _payload(self, event: str, subject_id: str, stored: str, at: str) -> dict[str, Any]:
        payload: dict[str, Any] | str = json.loads(stored)
        if isinstance(payload, dict):
            return payload
        assert self._compose is not None  # noqa: S101 - who stores parts composes them
        return self._compose(event, subject_id, payload, at)

    def _add(self, event: str, subject_id: str, body: str, at: str, url: str, webhook_id: str | None = None) -> str:
        # Random, because receivers remember ids, and a sandbox in memory would start counting again.
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
    """Return the exact text that every attempt signs and sends."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
