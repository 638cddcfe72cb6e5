"""What all stores share: documents kept as JSON beside the columns they are found by, numbers, and filters."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from hitl._json import MAX_BYTES, MAX_SENT_VALUES
from hitl.server.primitives import Document, Page
from hitl.server.storage.database import Database
from hitl.server.storage.querying import Querying, Row

Filter: TypeAlias = tuple[str, Any]
"""An SQL condition and the value of its question mark, or a tuple of several; None leaves the condition out."""

_MAX_INTEGER: Final = 2**63 - 1  # SQLite's integers end here
_PAGE_BYTES: Final = MAX_BYTES // 2  # of the documents on a page as they are stored; one alone may have more


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: by an SQL expression that is never null, if there is one, and then by the row's number."""

    lead: str = ""
    descending: bool = False  # the numbers
    lead_descending: bool = False

    @property
    def clause(self) -> str:
        """What follows ORDER BY."""
        number = _directed("number", self.descending)
        return f"{_directed(self.lead, self.lead_descending)}, {number}" if self.lead else number

    @property
    def opposite(self) -> Order:
        """The order that begins at the end of this one."""
        return Order(self.lead, not self.descending, not self.lead_descending)

    @property
    def key(self) -> str:
        """The columns that a cursor holds."""
        return f"{self.lead or 'NULL'} AS lead, number"

    def beyond(self, cursor: str) -> tuple[str, tuple[Any, ...]]:
        """Return the condition that a row comes after a cursor, and its values; ValueError if it is no cursor."""
        lead, number = _read_cursor(cursor)
        further = f"number {_sign(self.descending)} ?"
        if not self.lead or lead is None:
            return further, (number,)
        sign = _sign(self.lead_descending)
        if self.descending == self.lead_descending:  # in this form, an index finds the place
            return f"({self.lead}, number) {sign} (?, ?)", (lead, number)
        return f"({self.lead} {sign} ? OR ({self.lead} = ? AND {further}))", (lead, lead, number)

    def is_beyond(self, key: Sequence[Any], cursor: str) -> bool:
        """Return whether the row with a key comes after a cursor."""
        last: tuple[Any, Any] = _read_cursor(cursor)
        if self.lead and last[0] is not None and key[0] != last[0]:
            return type(key[0]) is type(last[0]) and bool((key[0] < last[0]) is self.lead_descending)
        return bool(key[1] < last[1] if self.descending else key[1] > last[1])


def _directed(expression: str, descending: bool) -> str:
    return f"{expression} DESC" if descending else expression


def _sign(descending: bool) -> str:
    return "<" if descending else ">"


def cursor_fault(cursor: str | None, *, has_offset: bool) -> str | None:
    """Return what is wrong with the cursor that a request names, if it names one."""
    if cursor is None:
        return None
    try:
        _read_cursor(cursor)
    except ValueError as error:
        return str(error)
    return "and offset exclude each other" if has_offset else None


def cursor_of(key: Sequence[Any]) -> str:
    """Return the cursor of the row that has this key; see `Order.key`."""
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()


def _read_cursor(cursor: str) -> tuple[str | int | None, int]:
    """Return the key that a cursor holds."""
    key: Any = None
    with suppress(ValueError, RecursionError):
        key = json.loads(urlsafe_b64decode(cursor.encode()))
    match key:
        case [str() | None as lead, int() as number] | [int() as lead, int() as number]:
            if all(abs(each) <= _MAX_INTEGER for each in key if isinstance(each, int)):
                return lead, number
        case _:
            pass
    raise ValueError("is no next_cursor of this list")


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


def one_of(column: str, values: str | Sequence[object] | None) -> Filter:
    """Return the condition that a column holds one of these values."""
    listed = [values] if isinstance(values, str) else values
    value = None if listed is None else json.dumps(list(listed))
    return f"{column} IN (SELECT value FROM json_each(?))", value  # noqa: S608 - fixed words


def where(conditions: Iterable[Filter]) -> tuple[str, tuple[Any, ...]]:
    """Return the WHERE clause that requires all given conditions, and its values."""
    given = [(condition, value) for condition, value in conditions if value is not None]
    clause = " AND ".join(condition for condition, _ in given)
    return f"WHERE {clause}" if given else "", tuple(each for _, value in given for each in values_of(value))


def values_of(value: Any) -> tuple[Any, ...]:
    """Return the values of a filter's question marks."""
    return tuple(value) if type(value) in (tuple,) else (value,)  # isinstance would make it a tuple of unknown types


def page(
    database: Querying,
    table: str,
    conditions: Sequence[Filter] = (),
    *,
    order: Order,
    limit: int | None,
    offset: int,
    after: str | None = None,
    columns: str = "document",
    read: Callable[[Sequence[Row]], Iterable[Document]] = documents,
) -> Page:
    """Return one page of the documents that `read` makes of the `columns` of rows that meet the conditions."""
    listing = Listing(database, Source(table), order, *where(conditions))
    rows, around = rows_of_page(listing, table, columns, limit=limit, offset=offset, after=after)
    return replace(around, items=list(read(rows)))


@dataclass(frozen=True, slots=True)
class Source:
    """What the keys of a list are read from: a table, with the index in which they are found.

    `parts` are conditions of which each row meets one. Where the index has the rows of each part in the order of their
    numbers, a page in this order is merged from the parts, and only as far as it goes.
    """

    table: str
    parts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a source that meet a WHERE clause, in an order, of which only the keys are read; see `Order.key`."""

    database: Querying
    source: Source
    order: Order
    clause: str = ""
    values: tuple[Any, ...] = ()

    def total(self) -> int:
        """Return how many there are."""
        total: int = self.database.value(f"SELECT count(*) FROM {self.source.table} {self.clause}", self.values)  # noqa: S608 - fixed words
        return total

    def total_and(self, condition: str, values: tuple[Any, ...]) -> tuple[int, int]:
        """Return how many there are, and how many of them meet a condition."""
        sql = f"SELECT count(*), coalesce(sum({condition}), 0) FROM {self.source.table} {self.clause}"  # noqa: S608 - fixed words
        ((total, meeting),) = self.database.rows(sql, (*values, *self.values))
        return total, meeting

    def narrowed(self, condition: str, values: tuple[Any, ...]) -> Listing:
        """Return those that also meet a condition."""
        return replace(self, clause=_both(self.clause, condition), values=(*self.values, *values))

    def beyond(self, cursor: str) -> Listing:
        """Return those that come after a cursor; ValueError if it is none."""
        return self.narrowed(*self.order.beyond(cursor))

    @property
    def from_end(self) -> Listing:
        """The same in the opposite order."""
        return replace(self, order=self.order.opposite)

    def key(self, offset: int = 0) -> Row | None:
        """Return the key at an offset."""
        return self.database.row(*self.keys(1, offset))

    def keys(self, limit: int, offset: int) -> tuple[str, tuple[Any, ...]]:
        """Return the query for some of the keys, and its values."""
        parts = [""] if self.order.lead else self.source.parts or [""]
        selects = [f"SELECT {self.order.key} FROM {self.source.table} {_both(self.clause, part)}" for part in parts]  # noqa: S608 - fixed words
        return f"{' UNION ALL '.join(selects)} ORDER BY {self.order.clause} LIMIT ? OFFSET ?", (
            *(self.values * len(parts)),
            *(limit, min(offset, _MAX_INTEGER)),
        )


def _both(clause: str, condition: str) -> str:
    if not condition:
        return clause
    return f"{clause} AND {condition}" if clause else f"WHERE {condition}"


def rows_of_page(
    listing: Listing,
    table: str,
    columns: str,
    *,
    limit: int | None,
    offset: int,
    after: str | None,
    with_offset: bool = True,
    total: int | None = None,
) -> tuple[list[Row], Page]:
    """Return the rows of one page, with these columns, and the page without items.

    It ends before it becomes larger than clients read. `after` is the cursor of the page before; how many rows come
    before that page is counted if it is asked for `with_offset`, and the `total` unless it is known.
    """
    before, rest = offset, listing
    if after is not None and with_offset:
        total, further = listing.total_and(*listing.order.beyond(after))
        before = total - further
    total = listing.total() if total is None else total
    if after is not None:
        rest = listing.beyond(after)
    elif 2 * offset > total > 0:  # from the end it is less far
        key = listing.from_end.key(max(total - offset, 0))
        rest, offset = (listing if key is None else listing.beyond(cursor_of(key))), 0
    sql, values = rest.keys(-1 if limit is None else limit + 1, 0 if after else offset)
    budget = _Budget(limit)
    # Each row is read when it is its turn, as a page may end before: the keys come first in a CROSS JOIN
    # (https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join), in their order.
    rows = listing.database.rows_while(
        budget.admits,
        f"SELECT lead, keys.number, {columns} FROM ({sql}) AS keys CROSS JOIN {table} USING (number)",  # noqa: S608 - fixed words
        values,
    )
    cursor = cursor_of(rows[-1][:2]) if budget.is_spent and rows else None
    return [row[2:] for row in rows], Page([], total, cursor, before)


class _Budget:
    """Admits rows until a page is full."""

    def __init__(self, limit: int | None) -> None:
        self.is_spent = False
        self._limit = limit
        self._rows = self._bytes = self._values = 0

    def admits(self, row: Row) -> bool:
        """Return whether a row still fits; the first one always does."""
        if self._limit is None:
            return True
        for text in row:
            if isinstance(text, str):
                self._bytes += len(text)
                self._values += text.count(",") + text.count("[") + text.count("{")
        is_large = self._bytes > _PAGE_BYTES or self._values > MAX_SENT_VALUES
        self.is_spent = self._rows == self._limit or (is_large and self._rows > 0)
        self._rows += 1
        return not self.is_spent
