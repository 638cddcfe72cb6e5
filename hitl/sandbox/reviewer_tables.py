"""The tables about reviewers: who there is, and who approved what; a step of the schema."""

from __future__ import annotations

from typing import Final

TABLES: Final[tuple[str, ...]] = (
    """
    CREATE TABLE reviewers (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        last_turn INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    INSERT OR IGNORE INTO reviewers (name)
        SELECT assignee.value FROM reviews, json_each(reviews.document, '$.assignees') AS assignee
        ORDER BY reviews.number, assignee.key
    """,
    """
    CREATE TABLE approvals (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        review_id TEXT NOT NULL,
        reviewer TEXT NOT NULL COLLATE NOCASE,
        result TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (review_id, reviewer)
    )
    """,
)
