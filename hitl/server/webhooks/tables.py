"""The tables of events, subscriptions and deliveries, as one step of the schema."""

from __future__ import annotations

from typing import Final

# A delivery holds its own copy of the body: a callback has another body than the event has, and a test event is no
# event at all. The lane is whom it goes to; in one lane the deliveries about one subject keep their order.
TABLES: Final[tuple[str, ...]] = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        payload TEXT NOT NULL,
        at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE subscriptions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        secret TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        webhook_id TEXT,
        url TEXT NOT NULL,
        event TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        payload TEXT NOT NULL,
        created_at TEXT NOT NULL,
        status TEXT NOT NULL,
        due_at TEXT,
        round INTEGER NOT NULL DEFAULT 1,
        tries INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, number)",
    "CREATE INDEX deliveries_pending ON deliveries (due_at) WHERE status = 'pending'",
    "CREATE INDEX deliveries_in_line ON deliveries (lane, subject_id, number) WHERE status = 'pending'",
    """
    CREATE TABLE attempts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        delivery_number INTEGER NOT NULL REFERENCES deliveries (number),
        at TEXT NOT NULL,
        status_code INTEGER,
        error TEXT,
        excerpt TEXT,
        duration REAL NOT NULL
    )
    """,
    "CREATE INDEX attempts_by_delivery ON attempts (delivery_number, number)",
)
