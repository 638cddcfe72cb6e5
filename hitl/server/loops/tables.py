"""The tables of loops, their members, requests and feedback, as one step of the schema."""

from __future__ import annotations

from typing import Final

# `due_at` is the next moment at which something happens to an open request by itself: its timeout, or the end of a
# claim. It is null once the request is finished.
TABLES: Final[tuple[str, ...]] = (
    """
    CREATE TABLE loops (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        creator_id TEXT NOT NULL,
        invite_code TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX loops_by_creator ON loops (creator_id, number)",
    """
    CREATE TABLE members (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        loop_id TEXT NOT NULL REFERENCES loops (id) ON DELETE CASCADE,
        user_id TEXT NOT NULL,
        document TEXT NOT NULL,
        UNIQUE (loop_id, user_id)
    )
    """,
    """
    CREATE TABLE requests (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        loop_id TEXT NOT NULL REFERENCES loops (id) ON DELETE CASCADE,
        api_key_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT NOT NULL,
        created_at TEXT NOT NULL,
        due_at TEXT,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX requests_by_loop ON requests (loop_id, number)",
    "CREATE INDEX requests_by_key ON requests (api_key_id, number)",
    "CREATE INDEX requests_by_status ON requests (status, number)",
    "CREATE INDEX requests_by_due ON requests (due_at) WHERE due_at IS NOT NULL",
    """
    CREATE TABLE feedback (
        request_id TEXT PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
