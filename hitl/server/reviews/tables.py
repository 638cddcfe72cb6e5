"""The tables about revisions, reviewers, approvals and assignments, as three steps of the schema."""

from __future__ import annotations

from typing import Final

REVISIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE earlier_contents (
        review_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (review_id, version)
    ) WITHOUT ROWID
    """,
)

REVIEWERS: Final[tuple[str, ...]] = (
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

# The open reviews of each reviewer: counting them uses an index instead of reading every document.
ASSIGNMENTS: Final[tuple[str, ...]] = (
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
