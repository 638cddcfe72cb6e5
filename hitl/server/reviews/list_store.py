"""Lists of reviews and their numbers, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hitl.server.primitives import Page, name_key, review_number
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.list_query import NEVER, ReviewQuery, conditions, order_of
from hitl.server.storage import Database, Reader, Row
from hitl.server.storage.queries import Filter, Order, cursor_of, rows_of_page, where

ANSWERS: Final = ("approved", "rejected", "answered")
"""The verdicts that a person gives."""

# The same, counted for many people at once.
_OPEN_COUNT: Final = (
    "SELECT count(*) FROM reviews WHERE status IN (SELECT value FROM json_each(?)) "
    "AND id NOT IN (SELECT review_id FROM pending_answers WHERE state = 'held' AND is_final)"
)
_ANSWERED_COUNT: Final = (
    "SELECT key, count(*) FROM (SELECT key, review_id FROM approvals WHERE key IN (SELECT value FROM json_each(?)) "
    "UNION SELECT key, review_id FROM pending_answers "
    "WHERE state = 'held' AND key IN (SELECT value FROM json_each(?))) "
    "JOIN reviews ON reviews.number = CAST(substr(review_id, 5) AS INTEGER) "
    "WHERE status IN (SELECT value FROM json_each(?)) AND review_id NOT IN "
    "(SELECT review_id FROM pending_answers WHERE state = 'held' AND is_final) GROUP BY key"
)
_ASSIGNED_COUNT: Final = (
    "SELECT name, count(*) FROM assignments JOIN reviews USING (number) "
    "WHERE name IN (SELECT value FROM json_each(?)) AND is_open AND reviews.id NOT IN "
    "(SELECT review_id FROM pending_answers AS held WHERE state = 'held' AND (is_final OR held.key = name)) "
    "AND NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.review_id = reviews.id AND key = name) GROUP BY name"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a review stands in a list: how many come before it and how long the list is, and its neighbours' ids."""

    before: int
    total: int
    previous: str | None
    next: str | None


class ListStore:
    """The statements, over a connection that writes or one that only reads."""

    def __init__(self, database: Database | Reader) -> None:
        self._database = database

    def reviews(self, query: ReviewQuery) -> tuple[list[Row], Page]:
        """Return one page of the reviews that a query asks for, each as a row with its JSON, and the page around it."""
        found, around = rows_of_page(
            self._database,
            "reviews",
            list(conditions(query)),
            order=order_of(query) if query.changes_after is None else Order("step"),
            limit=query.limit,
            offset=query.offset,
            after=query.after,
            columns="document, step",
            with_offset=query.with_offset,
        )
        is_part = query.changes_after is not None and around.cursor is not None
        return found, replace(around, step=found[-1][1] if is_part else self.last_step())

    def keys(self, query: ReviewQuery, further: Iterable[Filter], beside: str) -> list[Row]:
        """Return the keys of all reviews that a query asks for, whatever their words, in its order; see `Order.key`.

        Behind the two columns of the key is the value of `beside`, an SQL expression.
        """
        clause, values = where((*conditions(query), *further))
        order = order_of(query)
        sql = f"SELECT {order.key}, {beside} FROM reviews {clause} ORDER BY {order.clause}"  # noqa: S608 - fixed words
        return self._database.rows(sql, values)

    def count_by_deadline(self, query: ReviewQuery, moments: Sequence[str]) -> list[int]:
        """Return how many reviews of a query are due before the first moment, before the next, later, and never."""
        clause, values = where(conditions(query))
        bounds = (*moments, NEVER)
        sums = ", ".join("coalesce(sum(deadline < ?), 0)" for _ in bounds)
        found = self._database.row(f"SELECT {sums}, count(*) FROM reviews {clause}", (*bounds, *values))  # noqa: S608 - fixed words
        return counts_between(list(found or ()))

    def tally(self, query: ReviewQuery, since: str) -> tuple[dict[str, int], float | None]:
        """Return how many finished reviews of a query ended since then, by verdict, and the median seconds to answer.

        The words of the query do not count.
        """
        clause, values = where((*conditions(query), ("changed_at > ?", since)))
        counts: dict[str, int] = dict(
            self._database.rows(f"SELECT verdict, count(*) FROM reviews {clause} GROUP BY verdict", values)  # noqa: S608 - fixed words
        )
        answered = sum(counts.get(verdict, 0) for verdict in ANSWERS)
        took: float | None = self._database.value(
            f"SELECT round((julianday(updated_at) - julianday(created_at)) * 86400, 3) AS took FROM reviews {clause} "  # noqa: S608 - fixed words
            "AND verdict IN (SELECT value FROM json_each(?)) ORDER BY took LIMIT 1 OFFSET ?",
            (*values, json.dumps(ANSWERS), answered // 2),
        )
        return counts, took

    def key(self, query: ReviewQuery, review_id: str) -> Row | None:
        """Return the key of one review in the order of a list, whether the list holds it or not."""
        sql = f"SELECT {order_of(query).key} FROM reviews WHERE number = ?"  # noqa: S608 - fixed words
        return self._database.row(sql, (review_number(review_id),))

    def place(self, query: ReviewQuery, review_id: str, key: Row) -> Place:
        """Return where the review with a key stands among those that a query asks for."""
        order, number = order_of(query), review_number(review_id)
        clause, values = where(conditions(query))
        further, more = order.beyond(cursor_of(key))
        begin, (after, before) = clause or "WHERE true", (f"AND {further}", f"AND NOT {further} AND number != ?")
        found: Row | None = self._database.row(
            f"SELECT (SELECT count(*) FROM reviews {clause}), (SELECT count(*) FROM reviews {begin} {before}), "  # noqa: S608 - fixed words
            f"(SELECT id FROM reviews {begin} {before} ORDER BY {order.reversed} LIMIT 1), "
            f"(SELECT id FROM reviews {begin} {after} ORDER BY {order.clause} LIMIT 1)",
            (*values, *(*values, *more, number), *(*values, *more, number), *(*values, *more)),
        )
        assert found is not None  # noqa: S101 - an aggregate has a row
        total, preceding, previous, following = found
        return Place(preceding, total, previous, following)

    def text(self, number: int) -> str:
        """Return a review's document as JSON."""
        text: str = self._database.value("SELECT document FROM reviews WHERE number = ?", (number,))
        return text

    def last_step(self) -> int:
        """Return the number of what happened last to any review; 0 if nothing has."""
        return self._database.value("SELECT max(step) FROM reviews") or 0

    def count_by_status(self, template_id: str | None = None) -> dict[str, int]:
        """Return how many reviews there are in each status that occurs, of one template or of all."""
        clause, values = where([("template_id = ?", template_id)])
        sql = f"SELECT status, count(*) FROM reviews {clause} GROUP BY status"  # noqa: S608 - fixed words
        return dict(self._database.rows(sql, values))

    def to_answer(self, names: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return how many open reviews each of these people can answer: of all, and of those assigned to them."""
        keys = json.dumps([name_key(name) for name in names])
        open_reviews: int = self._database.value(_OPEN_COUNT, (json.dumps(OPEN),))
        answered: dict[str, int] = dict(self._database.rows(_ANSWERED_COUNT, (keys, keys, json.dumps(OPEN))))
        assigned: dict[str, int] = dict(self._database.rows(_ASSIGNED_COUNT, (keys,)))
        return {
            name: (open_reviews - answered.get(name_key(name), 0), assigned.get(name_key(name), 0)) for name in names
        }


def counts_between(up_to: Sequence[int]) -> list[int]:
    """Return how many there are between each two of these bounds, from how many there are up to each."""
    return [count - before for count, before in zip(up_to, (0, *up_to), strict=False)]
