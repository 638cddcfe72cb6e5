"""Loops, members, requests and feedback, in SQL and nothing but SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hitl.server.reviews.store import Document, Page
from hitl.server.storage.database import Database, Row

Sort: TypeAlias = Literal["created_at_desc", "created_at_asc", "priority_desc", "status_asc"]

# The queue of generation B: critical, high, medium, low, and among equals the oldest first.
_ORDERS: Final[Mapping[str, str]] = {
    "created_at_desc": "number DESC",
    "created_at_asc": "number",
    "priority_desc": (
        "CASE priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, number"
    ),
    "status_asc": "status, number DESC",
}
_MOST_ROWS: Final = 2**63 - 1  # SQLite's integers end here


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests are asked for, and in what order; filters narrow the list together.

    Attributes:
        status: One status or several.
        priority: One of the priorities.
        loop_id: Only requests of this loop.
        api_key_id: Only requests that were made with this key.
        created_before: Moment in wire form; requests of exactly that moment are not included.
        limit: The greatest number of requests; None for all.
        offset: How many to skip.
        sort: The order.
    """

    status: str | Sequence[str] | None = None
    priority: str | None = None
    loop_id: str | None = None
    api_key_id: str | None = None
    created_before: str | None = None
    limit: int | None = 50
    offset: int = 0
    sort: Sort = "created_at_desc"


class LoopStore:
    """The statements, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Loops

    def loop(self, loop_id: str) -> Document | None:
        """Return a loop's document, without its members."""
        return _document(self._database.row("SELECT document FROM loops WHERE id = ?", (loop_id,)))

    def loop_of_invitation(self, invite_code: str) -> Document | None:
        """Return the loop that an invitation leads to."""
        return _document(self._database.row("SELECT document FROM loops WHERE invite_code = ?", (invite_code,)))

    def loops_of(self, creator_id: str) -> list[Document]:
        """Return somebody's loops, the newest first."""
        rows = self._database.rows(
            "SELECT document FROM loops WHERE creator_id = ? ORDER BY number DESC", (creator_id,)
        )
        return _documents(rows)

    def save_loop(self, loop: Mapping[str, Any]) -> None:
        """Insert or replace a loop."""
        self._database.execute(
            "INSERT INTO loops (id, creator_id, invite_code, document) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (loop["id"], loop["creator_id"], loop["invite_code"], json.dumps(loop)),
        )

    def delete_loop(self, loop_id: str) -> None:
        """Delete a loop with its members, requests and feedback."""
        self._database.execute("DELETE FROM loops WHERE id = ?", (loop_id,))

    # Members

    def members(self, loop_id: str) -> list[Document]:
        """Return the members of a loop, in the order in which they came."""
        rows = self._database.rows("SELECT document FROM members WHERE loop_id = ? ORDER BY number", (loop_id,))
        return _documents(rows)

    def member(self, loop_id: str, user_id: str) -> Document | None:
        """Return one member of a loop."""
        sql = "SELECT document FROM members WHERE loop_id = ? AND user_id = ?"
        return _document(self._database.row(sql, (loop_id, user_id)))

    def add_member(self, loop_id: str, member: Mapping[str, Any]) -> None:
        """Add somebody who is no member yet."""
        self._database.execute(
            "INSERT INTO members (loop_id, user_id, document) VALUES (?, ?, ?)",
            (loop_id, member["user_id"], json.dumps(member)),
        )

    def delete_member(self, loop_id: str, user_id: str) -> None:
        """Remove a member from a loop."""
        self._database.execute("DELETE FROM members WHERE loop_id = ? AND user_id = ?", (loop_id, user_id))

    # Requests

    def request(self, request_id: str) -> Document | None:
        """Return a request's document."""
        return _document(self._database.row("SELECT document FROM requests WHERE id = ?", (request_id,)))

    def requests(self, query: RequestQuery) -> Page:
        """Return one page of the requests that a query asks for."""
        conditions = list(_conditions(query))
        where = " AND ".join(["TRUE", *(condition for condition, _ in conditions)])
        values = [value for _, value in conditions]
        rows = self._database.rows(
            f"SELECT document FROM requests WHERE {where} ORDER BY {_ORDERS[query.sort]} LIMIT ? OFFSET ?",  # noqa: S608 - fixed words
            (*values, -1 if query.limit is None else query.limit, min(query.offset, _MOST_ROWS)),
        )
        count = self._database.row(f"SELECT count(*) FROM requests WHERE {where}", values)  # noqa: S608 - fixed words
        return Page(_documents(rows), count[0] if count else 0)

    def save_request(self, request: Mapping[str, Any], due_at: str | None) -> None:
        """Insert or replace a request; `due_at` is None for a finished one."""
        columns = ("id", "loop_id", "api_key_id", "status", "priority", "created_at")
        self._database.execute(
            "INSERT INTO requests (id, loop_id, api_key_id, status, priority, created_at, due_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "status = excluded.status, due_at = excluded.due_at, document = excluded.document",
            (*(request[column] for column in columns), due_at, json.dumps(request)),
        )

    def first_due_request(self, now: str) -> Document | None:
        """Return the request to which something happened by itself before all others, up to now."""
        sql = "SELECT document FROM requests WHERE due_at <= ? ORDER BY due_at, number LIMIT 1"
        return _document(self._database.row(sql, (now,)))

    def next_due(self) -> str | None:
        """Return when something will next happen to a request by itself."""
        row = self._database.row("SELECT min(due_at) FROM requests WHERE due_at IS NOT NULL")
        return row[0] if row else None

    def due_at(self, request_id: str) -> str | None:
        """Return when something will next happen to one request by itself."""
        row = self._database.row("SELECT due_at FROM requests WHERE id = ?", (request_id,))
        return row[0] if row else None

    # Feedback

    def feedback(self, request_id: str) -> Document | None:
        """Return the feedback on a request."""
        return _document(self._database.row("SELECT document FROM feedback WHERE request_id = ?", (request_id,)))

    def add_feedback(self, request_id: str, feedback: Mapping[str, Any]) -> None:
        """Store the feedback on a request that has none."""
        self._database.execute(
            "INSERT INTO feedback (request_id, document) VALUES (?, ?)", (request_id, json.dumps(feedback))
        )


def _document(row: Row | None) -> Document | None:
    return None if row is None else json.loads(row[0])


def _documents(rows: Sequence[Row]) -> list[Document]:
    return [json.loads(row[0]) for row in rows]


def _conditions(query: RequestQuery) -> Iterator[tuple[str, Any]]:
    statuses = [query.status] if isinstance(query.status, str) else query.status
    conditions = (
        ("status IN (SELECT value FROM json_each(?))", None if statuses is None else json.dumps(list(statuses))),
        ("priority = ?", query.priority),
        ("loop_id = ?", query.loop_id),
        ("api_key_id = ?", query.api_key_id),
        ("created_at < ?", query.created_before),
    )
    return ((condition, value) for condition, value in conditions if value is not None)
