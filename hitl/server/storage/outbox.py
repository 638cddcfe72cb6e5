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
from typing import Any, Final, TypeAlias

from hitl.server.primitives import from_microseconds, from_wire, microseconds, review_id, review_number, to_wire
from hitl.server.storage.database import Database

# Words that the file holds as their number in these lists, to which words are added at the end only.
_EVENTS: Final = (
    *("review.created", "review.assigned", "review.started", "review.completed", "review.cancelled"),
    "template.updated",
)
_STATUSES: Final = ("created", "assigned", "in_progress", "completed", "rejected", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the review, template, request or loop `subject_id`, numbered in order."""

    number: int
    event: str
    subject_id: str
    payload: dict[str, Any]
    at: str


Compose: TypeAlias = Callable[[str, str, str, str], dict[str, Any]]
"""Returns the payload of an event by its name, subject, status and time."""


class Outbox:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._event_listeners: list[Callable[[], None]] = []
        self._delivery_listeners: list[Callable[[], None]] = []
        self._compose: Compose | None = None

    def compose_with(self, compose: Compose) -> None:
        """Let `compose` make the payloads of the events of which only the status was kept."""
        self._compose = compose

    def emit(self, event: str, subject_id: str, payload: Mapping[str, Any], *, at: datetime) -> None:
        """Record an event in its change's transaction, and deliveries to its subscribers."""
        self._emit([event], subject_id, _json(payload), lambda _: payload, at)

    def emit_status(
        self,
        events: Sequence[str],
        subject_id: str,
        status: str,
        payload_of: Callable[[str], Mapping[str, Any]],
        *,
        at: datetime,
    ) -> None:
        """Do so for all events of a review's step, of which the status is kept: `compose_with` makes the payload."""
        if events:
            self._emit(events, subject_id, _STATUSES.index(status), payload_of, at)

    def _emit(
        self,
        events: Sequence[str],
        subject_id: str,
        stored: str | int,
        payload_of: Callable[[str], Mapping[str, Any]],
        at: datetime,
    ) -> None:
        subject, time = _stored_subject(subject_id), microseconds(at)
        rows = [(_stored_event(event), subject, stored, time) for event in events]
        self.database.execute(
            f"INSERT INTO events (event, subject_id, payload, at) VALUES {', '.join(['(?, ?, ?, ?)'] * len(rows))}",  # noqa: S608 - question marks only
            [value for row in rows for value in row],
        )
        subscribed = self.database.rows("SELECT id, url, events FROM subscriptions WHERE enabled ORDER BY number")
        for event in events if subscribed else ():
            body = _json(payload_of(event))
            for webhook_id, url, names in subscribed:
                if event in json.loads(names):
                    self._add(event, subject_id, body, to_wire(at), url, webhook_id)
        _call(self._event_listeners)

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
        return self._add(event, subject_id, _json(payload), to_wire(at), url, webhook_id)

    def events_after(self, number: int, limit: int) -> list[Event]:
        """Return the events with a greater number, the earliest first."""
        rows = self.database.rows(
            "SELECT number, event, subject_id, payload, at FROM events WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [self._event(*row) for row in rows]

    def count(self, events: Sequence[str], *, since: str) -> int:
        """Return how many of these events happened since a moment in wire form."""
        marks = ", ".join("?" * len(events))
        sql = f"SELECT count(*) FROM events WHERE event IN ({marks}) AND at >= ?"  # noqa: S608 - question marks only
        names = map(_stored_event, events)
        found: int = self.database.value(sql, (*names, microseconds(from_wire(since))))
        return found

    def last_number(self) -> int:
        """Return the number of the latest event; 0 if there is none."""
        number: int = self.database.value("SELECT coalesce(max(number), 0) FROM events")
        return number

    def on_event(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each event, and return a function that ends that.

        It is called inside the transaction, in the thread of the change, so it may only wake another thread or task.
        A reader then waits for the database's lock, and so sees the change or its rollback.
        """
        return _listening(self._event_listeners, listener)

    def on_delivery(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` in the same way after what may have made a delivery due."""
        return _listening(self._delivery_listeners, listener)

    def notify(self) -> None:
        """Tell that a delivery may be due."""
        _call(self._delivery_listeners)

    def _event(self, number: int, event: int | str, subject: int | str, payload: int | str, at: int) -> Event:
        name = _EVENTS[event] if isinstance(event, int) else event
        subject_id = review_id(subject) if isinstance(subject, int) else subject
        time = to_wire(from_microseconds(at))
        if isinstance(payload, str):
            return Event(number, name, subject_id, json.loads(payload), time)
        assert self._compose is not None  # noqa: S101 - who has only the status kept composes the rest
        return Event(number, name, subject_id, self._compose(name, subject_id, _STATUSES[payload], time), time)

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
        self.notify()
        return delivery_id


def _listening(listeners: list[Callable[[], None]], listener: Callable[[], None]) -> Callable[[], None]:
    listeners.append(listener)
    return lambda: listeners.remove(listener)


def _call(listeners: Sequence[Callable[[], None]]) -> None:
    for listener in tuple(listeners):
        listener()


def _stored_event(event: str) -> int | str:
    return _EVENTS.index(event) if event in _EVENTS else event


def _stored_subject(subject_id: str) -> int | str:
    number = review_number(subject_id)
    return subject_id if number is None else number


def _json(payload: Mapping[str, Any]) -> str:
    """Return the exact text that every attempt signs and sends."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
