"""Deliveries and their attempts, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hitl.server.primitives import Document, Page, from_wire, to_wire
from hitl.server.queue_worker import Job
from hitl.server.storage import Row, Store
from hitl.server.storage.queries import Order, page
from hitl.server.webhooks.sender import Message, Outcome

# A delivery waits for earlier ones of its lane about the same subject, and while its subscription is disabled.
_WAITING: Final = """
    FROM deliveries AS delivery LEFT JOIN subscriptions AS subscription ON subscription.id = delivery.webhook_id
    WHERE delivery.status = 'pending' AND (delivery.webhook_id IS NULL OR subscription.enabled)
    AND NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier WHERE earlier.status = 'pending' AND earlier.lane = delivery.lane
        AND earlier.subject_id = delivery.subject_id AND earlier.number < delivery.number
    )
"""
_NEXT: Final = f"""
    SELECT delivery.number, delivery.round, delivery.tries, delivery.lane,
           delivery.id, delivery.url, delivery.payload, subscription.secret
    {_WAITING} AND delivery.due_at <= ?
    AND delivery.number NOT IN (SELECT value FROM json_each(?))
    AND delivery.lane NOT IN (SELECT value FROM json_each(?))
    ORDER BY delivery.due_at, delivery.number LIMIT 1
"""  # noqa: S608 - fixed words
_NEXT_DUE: Final = f"SELECT min(delivery.due_at) {_WAITING} AND delivery.due_at > ?"
# By number, the order in which they were written: the first that is young enough ends the search.
_OLD: Final = """
    SELECT number FROM deliveries WHERE status != 'pending' AND created_at < :limit AND number < coalesce(
        (SELECT number FROM deliveries WHERE created_at >= :limit ORDER BY number LIMIT 1), 9223372036854775807
    ) ORDER BY number LIMIT :most
"""
_COLUMNS: Final = ("id", "webhook_id", "url", "event", "subject_id", "payload", "status", "created_at", "due_at")
_NUMBERED: Final = f"number, {', '.join(_COLUMNS)}"
_ATTEMPT: Final = ("at", "status_code", "error", "response", "duration")


@dataclass(frozen=True, slots=True)
class Outgoing(Job):
    """A due delivery; its target is its lane, which for a subscription is its id.

    `round` counts replays, `tries` the failed attempts of this round, and `at` is when this attempt begins.
    """

    round: int
    tries: int
    message: Message
    at: datetime


class DeliveryStore(Store):
    """The statements, over one database."""

    # The log

    def page(self, filters: Iterable[tuple[str, str | None]], limit: int, offset: int, after: str | None) -> Page:
        """Return one page of the deliveries whose columns have these values, the newest first."""
        conditions = [(f"{column} = ?", value) for column, value in filters]
        return page(
            self._database,
            "deliveries",
            conditions,
            order=Order(descending=True),
            limit=limit,
            offset=offset,
            after=after,
            columns=_NUMBERED,
            read=self._documents,
        )

    def get(self, delivery_id: str) -> Document | None:
        """Return one delivery with its attempts."""
        rows = self._database.rows(f"SELECT {_NUMBERED} FROM deliveries WHERE id = ?", (delivery_id,))  # noqa: S608 - fixed words
        return next(self._documents(rows), None)

    def replay(self, delivery_id: str, now: datetime) -> None:
        """Make a delivery due again, in a new round, at the present address of its subscription."""
        self._database.execute(
            "UPDATE deliveries SET status = 'pending', due_at = ?, round = round + 1, tries = 0, "
            "url = coalesce((SELECT url FROM subscriptions WHERE id = webhook_id), url) WHERE id = ?",
            (to_wire(now), delivery_id),
        )

    # The queue

    def next(self, now: datetime, *, under_way: Iterable[int], full: Iterable[str]) -> Outgoing | None:
        """Return the delivery that has been due longest, unless it is `under_way` or its lane is `full`."""
        row = self._database.row(_NEXT, (to_wire(now), json.dumps(list(under_way)), json.dumps(list(full))))
        if row is None:
            return None
        number, round_, tries, lane, delivery_id, url, payload, secret = row
        message = Message(delivery_id, url, payload.encode(), secret)
        return Outgoing(number, delivery_id, lane, round_, tries, message, now)

    def next_due(self, now: datetime) -> datetime | None:
        """Return when, after now, the next delivery will be due."""
        due_at: str | None = self._database.value(_NEXT_DUE, (to_wire(now),))
        return None if due_at is None else from_wire(due_at)

    def record(self, outgoing: Outgoing, outcome: Outcome, status: str, due_at: datetime | None) -> None:
        """Record an attempt, and the delivery's new status and next due time."""
        self._database.execute(
            "INSERT INTO attempts (delivery_number, at, status_code, error, excerpt, duration) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(outgoing.number, to_wire(outgoing.at)),
                *(outcome.status_code, outcome.error, outcome.excerpt, outcome.duration),
            ),
        )
        # A replay, or the end of the subscription, during the attempt began another round; that has decided already.
        self._database.execute(
            "UPDATE deliveries SET status = ?, due_at = ?, tries = tries + 1 WHERE number = ? AND round = ?",
            (status, None if due_at is None else to_wire(due_at), outgoing.number, outgoing.round),
        )

    # Holding back

    def hold(self) -> int:
        """Let nothing that is pending be due until `resume`, and return how much that is."""
        return len(self._database.rows("UPDATE deliveries SET due_at = NULL WHERE status = 'pending' RETURNING 1"))

    def resume(self, now: datetime) -> int:
        """Make due what is held back, and return how much that was."""
        sql = "UPDATE deliveries SET due_at = ? WHERE status = 'pending' AND due_at IS NULL RETURNING 1"
        return len(self._database.rows(sql, (to_wire(now),)))

    # Maintenance

    def bring_forward(self, now: datetime, pauses: Sequence[timedelta]) -> None:
        """Let no delivery be due later than its pause from now; `pauses` are by the number of failed tries."""
        for tries, pause in enumerate(pauses):
            latest = to_wire(now + pause)
            self._database.execute(
                "UPDATE deliveries SET due_at = ? WHERE status = 'pending' AND tries = ? AND due_at > ?",
                (latest, tries, latest),
            )

    def delete_finished(self, before: datetime, most: int) -> int:
        """Delete up to `most` of the finished deliveries created before a moment; return their number."""
        old = self._database.rows(_OLD, {"limit": to_wire(before), "most": most})
        numbers = json.dumps([number for (number,) in old])
        self._database.execute(
            "DELETE FROM attempts WHERE delivery_number IN (SELECT value FROM json_each(?))", (numbers,)
        )
        self._database.execute("DELETE FROM deliveries WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
        return len(old)

    def _documents(self, rows: Sequence[Row]) -> Iterator[Document]:
        attempts = self._attempts([row[0] for row in rows])
        for number, *values in rows:
            document = dict(zip(_COLUMNS, values, strict=True))
            yield {**document, "payload": json.loads(document["payload"]), "attempts": attempts[number]}

    def _attempts(self, numbers: Sequence[int]) -> dict[int, list[Document]]:
        attempts: dict[int, list[Document]] = {number: [] for number in numbers}
        rows = self._database.rows(
            "SELECT delivery_number, at, status_code, error, excerpt, duration FROM attempts "
            "WHERE delivery_number IN (SELECT value FROM json_each(?)) ORDER BY number",
            (json.dumps(numbers),),
        )
        for number, *values in rows:
            attempts[number].append(dict(zip(_ATTEMPT, values, strict=True)))
        return attempts
