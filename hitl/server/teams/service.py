"""Teams and their members.

The vendor names three operations and says nothing about what they do. Here a team is a named list of addresses, and
whoever is added belongs to it at once: nobody has to accept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hitl.server.primitives.clock import Now
from hitl.server.primitives.errors import ApiError, Fault, conflict, raise_faults
from hitl.server.primitives.timestamps import to_wire
from hitl.server.primitives.validation import Checker, every, optional, record, required, text
from hitl.server.reviews.store import Document, Store
from hitl.server.storage.database import Database
from hitl.server.storage.idempotency import Created, create_once

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")  # whether there is such a mailbox is not for a pattern to say


def _address(place: str, value: object) -> Iterator[Fault]:
    if not _ADDRESS.fullmatch(str(value)):
        yield Fault(place, "must be an e-mail address, such as reviewer@example.com")


_TEAM: Checker = record({"name": required(text(shortest=1))})
_MEMBER: Checker = record(
    {"email": required(every(text(shortest=1, longest=320), _address)), "role": optional(text(shortest=1))}
)


class Roster:
    """The teams of one sandbox."""

    def __init__(self, database: Database, clock: Now) -> None:
        self._database = database
        self._store = Store(database)
        self._clock = clock

    def create_team(self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = "") -> Created:
        """Create a team; see `Desk.create_review` for the arguments, the body is a TeamCreate."""
        raise_faults(_TEAM("", body))
        with self._database.transaction():
            return create_once(self._store, "team", body, idempotency_key, owner, lambda: self._new_team(body))

    def members(self, team_id: str) -> list[Document]:
        """Return a team's members, in the order in which they were added."""
        with self._database.transaction():
            self._require_team(team_id)
            rows = self._database.rows(
                "SELECT user_id, email, role, joined_at FROM team_members WHERE team_id = ? ORDER BY number",
                (team_id,),
            )
            return [_member(*row) for row in rows]

    def add_member(
        self, team_id: str, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = ""
    ) -> Created:
        """Add a person to a team, once; see `Desk.create_review` for the arguments, the body is a TeamMemberAdd."""
        raise_faults(_MEMBER("", body))
        with self._database.transaction():
            self._require_team(team_id)
            kind = f"member of {team_id}"
            return create_once(self._store, kind, body, idempotency_key, owner, lambda: self._new_member(team_id, body))

    def _new_team(self, body: Mapping[str, Any]) -> Document:
        now = to_wire(self._clock())
        team_id = f"team_{self._store.next_number('team')}"
        self._database.execute(
            "INSERT INTO teams (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (team_id, body["name"], now, now),
        )
        return {"id": team_id, "name": body["name"], "created_at": now, "updated_at": now}

    def _new_member(self, team_id: str, body: Mapping[str, Any]) -> Document:
        email, role, now = body["email"], body.get("role"), to_wire(self._clock())
        known = "SELECT user_id FROM team_members WHERE team_id = ? AND email = ?"  # in upper or lower case
        if self._database.row(known, (team_id, email)) is not None:
            raise conflict(f"{email} is in team {team_id} already")
        user_id = f"usr_{self._store.next_number('user')}"
        self._database.execute(
            "INSERT INTO team_members (team_id, user_id, email, role, joined_at) VALUES (?, ?, ?, ?, ?)",
            (team_id, user_id, email, role, now),
        )
        self._database.execute("UPDATE teams SET updated_at = ? WHERE id = ?", (now, team_id))
        return _member(user_id, email, role, now)

    def _require_team(self, team_id: str) -> None:
        if self._database.row("SELECT id FROM teams WHERE id = ?", (team_id,)) is None:
            message = f"there is no team {team_id[:128]!r}; its id was in the answer to its creation"
            raise ApiError(404, "team_not_found", message)


def _member(user_id: str, email: str, role: str | None, joined_at: str) -> Document:
    return {"user_id": user_id, "email": email, "role": role, "status": "active", "joined_at": joined_at}
