"""Reviews, their history and revisions, and templates, in SQL (`search` apart); callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from hitl.server.primitives import Document, Page, name_key, review_id, review_number
from hitl.server.reviews.lifecycle import OPEN, SELF_APPROVED
from hitl.server.reviews.review_rows import CHANGING, FIXED, changing_values, compact, fixed_values
from hitl.server.storage import Row, Store
from hitl.server.storage.queries import Filter, Order, cursor_of, document, one_of, page, rows_of_page, where

_ORDERS: Final = {
    None: "",
    "due": "deadline",
    "priority": "CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END",
}
ANSWERS: Final = ("approved", "rejected", "answered")
"""The verdicts that a person gives."""

NEVER: Final = "~"  # the deadline of a review that has none: behind all others
_DOCUMENT: Final = "SELECT document FROM reviews WHERE number = ?"
_INSERT: Final = (
    f"INSERT INTO reviews (number, {', '.join((*FIXED, *CHANGING))}) "  # noqa: S608 - fixed words
    f"VALUES ({', '.join('?' * (1 + len(FIXED) + len(CHANGING)))})"
)
_UPDATE: Final = f"UPDATE reviews SET {', '.join(f'{name} = ?' for name in CHANGING)} WHERE number = ?"  # noqa: S608 - fixed words
_ASSIGNEE: Final = "number IN (SELECT number FROM assignments WHERE name = ?)"
_OPEN_ASSIGNEE: Final = "number IN (SELECT number FROM assignments WHERE name = ? AND is_open)"
_REVIEWER: Final = "name_key(coalesce(json_extract(reviews.reviewer, '$'), '')) = ?"
_ASKER: Final = (
    "coalesce(json_extract(reviews.further, '$.asked_by.key_name'), reviews.asked_by, "
    "json_extract(reviews.metadata, '$.agent')) = ?"
)
# Each half has an index.
_UPDATED_AFTER: Final = (
    "number IN (WITH since (moment) AS (SELECT ?) SELECT number FROM since, reviews WHERE changed_at > moment "
    "UNION ALL SELECT number FROM since, reviews WHERE created_at > moment AND changed_at IS NULL)"
)
_NOT_ANSWERED: Final = (
    "id NOT IN (WITH person (key) AS (SELECT ?) SELECT review_id FROM pending_answers AS held, person "
    "WHERE state = 'held' AND (is_final OR held.key = person.key) "
    "UNION ALL SELECT review_id FROM approvals, person WHERE approvals.key = person.key)"
)
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
class ReviewQuery:
    """Filters, which narrow the list together, and the order of a list of reviews.

    Moments are in wire form; `due_after` is inclusive, the others are exclusive. `search` has words that must all occur
    in the strings and numbers of the content or in the id, with `search_people` also in the answer or in a name; case
    and the composition of characters are ignored. `not_answered_by` leaves out what this person has approved, or
    answered with an answer that is still held, and what a held answer of anybody will end. `changes_after` asks for
    reviews that changed after the step of this number, the earliest change first. `limit` None is all; `after` is the
    cursor of the page before, and `with_offset` asks how many reviews come before a page that such a cursor begins.
    `asker` is the name of the key or of the agent that asked, `asked_by` the id of the key. `sort` "due" puts the next
    deadline first, "priority" the most important.
    """

    status: str | Sequence[str] | None = None
    verdict: str | None = None
    asked_by: str | None = None
    priority: str | None = None
    asker: str | None = None
    assignee: str | None = None
    template_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    created_after: str | None = None
    created_before: str | None = None
    updated_after: str | None = None
    due_after: str | None = None
    due_before: str | None = None
    search: str | None = None
    ids: Sequence[str] | None = None
    not_answered_by: str | None = None
    reviewer: str | None = None
    search_people: bool = False
    changes_after: int | None = None
    limit: int | None = 50
    offset: int = 0
    after: str | None = None
    with_offset: bool = True
    oldest_first: bool = False
    sort: Literal["due", "priority"] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a review stands in a list: how many come before it and how long the list is, and its neighbours' ids."""

    before: int
    total: int
    previous: str | None
    next: str | None


class ReviewStore(Store):
    """The statements, over one database."""

    # Reviews

    def review(self, review_id: str) -> Document | None:
        """Return a review's document."""
        return document(self._database, _DOCUMENT, review_number(review_id))

    def review_text(self, review_id: str) -> str | None:
        """Return a review's document as JSON."""
        text: str | None = self._database.value(_DOCUMENT, (review_number(review_id),))
        return text

    def asker_of(self, review_id: str) -> str | None:
        """Return the id of the key that asked for a review; None for an unknown one, or one of no key."""
        sql = "SELECT asked_by FROM reviews WHERE number = ?"
        key_id: str | None = self._database.value(sql, (review_number(review_id),))
        return key_id

    def summary(self, review_id: str) -> Document | None:
        """Return a review's document without its content."""
        return document(self._database, "SELECT summary FROM reviews WHERE number = ?", review_number(review_id))

    def reviews(self, query: ReviewQuery) -> tuple[list[Row], Page]:
        """Return one page of the reviews that a query asks for, each as a row with its JSON, and the page around it."""
        found, around = rows_of_page(
            self._database,
            "reviews",
            list(_conditions(query)),
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
        clause, values = where((*_conditions(query), *further))
        order = order_of(query)
        sql = f"SELECT {order.key}, {beside} FROM reviews {clause} ORDER BY {order.clause}"  # noqa: S608 - fixed words
        return self._database.rows(sql, values)

    def count_by_deadline(self, query: ReviewQuery, moments: Sequence[str]) -> list[int]:
        """Return how many reviews of a query are due before the first moment, before the next, later, and never."""
        clause, values = where(_conditions(query))
        bounds = (*moments, NEVER)
        sums = ", ".join("coalesce(sum(deadline < ?), 0)" for _ in bounds)
        found = self._database.row(f"SELECT {sums}, count(*) FROM reviews {clause}", (*bounds, *values))  # noqa: S608 - fixed words
        return counts_between(list(found or ()))

    def tally(self, query: ReviewQuery, since: str) -> tuple[dict[str, int], float | None]:
        """Return how many finished reviews of a query ended since then, by verdict, and the median seconds to answer.

        The words of the query do not count.
        """
        clause, values = where((*_conditions(query), ("updated_at > ?", since)))
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
        clause, values = where(_conditions(query))
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
        text: str = self._database.value(_DOCUMENT, (number,))
        return text

    def size_of(self, review_id: str | None, template_id: str | None) -> int:
        """Return about how many bytes a review and its template take, or a template."""
        size: int = self._database.value(
            "SELECT coalesce((SELECT length(document) FROM reviews WHERE number = :review), 0) + coalesce((SELECT "
            "length(document) FROM templates WHERE id = coalesce(:template, (SELECT template_id FROM reviews WHERE "
            "number = :review))), 0)",
            {"review": review_number(review_id or ""), "template": template_id},
        )
        return size

    def next_numbers(self) -> tuple[int, int]:
        """Return the numbers of the next review and of its first step."""
        sql = "SELECT (SELECT max(number) FROM reviews), (SELECT max(step) FROM reviews)"
        number, step = self._database.rows(sql)[0]
        return (number or 0) + 1, (step or 0) + 1

    def add_review(self, review: Mapping[str, Any], step: int, expires_at: str | None, content: str) -> None:
        """Insert a new review, make it findable, and record that it was created.

        `expires_at` is None for a review that does not expire; `content` is the JSON of its content.
        """
        number = review_number(review["id"])
        self._database.execute(
            _INSERT, (number, *fixed_values(review), *changing_values(review, expires_at, step, content))
        )
        for entry in review["metadata"].items():
            self._database.execute(
                "INSERT INTO review_metadata (entry, number) VALUES (?, ?)", (compact(entry), number)
            )
        self._add_assignments(number, _assignments(review))

    def save_review(
        self,
        review: Mapping[str, Any],
        expires_at: str | None,
        event: str,
        actor: str | None,
        *,
        before: Mapping[str, Any],
    ) -> None:
        """Replace a review, which was as `before`, and record what happened to it and who did it.

        `expires_at` is None for a review that does not expire or is finished.
        """
        number, step = review_number(review["id"]), self.last_step() + 1
        if before["version"] == 1:
            # Its row says no longer that and when it was created.
            self._database.execute("INSERT INTO steps SELECT * FROM history WHERE review_number = ?", (number,))
        self._database.execute(
            "INSERT INTO steps (number, review_number, version, event, actor, at, self_approved) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (step, number, review["version"], event, actor, review["updated_at"], bool(review.get(SELF_APPROVED))),
        )
        self._database.execute(_UPDATE, (*changing_values(review, expires_at, step), number))
        present, earlier = _assignments(review), _assignments(before)
        if present != earlier:
            self._database.execute(
                "DELETE FROM assignments WHERE is_open = ? AND name IN (SELECT value FROM json_each(?)) AND number = ?",
                (earlier[0], json.dumps(earlier[1]), number),
            )
            self._add_assignments(number, present)

    def _add_assignments(self, number: int | None, assignments: tuple[bool, list[str]]) -> None:
        """Keep who has a review, and who has something to do about it."""
        is_open, names = assignments
        for name in names:
            self._database.execute(
                "INSERT OR IGNORE INTO assignments (is_open, name, number) VALUES (?, ?, ?)", (is_open, name, number)
            )

    def consume(self, review_id: str, claim: str, call: str, at: str) -> Document:
        """Note who uses an approval, unless somebody has, and return who has, as `{claim, call, at}`."""
        self._database.execute(
            "INSERT OR IGNORE INTO consumptions (review_id, claim, call, at) VALUES (?, ?, ?, ?)",
            (review_id, claim, call, at),
        )
        (row,) = self._database.rows("SELECT claim, call, at FROM consumptions WHERE review_id = ?", (review_id,))
        return dict(zip(("claim", "call", "at"), row, strict=True))

    def expires_at(self, review_id: str) -> str | None:
        """Return when an open review expires."""
        expires_at: str | None = self._database.value(
            "SELECT expires_at FROM reviews WHERE number = ?", (review_number(review_id),)
        )
        return expires_at

    def overdue(self, now: str) -> list[tuple[Document, str]]:
        """Return the reviews whose time has run out, each with the moment when it did, the earliest first."""
        rows = self._database.rows(
            "SELECT document, expires_at FROM reviews WHERE expires_at <= ? ORDER BY expires_at, number", (now,)
        )
        return [(json.loads(document), expires_at) for document, expires_at in rows]

    def next_expiry(self) -> str | None:
        """Return when the next review expires."""
        expires_at: str | None = self._database.value(
            "SELECT min(expires_at) FROM reviews WHERE expires_at IS NOT NULL"
        )
        return expires_at

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

    # History

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, in order."""
        rows = self._database.rows(
            "SELECT version, event, actor, at, self_approved FROM history WHERE review_number = ? ORDER BY number",
            (review_number(review_id),),
        )
        return [_step(*row) for row in rows]

    def last_step(self) -> int:
        """Return the number of what happened last to any review; 0 if nothing has."""
        return self._database.value("SELECT max(step) FROM reviews") or 0

    def steps_after(self, number: int, limit: int) -> list[Document]:
        """Return what happened after that to any review, in order, each with its `number` and `review_id`."""
        rows = self._database.rows(
            "SELECT number, review_number, version, event, actor, at FROM history WHERE number > ? "
            "ORDER BY number LIMIT ?",
            (number, limit),
        )
        names = ("number", "review_id", "version", "event", "actor", "at")
        return [dict(zip(names, (row[0], review_id(row[1]), *row[2:]), strict=True)) for row in rows]

    # Revisions

    def save_first_state(self, state: Mapping[str, Any]) -> None:
        """Keep the part of a new review that changes now, unless it has changed before."""
        self._database.execute(
            "INSERT OR IGNORE INTO first_states (review_number, document) VALUES (?, ?)",
            (review_number(state["id"]), compact(state)),
        )

    def first_state(self, review_id: str) -> Document | None:
        """Return that part; None if it has never changed."""
        sql = "SELECT document FROM first_states WHERE review_number = ?"
        return document(self._database, sql, review_number(review_id))

    def save_revision(self, review: Mapping[str, Any]) -> None:
        """Keep the content of a review that is about to change."""
        self._database.execute(
            "INSERT INTO earlier_contents (review_id, version, content) VALUES (?, ?, ?)",
            (review["id"], review["version"], json.dumps(review["content"])),
        )

    def first_revision(self, review_id: str) -> Document | None:
        """Return the content before its first change; None if it never changed."""
        sql = "SELECT content FROM earlier_contents WHERE review_id = ? ORDER BY version LIMIT 1"
        return document(self._database, sql, review_id)

    def last_revision(self, review_id: str) -> Document | None:
        """Return the content before its last change; None if it never changed."""
        sql = "SELECT content FROM earlier_contents WHERE review_id = ? ORDER BY version DESC LIMIT 1"
        return document(self._database, sql, review_id)

    # Templates

    def template(self, template_id: str) -> Document | None:
        """Return a template's document."""
        return document(self._database, "SELECT document FROM templates WHERE id = ?", template_id)

    def templates(self, limit: int | None, offset: int, after: str | None) -> Page:
        """Return one page of all templates, in the order of their creation."""
        return page(self._database, "templates", order=Order(), limit=limit, offset=offset, after=after)

    def save_template(self, template: Mapping[str, Any]) -> None:
        """Insert or replace a template."""
        self._database.execute(
            "INSERT INTO templates (id, document) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (template["id"], json.dumps(template)),
        )

    def delete_template(self, template_id: str) -> None:
        """Delete a template."""
        self._database.execute("DELETE FROM templates WHERE id = ?", (template_id,))


def counts_between(up_to: Sequence[int]) -> list[int]:
    """Return how many there are between each two of these bounds, from how many there are up to each."""
    return [count - before for count, before in zip(up_to, (0, *up_to), strict=False)]


def _assignments(review: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Return whether a review is open, and whom it is assigned to."""
    return review["status"] in OPEN, [name_key(name) for name in review["assignees"]]


def _step(version: int, event: str, actor: str | None, at: str, by_asker: int) -> Document:
    step: Document = {"version": version, "event": event, "actor": actor, "at": at}
    return {**step, SELF_APPROVED: True} if by_asker else step


def order_of(query: ReviewQuery) -> Order:
    """Return the order that a query asks for."""
    newest_first = not query.oldest_first
    if query.sort is None and (query.created_after or query.created_before):
        # The order of numbers, unless the clock was set back; but this one has an index that begins at the moment.
        return Order("created_at", descending=newest_first, lead_descending=newest_first)
    return Order(_ORDERS[query.sort], descending=newest_first)


def _asks_for_open(query: ReviewQuery) -> bool:
    statuses = [query.status] if isinstance(query.status, str) else query.status
    return statuses is not None and set(statuses) <= set(OPEN)


def _conditions(query: ReviewQuery) -> Iterator[Filter]:
    for entry in query.metadata.items():
        yield "number IN (SELECT number FROM review_metadata WHERE entry = ?)", compact(entry)
    yield from (
        one_of("status", query.status),
        one_of("number", None if query.ids is None else [review_number(each) for each in query.ids]),
        ("step > ?", query.changes_after),
        # Of two indexes, that of the status finds fewer: most reviews of a priority are finished.
        ("priority = ?" if query.status is None else "+priority = ?", query.priority),
        ("template_id = ?", query.template_id),
        ("verdict = ?", query.verdict),
        (_ASKER, query.asker),
        ("asked_by = ?", query.asked_by),
        ("created_at > ?", query.created_after),
        ("created_at < ?", query.created_before),
        (_UPDATED_AFTER, query.updated_after),
        ("(deadline >= ? AND deadline != '~')", query.due_after),
        ("deadline < ?", query.due_before),
        (_REVIEWER, None if query.reviewer is None else name_key(query.reviewer)),
        (_NOT_ANSWERED, None if query.not_answered_by is None else name_key(query.not_answered_by)),
        (
            _OPEN_ASSIGNEE if _asks_for_open(query) else _ASSIGNEE,
            None if query.assignee is None else name_key(query.assignee),
        ),
    )
