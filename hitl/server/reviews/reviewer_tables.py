"""The tables about reviewers: who there is, who approved what, and who has what to do; two steps of the schema."""

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

# Which open reviews somebody has, so that counting them looks at an index and not into every document.
LOADS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE open_assignments (
        review_id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (review_id, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX open_assignments_by_name ON open_assignments (name)",
    """
    INSERT OR IGNORE INTO open_assignments (review_id, name)
        SELECT reviews.id, assignee.value FROM reviews, json_each(reviews.document, '$.assignees') AS assignee
        WHERE reviews.status IN ('created', 'assigned', 'in_progress')
    """,
)
