"""The schema, as steps from an empty file to the present form.

A released step never changes: `PRAGMA user_version` of a file is the number of steps that it has seen. Documents are
kept whole, as JSON in wire form; the columns beside them are for queries.
"""

from __future__ import annotations

from typing import Final

from hitl.server.loops import tables as loops
from hitl.server.reviews import tables as reviews
from hitl.server.teams import tables as teams
from hitl.server.webhooks import tables as webhooks

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE templates (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            document TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE reviews (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            template_id TEXT NOT NULL,
            status TEXT NOT NULL,
            priority TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            expires_at TEXT,
            document TEXT NOT NULL
        )
        """,
        "CREATE INDEX reviews_by_status ON reviews (status, number)",
        "CREATE INDEX reviews_by_template ON reviews (template_id, number)",
        "CREATE INDEX reviews_by_change ON reviews (updated_at)",
        "CREATE INDEX reviews_by_expiry ON reviews (expires_at) WHERE expires_at IS NOT NULL",
        """
        CREATE TABLE history (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            review_id TEXT NOT NULL,
            version INTEGER NOT NULL,
            event TEXT NOT NULL,
            actor TEXT,
            at TEXT NOT NULL
        )
        """,
        "CREATE INDEX history_by_review ON history (review_id, number)",
        """
        CREATE TABLE creations (
            owner TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (owner, key)
        ) WITHOUT ROWID
        """,
    ),
    (*webhooks.TABLES, *teams.TABLES),
    loops.TABLES,
    ("CREATE TABLE sessions (digest TEXT PRIMARY KEY, begun_at TEXT NOT NULL) WITHOUT ROWID",),
    reviews.REVISIONS,
    reviews.REVIEWERS,
    reviews.ASSIGNMENTS,
)
