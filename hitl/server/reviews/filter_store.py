"""The filters and orders of lists of reviews, in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hitl.server.primitives import name_key, review_number
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.list_query import ReviewQuery, entry_of, statuses
from hitl.server.storage.queries import Filter, Order, one_of

DEADLINE: Final = "coalesce(min(expires_at, due_date), expires_at, due_date, '~')"
UPDATED: Final = "coalesce(changed_at, created_at)"
"""The columns `deadline` and `updated_at`, in a form for which SQLite need not look beyond an index of their parts."""

_OPEN_ASSIGNEE: Final = "SELECT number FROM assignments WHERE name = ? AND is_open = 1"
_ASSIGNEE: Final = "SELECT number FROM assignments WHERE name = ? AND is_open IN (0, 1)"
_REVIEWER: Final = "SELECT number FROM answered_reviews WHERE name = ?"
_METADATA: Final = "SELECT number FROM review_metadata WHERE entry = ?"
_UPDATED_AFTER: Final = """
    WITH since (moment) AS (SELECT ?)
    SELECT number FROM since CROSS JOIN reviews WHERE changed_at > moment
    UNION ALL SELECT number FROM since CROSS JOIN reviews WHERE created_at > moment AND changed_at IS NULL
"""
# The name of a key never changes, so one of its reviews tells it.
_KEYS: Final = """
    WITH RECURSIVE keys (key_id) AS (
        SELECT min(asked_by) FROM reviews WHERE asked_by IS NOT NULL
        UNION ALL
        SELECT (SELECT min(asked_by) FROM reviews WHERE asked_by > key_id) FROM keys WHERE key_id IS NOT NULL
    )
    SELECT key_id FROM keys WHERE ? = (
        SELECT coalesce(nullif(json_extract(further, '$.asked_by.key_name'), ''), asked_by)
        FROM reviews WHERE asked_by = key_id LIMIT 1
    )
"""
_OF_ASKER: Final = f"SELECT number FROM reviews WHERE asked_by IN ({_KEYS}) UNION ALL {_METADATA}"  # noqa: S608 - fixed words
_NOT_ANSWERED: Final = """number NOT IN (
    WITH person (key) AS (SELECT ?)
    SELECT CAST(substr(review_id, 5) AS INTEGER) FROM person, pending_answers AS held
    WHERE state = 'held' AND (is_final OR held.key = person.key)
    UNION ALL
    SELECT CAST(substr(review_id, 5) AS INTEGER) FROM person CROSS JOIN approvals USING (key)
)"""
_ORDERS: Final = {
    None: "",
    "due": DEADLINE,
    "priority": "CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END",
}
# Filters by columns of the index `listed_reviews` that have an index of their own, too.
COLUMNS: Final = ("priority", "template_id", "verdict", "asked_by")
_BOUNDS: Final = {"created_after": "created_at > ?", "created_before": "created_at < ?", "changes_after": "step > ?"}


def order_of(query: ReviewQuery) -> Order:
    """Return the order that a query asks for."""
    if query.changes_after is not None:
        return Order("step")
    return Order(_ORDERS[query.sort], descending=not query.oldest_first)


def conditions(query: ReviewQuery, *, of_few: bool = False) -> Iterator[Filter]:
    """Yield the filters of a query but its words; those that it does not name have None as their value.

    For a look at a few reviews, a filter by what others hold, too, is looked up for each of them.
    """
    is_in = "EXISTS ({} AND number = reviews.number)" if of_few else "number IN ({})"
    is_named = f"(asked_by IN ({_KEYS}) OR asked_by IS NULL AND {is_in.format(_METADATA)})"
    yield from (
        one_of("status", query.status),
        one_of("number", None if query.ids is None else [review_number(each) for each in query.ids]),
        *((f"{column} = ?", getattr(query, column)) for column in COLUMNS),
        *((condition, getattr(query, name)) for name, condition in _BOUNDS.items()),
        (f"{UPDATED} > ?", query.updated_after),
        (f"({DEADLINE} >= ? AND {DEADLINE} != '~')", query.due_after),
        (f"{DEADLINE} < ?", query.due_before),
        (_NOT_ANSWERED, _key(query.not_answered_by)),
        (is_named, _asker(query)),
        *((is_in.format(numbers), value) for numbers, value in sets(query)),
    )


def indexed(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters by columns of `listed_reviews` that have an index of their own, too.

    Each is a query for the numbers of its reviews, and perhaps of others, which `conditions` leave out.
    """
    of_ids, ids = one_of("number", None if query.ids is None else [review_number(each) for each in query.ids])
    yield f"SELECT number FROM reviews WHERE {of_ids}", ids  # noqa: S608 - fixed words
    for column in COLUMNS:
        yield f"SELECT number FROM reviews WHERE {column} = ?", getattr(query, column)  # noqa: S608 - fixed words
    for name, condition in _BOUNDS.items():
        yield f"SELECT number FROM reviews WHERE {condition}", getattr(query, name)  # noqa: S608 - fixed words
    yield _UPDATED_AFTER, query.updated_after
    yield _OF_ASKER, _asker(query)


def sets(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters by what `listed_reviews` does not hold, each as the query for the numbers of its reviews."""
    yield _OPEN_ASSIGNEE if set(statuses(query)) <= set(OPEN) else _ASSIGNEE, _key(query.assignee)
    yield _REVIEWER, _key(query.reviewer)
    for entry in query.metadata.items():
        yield _METADATA, entry_of(entry)


def _asker(query: ReviewQuery) -> tuple[str, str] | None:
    return None if query.asker is None else (query.asker, entry_of(("agent", query.asker)))


def _key(name: str | None) -> str | None:
    return None if name is None else name_key(name)
