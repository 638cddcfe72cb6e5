"""Sessions and their turns, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl.server.primitives import Document, Page
from hitl.server.storage import Store
from hitl.server.storage.queries import Order, document, documents, page

_NEWEST_FIRST: Final = Order(descending=True)


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which of a key's sessions are listed, the newest first; filters narrow the list together."""

    api_key_id: str
    status: str | None = None
    agent_type: str | None = None
    limit: int = 50
    offset: int = 0


class SessionStore(Store):
    """The statements, over one database."""

    def session(self, session_id: str) -> Document | None:
        """Return a session's document."""
        return document(self._database, "SELECT document FROM agent_sessions WHERE id = ?", session_id)

    def owner_of(self, session_id: str) -> str | None:
        """Return the id of the API key that a session was started with."""
        owner: str | None = self._database.value("SELECT api_key_id FROM agent_sessions WHERE id = ?", (session_id,))
        return owner

    def sessions(self, query: SessionQuery) -> Page:
        """Return one page of the sessions that a query asks for."""
        conditions = (
            ("api_key_id = ?", query.api_key_id),
            ("status = ?", query.status),
            ("agent_type = ?", query.agent_type),
        )
        return page(
            self._database, "agent_sessions", conditions, order=_NEWEST_FIRST, limit=query.limit, offset=query.offset
        )

    def add_session(self, session: Mapping[str, Any], api_key_id: str, due_at: str) -> None:
        """Insert a new session."""
        self._database.execute(
            "INSERT INTO agent_sessions (id, api_key_id, loop_id, agent_type, status, due_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(session["id"], api_key_id, session["loop_id"], session["agent_type"]),
                *(session["status"], due_at, json.dumps(session)),
            ),
        )

    def save_session(self, session: Mapping[str, Any], due_at: str | None) -> None:
        """Replace a session; `due_at` is None for a completed one."""
        self._database.execute(
            "UPDATE agent_sessions SET status = ?, due_at = ?, document = ? WHERE id = ?",
            (session["status"], due_at, json.dumps(session), session["id"]),
        )

    def delete_session(self, session_id: str) -> None:
        """Delete a session with its turns."""
        self._database.execute("DELETE FROM agent_sessions WHERE id = ?", (session_id,))

    def first_due_session(self, now: str) -> Document | None:
        """Return the session that is the first to be abandoned or deleted up to now."""
        sql = "SELECT document FROM agent_sessions WHERE due_at <= ? ORDER BY due_at, number LIMIT 1"
        return document(self._database, sql, now)

    def next_due(self) -> str | None:
        """Return when the next session is abandoned or deleted."""
        due_at: str | None = self._database.value("SELECT min(due_at) FROM agent_sessions WHERE due_at IS NOT NULL")
        return due_at

    def turn(self, session_id: str, turn_id: str) -> Document | None:
        """Return one turn of a session."""
        return document(
            self._database, "SELECT document FROM turns WHERE session_id = ? AND id = ?", session_id, turn_id
        )

    def turn_of_request(self, request_id: str) -> Document | None:
        """Return the turn that a request asks about."""
        return document(self._database, "SELECT document FROM turns WHERE request_id = ?", request_id)

    def turns(self, session_id: str) -> list[Document]:
        """Return the turns of a session, in the order in which they were proposed."""
        rows = self._database.rows("SELECT document FROM turns WHERE session_id = ? ORDER BY number", (session_id,))
        return documents(rows)

    def save_turn(self, turn: Mapping[str, Any]) -> None:
        """Insert or replace a turn."""
        self._database.execute(
            "INSERT INTO turns (id, session_id, request_id, document) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (turn["id"], turn["session_id"], turn["request_id"], json.dumps(turn)),
        )
