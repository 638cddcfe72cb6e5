"""Teams and their members, in SQL; callers open the transactions."""

from __future__ import annotations

from hitl.server.primitives import Document, name_key
from hitl.server.storage import Row, Store


class TeamStore(Store):
    """The statements, over one database."""

    def has_team(self, team_id: str) -> bool:
        """Return whether there is a team with this id."""
        return self._database.row("SELECT id FROM teams WHERE id = ?", (team_id,)) is not None

    def add_team(self, team: Document) -> None:
        """Store a new team."""
        self._database.execute(
            "INSERT INTO teams (id, name, created_at, updated_at) VALUES (:id, :name, :created_at, :updated_at)", team
        )

    def members(self, team_id: str) -> list[Document]:
        """Return a team's members, in the order in which they were added."""
        rows = self._database.rows(
            "SELECT user_id, email, role, joined_at FROM team_members WHERE team_id = ? ORDER BY number", (team_id,)
        )
        return [_member(row) for row in rows]

    def has_member(self, team_id: str, email: str) -> bool:
        """Return whether somebody with this address, however it is spelled, is in a team."""
        sql = "SELECT user_id FROM team_members WHERE team_id = ? AND key = ?"
        return self._database.row(sql, (team_id, name_key(email))) is not None

    def add_member(self, team_id: str, user_id: str, email: str, role: str | None, joined_at: str) -> Document:
        """Store a new member, and return it."""
        self._database.execute(
            "INSERT INTO team_members (team_id, user_id, email, key, role, joined_at) VALUES (?, ?, ?, ?, ?, ?)",
            (team_id, user_id, email, name_key(email), role, joined_at),
        )
        self._database.execute("UPDATE teams SET updated_at = ? WHERE id = ?", (joined_at, team_id))
        return _member((user_id, email, role, joined_at))


def _member(row: Row) -> Document:
    return {**dict(zip(("user_id", "email", "role", "joined_at"), row, strict=True)), "status": "active"}
