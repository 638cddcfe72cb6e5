"""Who reviews what: the choice of reviewers for a new review, and whether it may be given to others.

The vendor names the settings and two strategies and says no more; this is what the sandbox makes of them.

- Assignees that are named stay as they are, all of them, also where the review names a strategy: who asks somebody by
  name means that person.
- If none are named, they are chosen where the template says `auto_assign` or the review names a strategy. The choice
  is among the members of all teams; while no team has members, among everybody whom any review has ever named.
- As many are chosen as must approve (`approval_threshold`), or all if there are fewer. Without anybody to choose from
  the review stays unassigned.
- `round_robin`, which is also what happens if nobody names a strategy, takes those who were chosen the longest time
  ago. `load_balanced` takes those with the fewest open reviews, and of several the one whose turn it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hitl.server.primitives.errors import conflict
from hitl.server.results.fields import Template, approvals_needed, settings
from hitl.server.storage.database import Database


class Assignment:
    """Chooses reviewers; every method belongs into a transaction of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def assignees(self, body: Mapping[str, Any], template: Template) -> list[str]:
        """Return the assignees of the review that a checked body asks for."""
        named: list[str] = list(body.get("assignees", ()))
        self.meet(named)
        if named:
            return named
        own_strategy: str | None = body.get("assignment_strategy")
        if not (own_strategy or settings(template).get("auto_assign")):
            return []
        strategy = own_strategy or settings(template).get("assignment_strategy")
        return self._choose(self._everybody(), approvals_needed(template), by_load=strategy == "load_balanced")

    def meet(self, names: Sequence[str]) -> None:
        """Remember people, so that they can be chosen."""
        for name in names:
            self._database.execute("INSERT OR IGNORE INTO reviewers (name) VALUES (?)", (name,))

    def _everybody(self) -> list[str]:
        members = [row[0] for row in self._database.rows("SELECT email FROM team_members ORDER BY number")]
        self.meet(members)
        return members or [row[0] for row in self._database.rows("SELECT name FROM reviewers")]

    def _choose(self, names: Sequence[str], count: int, *, by_load: bool) -> list[str]:
        load = self._open_reviews(names) if by_load else {}
        chosen = sorted(self._in_turn(names), key=lambda name: load.get(name, 0))[:count]
        for name in chosen:
            self._database.execute(
                "UPDATE reviewers SET last_turn = (SELECT max(last_turn) FROM reviewers) + 1 WHERE name = ?", (name,)
            )
        return chosen

    def _in_turn(self, names: Sequence[str]) -> list[str]:
        rows = self._database.rows(
            "SELECT name FROM reviewers WHERE name IN (SELECT value FROM json_each(?)) ORDER BY last_turn, number",
            (json.dumps(list(names)),),
        )
        return [row[0] for row in rows]

    def _open_reviews(self, names: Sequence[str]) -> dict[str, int]:
        """Return how many open reviews each of these has, without those who have none."""
        rows = self._database.rows(
            "SELECT name, count(*) FROM open_assignments WHERE name IN (SELECT value FROM json_each(?)) GROUP BY name",
            (json.dumps(list(names)),),
        )
        return dict(rows)


def require_assignable(review: Mapping[str, Any], body: Mapping[str, Any], template: Template) -> None:
    """Refuse with 409 to take a review away from its assignees if the template forbids it.

    A review that nobody has may always be given to somebody, and adding people takes it from nobody.
    """
    wanted: Sequence[str] = body.get("assignees", review["assignees"])
    taken = [name for name in review["assignees"] if name not in wanted]
    if taken and settings(template).get("allow_reassignment") is False:
        raise conflict(
            f"review {review['id']} cannot be taken from {taken[0]}: its template does not allow reassignment; "
            "cancel it and create a new one"
        )
