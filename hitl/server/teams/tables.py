"""The tables of teams and their members, as part of a step of the schema."""

from __future__ import annotations

from typing import Final

TABLES: Final[tuple[str, ...]] = (
    """
    CREATE TABLE teams (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE team_members (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        team_id TEXT NOT NULL REFERENCES teams (id),
        user_id TEXT NOT NULL,
        email TEXT NOT NULL COLLATE NOCASE,
        role TEXT,
        joined_at TEXT NOT NULL,
        UNIQUE (team_id, email)
    )
    """,
)
