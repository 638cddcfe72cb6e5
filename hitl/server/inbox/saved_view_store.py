"""The lists that a reviewer has saved under a name: a name and the part of an address below that of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hitl.server.primitives import ApiError, invalid, name_key
from hitl.server.storage import Database, Store

MOST_VIEWS: Final = 9  # one for each number key
LONGEST_NAME: Final = 40

_LONGEST_QUERY = 2000


@dataclass(frozen=True, slots=True)
class SavedView:
    """One of them; `number` names it in forms."""

    number: int
    name: str
    query: str


class SavedViews(Store):
    """The views of all reviewers of one database; without a name they belong to everybody who has none."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)

    def of(self, reviewer: str) -> list[SavedView]:
        """Return a reviewer's views in the order in which they were saved."""
        rows = self._database.rows(
            "SELECT number, name, query FROM saved_views WHERE key = ? ORDER BY number", (name_key(reviewer),)
        )
        return [SavedView(*row) for row in rows]

    def save(self, reviewer: str, name: str, query: str) -> None:
        """Save a list, in place of the one that has the name."""
        if not name or len(name) > LONGEST_NAME or len(query) > _LONGEST_QUERY:
            raise invalid(f"must have 1 to {LONGEST_NAME} characters", "name")
        with self._database.transaction():
            saved = {view.name for view in self.of(reviewer)}
            if name not in saved and len(saved) >= MOST_VIEWS:
                raise ApiError(409, "conflict", f"You have {MOST_VIEWS} saved views. Delete one first.")
            self._database.execute(
                "INSERT INTO saved_views (key, name, query) VALUES (?, ?, ?) "
                "ON CONFLICT (key, name) DO UPDATE SET query = excluded.query",
                (name_key(reviewer), name, query),
            )

    def delete(self, reviewer: str, number: int) -> None:
        """Delete one of a reviewer's views; nothing happens if there is none of this number."""
        self._database.execute("DELETE FROM saved_views WHERE key = ? AND number = ?", (name_key(reviewer), number))
