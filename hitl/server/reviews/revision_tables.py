"""The table of the contents that reviews had before they were changed."""

from __future__ import annotations

from typing import Final

TABLES: Final[tuple[str, ...]] = (
    """
    CREATE TABLE earlier_contents (
        review_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (review_id, version)
    ) WITHOUT ROWID
    """,
)
