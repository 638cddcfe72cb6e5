"""What the content of a review was before it was changed, so that a reviewer can be shown the difference."""

from __future__ import annotations

import json
from typing import Any

from hitl.server.storage.database import Database


class EarlierContents:
    """The contents of one database that are no longer the present ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, review: dict[str, Any]) -> None:
        """Keep the content of a review that is about to be changed; to be called inside that transaction."""
        self._database.execute(
            "INSERT INTO earlier_contents (review_id, version, content) VALUES (?, ?, ?)",
            (review["id"], review["version"], json.dumps(review["content"])),
        )

    def latest(self, review_id: str) -> dict[str, Any] | None:
        """Return the content before the last change of it; None if it was never changed."""
        row = self._database.row(
            "SELECT content FROM earlier_contents WHERE review_id = ? ORDER BY version DESC LIMIT 1", (review_id,)
        )
        return None if row is None else json.loads(row[0])
