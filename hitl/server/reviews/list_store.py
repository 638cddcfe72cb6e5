"""Lists of reviews and their numbers, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hitl.server.primitives import Page, name_key, review_id, review_number
from hitl.server.reviews.filter_store import COLUMNS, DEADLINE, UPDATED, conditions, indexed, order_of, sets
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.list_query import NEVER, ReviewQuery, statuses
from hitl.server.reviews.search_store import TEXTS, Words
from hitl.server.storage import Database, Reader, Row
from hitl.server.storage.queries import Filter, Listing, Source, cursor_of, rows_of_page, values_of, where

ANSWERS: Final = ("approved", "rejected", "answered")
"""The verdicts that a person gives."""

_FEW: Final = (10, 100, 1_000)  # reviews that are better looked at one by one than in the index of all columns
_PART: Final = 5  # of all reviews, a fifth is better looked at than all are in that index, if a filter is not in it

_PLAIN: Final = Source("reviews")
_LISTED: Final = Source("reviews INDEXED BY listed_reviews")
_ONE_BY_ONE: Final = Source("reviews NOT INDEXED")  # by their numbers

# How many reviews people can answer. The parameters are the open statuses and the keys of their names, as JSON.
_TO_ANSWER: Final = """
    WITH names (name) AS (SELECT value FROM json_each(:names)),
    held (key, is_final, number) AS (
        SELECT key, is_final, CAST(substr(review_id, 5) AS INTEGER) FROM pending_answers WHERE state = 'held'
    ),
    ended (number) AS (SELECT number FROM held WHERE is_final),
    answered (name, number) AS (
        SELECT name, number FROM (
            SELECT name, number FROM names JOIN held ON key = name
            UNION
            SELECT name, reviews.number
            FROM names CROSS JOIN approvals ON key = name
            CROSS JOIN reviews ON reviews.number = CAST(substr(review_id, 5) AS INTEGER)
            WHERE status IN (SELECT value FROM json_each(:open))
        ) WHERE number NOT IN ended
    )
    SELECT
        name,
        (SELECT count(*) FROM answered WHERE answered.name = names.name),
        (
            SELECT count(*) FROM assignments WHERE assignments.name = names.name AND is_open
            AND number NOT IN ended AND (assignments.name, number) NOT IN answered
        )
    FROM names
"""
_OPEN_COUNT: Final = """
    SELECT (SELECT count(*) FROM reviews WHERE status IN (SELECT value FROM json_each(:open))) - (
        SELECT count(DISTINCT reviews.number) FROM pending_answers
        CROSS JOIN reviews ON reviews.number = CAST(substr(review_id, 5) AS INTEGER)
        WHERE state = 'held' AND is_final AND status IN (SELECT value FROM json_each(:open))
    )
"""


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

    def reviews(self, query: ReviewQuery, total: int | None = None) -> tuple[list[Row], Page]:
        """Return one page of the reviews that a query asks for, each as a row with its JSON, and the page around it.

        `total` is how many there are, if that is known.
        """
        found, around = rows_of_page(
            self._listing(query),
            "reviews",
            "document, step",
            limit=query.limit,
            offset=query.offset,
            after=query.after,
            with_offset=query.with_offset,
            total=total,
        )
        is_part = query.changes_after is not None and around.cursor is not None
        return found, replace(around, step=found[-1][1] if is_part else self.last_step())

    def keys(self, query: ReviewQuery, words: Words) -> list[Row]:
        """Return the keys of all reviews that a query asks for and that may hold its words, in its order.

        Behind the two columns of the key stands whether the review has to be looked at; see `Words` and `Order.key`.
        """
        listing = self._listing(query, words)
        sql = f"SELECT {listing.order.key}, {words.is_unknown} FROM {listing.source.table} LEFT JOIN {TEXTS}"  # noqa: S608 - fixed words
        return self._database.rows(f"{sql} {listing.clause} ORDER BY {listing.order.clause}", listing.values)

    def count_by_deadline(self, query: ReviewQuery, moments: Sequence[str]) -> list[int]:
        """Return how many reviews of a query are due before the first moment, before the next, later, and never."""
        listing = self._listing(query)
        bounds = (*moments, NEVER)
        sums = ", ".join("coalesce(sum(due < ?), 0)" for _ in bounds)
        # With a limit, each moment is worked out once.
        due = f"SELECT {DEADLINE} AS due FROM {listing.source.table} {listing.clause} LIMIT -1"  # noqa: S608 - fixed words
        found = self._database.row(f"SELECT {sums}, count(*) FROM ({due})", (*bounds, *listing.values))  # noqa: S608
        return counts_between(list(found or ()))

    def tally(self, query: ReviewQuery, since: str) -> tuple[dict[str, int], float | None]:
        """Return how many finished reviews of a query ended since then, by verdict, and the median seconds to answer.

        The words of the query do not count.
        """
        listing = self._listing(replace(query, updated_after=since))
        ended, values = f"FROM {listing.source.table} {listing.clause}", listing.values
        counts: dict[str, int] = dict(self._database.rows(f"SELECT verdict, count(*) {ended} GROUP BY verdict", values))
        answered = sum(counts.get(verdict, 0) for verdict in ANSWERS)
        took: float | None = self._database.value(
            f"SELECT round((julianday({UPDATED}) - julianday(created_at)) * 86400, 3) AS took {ended} "  # noqa: S608 - fixed words
            "AND verdict IN (SELECT value FROM json_each(?)) ORDER BY took LIMIT 1 OFFSET ?",
            (*values, json.dumps(ANSWERS), answered // 2),
        )
        return counts, took

    def key(self, query: ReviewQuery, review_id: str) -> Row | None:
        """Return the key of one review in the order of a list, whether the list holds it or not."""
        sql = f"SELECT {order_of(query).key} FROM reviews WHERE number = ?"  # noqa: S608 - fixed words
        return self._database.row(sql, (review_number(review_id),))

    def place(self, query: ReviewQuery, key: Row) -> Place:
        """Return where the review with a key stands among those that a query asks for."""
        listing = self._listing(query)
        cursor, from_end = cursor_of(key), listing.from_end
        total, before = listing.total_and(*from_end.order.beyond(cursor))
        beside = from_end.beyond(cursor).key(), listing.beyond(cursor).key()
        previous, following = (None if each is None else review_id(each[1]) for each in beside)
        return Place(before, total, previous, following)

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
        are_open, keys = json.dumps(OPEN), json.dumps([name_key(name) for name in names])
        open_reviews: int = self._database.value(_OPEN_COUNT, {"open": are_open})
        rows = self._database.rows(_TO_ANSWER, {"names": keys, "open": are_open})
        counts = {key: (open_reviews - answered, assigned) for key, answered, assigned in rows}
        return {name: counts[name_key(name)] for name in names}

    def _listing(self, query: ReviewQuery, words: Words | None = None) -> Listing:
        """Return what a query asks for, of which the words count only if they are given.

        If one of its filters finds few reviews, or there are few candidates, these are looked at. Otherwise it is read
        from the index of all columns, unless its only filter has an index in the order of the list, too.
        """
        order, further = order_of(query), () if words is None else words.conditions
        filters, of_sets = _given(conditions(query)), _given(sets(query))
        if len(filters) < 2 and words is None:
            if not filters or query.changes_after is not None or any(getattr(query, name) for name in COLUMNS):
                return Listing(self._database, _PLAIN, order, *where(filters))
            if of_sets and not order.lead:
                ((numbers, value),) = of_sets
                return Listing(self._database, Source(f"({numbers})"), order, "", values_of(value))
        candidates = [*of_sets, *_given([] if words is None else [words.candidates])]
        if narrow := self._narrowest(query, candidates):
            filters = [(f"number IN ({narrow[0]})", narrow[1]), *_given(conditions(query, of_few=True)), *further]
            return Listing(self._database, _ONE_BY_ONE, order, *where(filters))
        source = _LISTED
        if not of_sets and query.asker is None:  # each part would look for these again
            source = replace(_LISTED, parts=[f"status = '{status}'" for status in statuses(query)])
        return Listing(self._database, source, order, *where((*filters, *further)))

    def _narrowest(self, query: ReviewQuery, of_sets: Sequence[Filter]) -> Filter | None:
        """Return the filter that finds the fewest reviews, about, if they are so few that looking at each is better."""
        few = [*_given(indexed(query)), *of_sets]
        for most, each in *((most, few) for most in _FEW), (self._size() // _PART, of_sets):
            if narrow := next((one for one in each if self._finds_at_most(most, *one)), None):
                return narrow
        return None

    def _size(self) -> int:
        """Return how many reviews there are; none is ever deleted."""
        return self._database.value("SELECT max(number) FROM reviews") or 0

    def _finds_at_most(self, most: int, numbers: str, value: Any) -> bool:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({numbers}) LIMIT ?)"  # noqa: S608 - fixed words
        return bool(self._database.value(sql, (*values_of(value), most + 1)) <= most)


def _given(filters: Iterable[Filter]) -> list[Filter]:
    return [(condition, value) for condition, value in filters if value is not None]


def counts_between(up_to: Sequence[int]) -> list[int]:
    """Return how many there are between each two of these bounds, from how many there are up to each."""
    return [count - before for count, before in zip(up_to, (0, *up_to), strict=False)]
