"""Teams and their members.

The vendor names three operations and does not describe them. Here a team is a named list of addresses; members are
added without having to accept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from hitl.server.primitives import ApiError, Checker, Document, Fault, Now, clean_name, conflict, raise_faults, to_wire
from hitl.server.primitives.names import LONGEST_NAME, person
from hitl.server.primitives.validation import every, optional, record, required, text
from hitl.server.storage import Created, Database, IdempotencyStore
from hitl.server.storage.queries import next_number
from hitl.server.teams.store import TeamStore

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")  # no pattern can say whether the mailbox exists


def _address(place: str, value: object) -> Iterator[Fault]:
    if not _ADDRESS.fullmatch(clean_name(str(value))):
        yield Fault(place, "must be an e-mail address, such as reviewer@example.com")


_TEAM: Checker = record({"name": required(text(shortest=1))})
_MEMBER: Checker = record(
    {
        "email": required(every(text(shortest=1, longest=LONGEST_NAME), person, _address)),
        "role": optional(text(shortest=1)),
    }
)


class TeamService:
    """The teams of one sandbox."""

    def __init__(self, database: Database, clock: Now) -> None:
        self._database = database
        self._store = TeamStore(database)
        self._idempotency = IdempotencyStore(database)
        self._clock = clock

    def create_team(self, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = "") -> Created:
        """Create a team; see `ReviewService.create_review` for the arguments, the body is a TeamCreate."""
        raise_faults(_TEAM("", body))
        with self._database.transaction():
            return self._idempotency.create_once("team", body, idempotency_key, owner, lambda: self._new_team(body))

    def members(self, team_id: str) -> list[Document]:
        """Return a team's members, in the order in which they were added."""
        with self._database.transaction():
            self._require_team(team_id)
            return self._store.members(team_id)

    def add_member(
        self, team_id: str, body: Mapping[str, Any], *, idempotency_key: str | None = None, owner: str = ""
    ) -> Created:
        """Add a person to a team; see `ReviewService.create_review`, the body is a TeamMemberAdd."""
        raise_faults(_MEMBER("", body))
        with self._database.transaction():
            self._require_team(team_id)
            kind, create = f"member of {team_id}", partial(self._new_member, team_id, body)
            return self._idempotency.create_once(kind, body, idempotency_key, owner, create)

    def _new_team(self, body: Mapping[str, Any]) -> Document:
        now = to_wire(self._clock())
        team_id = f"team_{next_number(self._database, 'team')}"
        team = {"id": team_id, "name": body["name"], "created_at": now, "updated_at": now}
        self._store.add_team(team)
        return team

    def _new_member(self, team_id: str, body: Mapping[str, Any]) -> Document:
        email = clean_name(body["email"])
        if self._store.has_member(team_id, email):
            raise conflict(f"{email} is in team {team_id} already")
        user_id = f"usr_{next_number(self._database, 'user')}"
        return self._store.add_member(team_id, user_id, email, body.get("role"), to_wire(self._clock()))

    def _require_team(self, team_id: str) -> None:
        if not self._store.has_team(team_id):
            message = f"there is no team {team_id[:128]!r}; its id was in the answer to its creation"
            raise ApiError(404, "team_not_found", message)
