"""The filters of lists of reviews, in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hitl.server.primitives import name_key
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.list_query import ReviewQuery, entry_of, statuses
from hitl.server.storage.queries import Filter, one_of

_ASSIGNEE: Final = "SELECT number FROM assignments WHERE name = ?"
_REVIEWER: Final = "SELECT number FROM answered_reviews WHERE name = ?"
_METADATA: Final = "SELECT reviews.number FROM review_metadata JOIN reviews ON reviews.id = review_id WHERE entry = ?"
# The name of a key never changes, so one of its reviews tells it.
_KEYS: Final = """
    WITH RECURSIVE keys (key_id) AS (
        SELECT min(asked_by) FROM reviews WHERE asked_by IS NOT NULL
        UNION ALL
        SELECT (SELECT min(asked_by) FROM reviews WHERE asked_by > key_id) FROM keys WHERE key_id IS NOT NULL
    )
    SELECT key_id FROM keys WHERE ? = (
        SELECT coalesce(nullif(json_extract(document, '$.asked_by.key_name'), ''), asked_by)
        FROM reviews WHERE asked_by = key_id LIMIT 1
    )
"""
_ASKER: Final = f"(asked_by IN ({_KEYS}) OR asked_by IS NULL AND number IN ({_METADATA}))"
_OF_ASKER: Final = f"SELECT number FROM reviews WHERE asked_by IN ({_KEYS}) UNION ALL {_METADATA}"  # noqa: S608 - fixed
_NOT_ANSWERED: Final = """number NOT IN (
    WITH person (key) AS (SELECT ?)
    SELECT reviews.number FROM person, pending_answers AS held CROSS JOIN reviews ON reviews.id = review_id
    WHERE state = 'held' AND (is_final OR held.key = person.key)
    UNION ALL
    SELECT reviews.number FROM person CROSS JOIN approvals USING (key) CROSS JOIN reviews ON reviews.id = review_id
)"""
# Filters by columns of the index `listed_reviews` that have an index of their own, too.
COLUMNS: Final = ("priority", "template_id", "verdict", "asked_by")
_BOUNDS: Final = {
    "created_after": "created_at > ?",
    "created_before": "created_at < ?",
    "updated_after": "updated_at > ?",
    "changes_after": "step > ?",
}


def conditions(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters of a query but its words; those that it does not name have None as their value."""
    yield from (
        one_of("status", query.status),
        *((f"{column} = ?", getattr(query, column)) for column in COLUMNS),
        *((condition, getattr(query, name)) for name, condition in _BOUNDS.items()),
        ("(deadline >= ? AND deadline != '~')", query.due_after),
        ("deadline < ?", query.due_before),
        (_NOT_ANSWERED, _key(query.not_answered_by)),
        (_ASKER, _asker(query)),
        *((f"number IN ({numbers})", value) for numbers, value in sets(query)),
    )


def indexed(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters by columns of `listed_reviews` that have an index of their own, too.

    Each is a query for the numbers of its reviews, and perhaps of others, which `conditions` leave out.
    """
    for column in COLUMNS:
        yield f"SELECT number FROM reviews WHERE {column} = ?", getattr(query, column)  # noqa: S608 - fixed words
    for name, condition in _BOUNDS.items():
        yield f"SELECT number FROM reviews WHERE {condition}", getattr(query, name)  # noqa: S608 - fixed words
    yield _OF_ASKER, _asker(query)


def sets(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters by what `listed_reviews` does not hold, each as the query for the numbers of its reviews."""
    of_id, ids = one_of("id", query.ids)
    yield f"SELECT number FROM reviews WHERE {of_id}", ids  # noqa: S608 - fixed words
    yield f"{_ASSIGNEE} AND is_open" if set(statuses(query)) <= set(OPEN) else _ASSIGNEE, _key(query.assignee)
    yield _REVIEWER, _key(query.reviewer)
    for entry in query.metadata.items():
        yield _METADATA, entry_of(entry)


def _asker(query: ReviewQuery) -> tuple[str, str] | None:
    return None if query.asker is None else (query.asker, entry_of(("agent", query.asker)))


def _key(name: str | None) -> str | None:
    return None if name is None else name_key(name)
