"""What all stores share: documents kept as JSON beside the columns they are found by, numbers, and filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from hitl.server.primitives import Document, Page
from hitl.server.storage.database import Database, Row

Filter: TypeAlias = tuple[str, Any]
"""An SQL condition and the value of its question mark; None leaves the condition out."""

_MAX_INTEGER: Final = 2**63 - 1  # SQLite's integers end here


def next_number(database: Database, name: str) -> int:
    """Return 1, 2, 3 … for each call with the same name; a number is never reused, even after a deletion."""
    number: int = database.value(
        "INSERT INTO counters (name, value) VALUES (?, 1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (name,),
    )
    return number


def document(database: Database, sql: str, *values: Any) -> Document | None:
    """Return the document in the first column of a query's first row."""
    text: str | None = database.value(sql, values)
    return None if text is None else json.loads(text)


def documents(rows: Iterable[Row]) -> list[Document]:
    """Read rows whose first column is a document."""
    return [json.loads(row[0]) for row in rows]


def one_of(column: str, values: str | Sequence[str] | None) -> Filter:
    """Return the condition that a column holds one of these values."""
    listed = [values] if isinstance(values, str) else values
    value = None if listed is None else json.dumps(list(listed))
    return f"{column} IN (SELECT value FROM json_each(?))", value  # noqa: S608 - fixed words


def where(conditions: Iterable[Filter]) -> tuple[str, tuple[Any, ...]]:
    """Return the WHERE clause that requires all given conditions, and its values."""
    given = [(condition, value) for condition, value in conditions if value is not None]
    clause = " AND ".join(condition for condition, _ in given)
    return f"WHERE {clause}" if given else "", tuple(value for _, value in given)


def page(
    database: Database,
    table: str,
    conditions: Sequence[Filter] = (),
    *,
    order: str,
    limit: int | None,
    offset: int,
    columns: str = "document",
    read: Callable[[Sequence[Row]], Iterable[Document]] = documents,
) -> Page:
    """Return one page of the documents that `read` makes of the `columns` of rows that meet the conditions."""
    rows, total = rows_of_page(database, table, conditions, order=order, limit=limit, offset=offset, columns=columns)
    return Page(list(read(rows)), total)


def rows_of_page(
    database: Database,
    table: str,
    conditions: Sequence[Filter] = (),
    *,
    order: str,
    limit: int | None,
    offset: int,
    columns: str,
) -> tuple[list[Row], int]:
    """Return the rows of one page, and the number of all; large documents are then read without the lock."""
    clause, values = where(conditions)
    rows = database.rows(
        f"SELECT {columns} FROM {table} {clause} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608 - fixed words
        (*values, -1 if limit is None else limit, min(offset, _MAX_INTEGER)),
    )
    total: int = database.value(f"SELECT count(*) FROM {table} {clause}", values)  # noqa: S608 - fixed words
    return rows, total
