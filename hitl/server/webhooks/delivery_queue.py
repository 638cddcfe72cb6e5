"""What is still to be delivered, in SQL: which delivery is next, and what an attempt makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hitl.server.primitives.timestamps import from_wire, to_wire
from hitl.server.storage.database import Database
from hitl.server.webhooks.schedule import next_attempt, verdict
from hitl.server.webhooks.sender import Message, Outcome

# First in line is what no earlier delivery of the same lane about the same subject is pending before. What goes to a
# subscription that is switched off at present waits until it is switched on again.
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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery that is due.

    Attributes:
        number: Its place among all deliveries.
        round: How often it was begun anew; a replay during an attempt begins another round.
        tries: How many attempts of this round have failed.
        lane: Whom it goes to.
        message: What is sent.
    """

    number: int
    round: int
    tries: int
    lane: str
    message: Message


class Worklist:
    """The pending deliveries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next(self, now: datetime, *, under_way: Iterable[int], full: Iterable[str]) -> Outgoing | None:
        """Return the delivery that has been due for the longest.

        Args:
            now: The present moment.
            under_way: Numbers of the deliveries that are being attempted.
            full: Lanes that take no more at present.
        """
        row = self._database.row(_NEXT, (to_wire(now), json.dumps(list(under_way)), json.dumps(list(full))))
        return None if row is None else _outgoing(row)

    def next_due(self, now: datetime) -> datetime | None:
        """Return the next moment after now at which something will be due by itself."""
        row = self._database.row(_NEXT_DUE, (to_wire(now),))
        return None if row is None or row[0] is None else from_wire(row[0])

    def record(self, outgoing: Outgoing, outcome: Outcome, *, began: datetime, ended: datetime) -> None:
        """Write an attempt down, and what follows from it."""
        status, due_at = _consequence(outgoing.tries + 1, outcome, ended)
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO attempts (delivery_number, at, status_code, error, excerpt, duration) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    outgoing.number,
                    to_wire(began),
                    outcome.status_code,
                    outcome.error,
                    outcome.excerpt,
                    outcome.duration,
                ),
            )
            # Of another round is what was replayed, or given up, during the attempt; that has decided already.
            self._database.execute(
                "UPDATE deliveries SET status = ?, due_at = ?, tries = tries + 1 WHERE number = ? AND round = ?",
                (status, due_at, outgoing.number, outgoing.round),
            )


def _outgoing(row: tuple[Any, ...]) -> Outgoing:
    number, round_, tries, lane, delivery_id, url, payload, secret = row
    return Outgoing(number, round_, tries, lane, Message(delivery_id, url, payload.encode(), secret))


def _consequence(tries: int, outcome: Outcome, now: datetime) -> tuple[str, str | None]:
    """Return the status of a delivery after so many attempts, and when the next is due."""
    meaning = verdict(outcome.status_code, refused=outcome.refused)
    if meaning != "retry":
        return meaning, None
    due = next_attempt(tries, now)
    return ("failed", None) if due is None else ("pending", to_wire(due))
