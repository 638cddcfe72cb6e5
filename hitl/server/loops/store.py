"""Loops, members, requests and feedback, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hitl.server.loops.accounts import person_id
from hitl.server.primitives import Document, Page, name_key
from hitl.server.storage import Store
from hitl.server.storage.queries import Filter, Order, document, documents, one_of, page, where

Sort: TypeAlias = Literal["created_at_desc", "created_at_asc", "priority_desc", "status_asc", "timeout_asc"]

# The queue of generation B: critical, high, medium, low, and among equals the oldest first.
_ORDERS: Final[Mapping[str, Order]] = {
    "created_at_desc": Order(descending=True),
    "created_at_asc": Order(),
    "priority_desc": Order("CASE priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END"),
    "status_asc": Order("status", descending=True),
    "timeout_asc": Order("coalesce(json_extract(document, '$.timeout_at'), '~')"),
}
# What a search looks into: what is asked, where, and who answered.
_SEARCHED: Final = (
    "name_key(id || ' ' || json_extract(document, '$.request_text') || ' ' || "
    "coalesce(json_extract(document, '$.response_by_user.name'), '') || ' ' || "
    "coalesce(json_extract(document, '$.response_by_user.email'), '') || ' ' || "
    "coalesce((SELECT json_extract(loops.document, '$.name') FROM loops WHERE loops.id = requests.loop_id), ''))"
)
_RESPONDER: Final = (
    "EXISTS (SELECT 1 FROM json_each(document, '$.response_by_user') WHERE key != 'id' AND name_key(value) = ?)"
)


_NOT_HELD: Final = "id NOT IN (SELECT request_id FROM pending_responses WHERE person_id = ? AND state = 'held')"


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Filters, which narrow the list together, and the order of a list of requests; `limit` None is all.

    `member` asks for requests to the loops that this person is in, `reviewer` for those that this person answered;
    `due_before` is about their timeouts. `search` has words that must all occur in the text, the id, the name of the
    loop, or in who answered.
    """

    status: str | Sequence[str] | None = None
    priority: str | None = None
    loop_id: str | None = None
    api_key_id: str | None = None
    ids: Sequence[str] | None = None
    created_before: str | None = None
    created_after: str | None = None
    due_before: str | None = None
    member: str | None = None
    reviewer: str | None = None
    search: str | None = None
    not_answered_by: str | None = None  # by the address of a person whose held answer will end them
    limit: int | None = 50
    offset: int = 0
    after: str | None = None  # the cursor of the page before, instead of an offset
    sort: Sort = "created_at_desc"


class LoopStore(Store):
    """The statements, over one database."""

    # Loops

    def loop(self, loop_id: str) -> Document | None:
        """Return a loop's document, without its members."""
        return document(self._database, "SELECT document FROM loops WHERE id = ?", loop_id)

    def loop_of_invitation(self, invite_code: str) -> Document | None:
        """Return the loop that an invitation leads to."""
        return document(self._database, "SELECT document FROM loops WHERE invite_code = ?", invite_code)

    def loops(self, limit: int) -> list[Document]:
        """Return the newest loops of everybody."""
        return documents(self._database.rows("SELECT document FROM loops ORDER BY number DESC LIMIT ?", (limit,)))

    def loops_of(self, creator_id: str) -> list[Document]:
        """Return somebody's loops, the newest first."""
        rows = self._database.rows(
            "SELECT document FROM loops WHERE creator_id = ? ORDER BY number DESC", (creator_id,)
        )
        return documents(rows)

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
        return documents(rows)

    def member(self, loop_id: str, user_id: str) -> Document | None:
        """Return one member of a loop."""
        sql = "SELECT document FROM members WHERE loop_id = ? AND user_id = ?"
        return document(self._database, sql, loop_id, user_id)

    def add_member(self, loop_id: str, member: Mapping[str, Any]) -> None:
        """Add a new member."""
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
        return document(self._database, "SELECT document FROM requests WHERE id = ?", request_id)

    def requests(self, query: RequestQuery) -> Page:
        """Return one page of the requests that a query asks for."""
        return page(
            self._database,
            "requests",
            list(_conditions(query)),
            order=_ORDERS[query.sort],
            limit=query.limit,
            offset=query.offset,
            after=query.after,
        )

    def request_ids(self, query: RequestQuery) -> list[str]:
        """Return the ids of all requests that a query asks for, in its order."""
        clause, values = where(_conditions(query))
        sql = f"SELECT id FROM requests {clause} ORDER BY {_ORDERS[query.sort].clause}"  # noqa: S608 - fixed words
        return [row[0] for row in self._database.rows(sql, values)]

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
        """Return the request with the earliest timeout or end of a claim up to now."""
        sql = "SELECT document FROM requests WHERE due_at <= ? ORDER BY due_at, number LIMIT 1"
        return document(self._database, sql, now)

    def next_due(self) -> str | None:
        """Return the next timeout or end of a claim."""
        due_at: str | None = self._database.value("SELECT min(due_at) FROM requests WHERE due_at IS NOT NULL")
        return due_at

    def due_at(self, request_id: str) -> str | None:
        """Return the next timeout or end of a claim of one request."""
        due_at: str | None = self._database.value("SELECT due_at FROM requests WHERE id = ?", (request_id,))
        return due_at

    # Feedback

    def feedback(self, request_id: str) -> Document | None:
        """Return the feedback on a request."""
        return document(self._database, "SELECT document FROM feedback WHERE request_id = ?", request_id)

    def add_feedback(self, request_id: str, feedback: Mapping[str, Any]) -> None:
        """Store the feedback on a request that has none."""
        self._database.execute(
            "INSERT INTO feedback (request_id, document) VALUES (?, ?)", (request_id, json.dumps(feedback))
        )


def _conditions(query: RequestQuery) -> Iterator[Filter]:
    yield from (
        one_of("status", query.status),
        ("priority = ?", query.priority),
        ("loop_id = ?", query.loop_id),
        ("api_key_id = ?", query.api_key_id),
        one_of("id", query.ids),
        ("created_at < ?", query.created_before),
        ("created_at > ?", query.created_after),
        ("json_extract(document, '$.timeout_at') < ?", query.due_before),
        (
            "loop_id IN (SELECT loop_id FROM members WHERE user_id = ?)",
            None if query.member is None else person_id(query.member),
        ),
        (_RESPONDER, None if query.reviewer is None else name_key(query.reviewer)),
        (_NOT_HELD, person_id(query.not_answered_by) if query.not_answered_by else None),
    )
    for word in name_key(query.search or "").split():
        yield f"instr({_SEARCHED}, ?)", word
