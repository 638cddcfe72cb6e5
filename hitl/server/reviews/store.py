"""Reviews, templates, their history and the keys of creations, in SQL and nothing but SQL.

Every method is one or two statements; callers put several of them into one `transaction()`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from hitl.server.reviews.lifecycle import OPEN
from hitl.server.storage.database import Database

Document: TypeAlias = dict[str, Any]

_MOST_ROWS = 2**63 - 1  # SQLite's integers end here

_DUE = "json_extract(document, '$.due_date')"
# A review expires at its due date or earlier; one that was due before it was created does not expire for that.
_DEADLINE = f"coalesce(min(expires_at, {_DUE}), expires_at, {_DUE})"
_ORDERS: Final = {
    None: "number ",
    "due": f"{_DEADLINE} NULLS LAST, number ",
    "priority": "CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END, number ",
}
_LAST_STEP: Final = "(SELECT max(history.number) FROM history WHERE history.review_id = reviews.id)"
_MOST_WORDS = 8  # each is looked for by itself
# Values that are texts or numbers, and not the names of keys: "text" would find nearly every review.
_FOUND: Final = (
    "EXISTS (SELECT 1 FROM json_each(?) AS word WHERE instr(lower(reviews.id), word.value) OR EXISTS ("
    "SELECT 1 FROM json_tree(reviews.document, '$.content') AS leaf "
    "WHERE leaf.type IN ('text', 'integer', 'real') AND instr(lower(leaf.value), word.value)))"
)


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Which reviews are asked for, and in what order; filters narrow the list together.

    Attributes:
        status: One status or several.
        priority: One of the priorities.
        assignee: Somebody among the assignees, as written there.
        template_id: The template they were made from.
        created_after: Moment in wire form, as the next two; reviews of exactly that moment are not included.
        created_before: See `created_after`.
        updated_after: See `created_after`.
        due_after: Moment in wire form; only reviews that have a deadline, which is not before it.
        due_before: See `due_after`; the deadline is before it.
        search: Words that must all occur in the texts and numbers of the content or in the id, in upper or lower case.
        ids: Only these; unknown ones are left out.
        changes_after: Only reviews that changed after the step of this number, the earliest change first.
        limit: The greatest number of reviews; None for all.
        offset: How many to skip.
        oldest_first: Begin with the oldest instead of the newest.
        sort: "due" puts the next deadline first, "priority" the most important; None leaves the order of creation.
    """

    status: str | Sequence[str] | None = None
    priority: str | None = None
    assignee: str | None = None
    template_id: str | None = None
    created_after: str | None = None
    created_before: str | None = None
    updated_after: str | None = None
    due_after: str | None = None
    due_before: str | None = None
    search: str | None = None
    ids: Sequence[str] | None = None
    changes_after: int | None = None
    limit: int | None = 50
    offset: int = 0
    oldest_first: bool = False
    sort: Literal["due", "priority"] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and how long the whole list is.

    Attributes:
        items: The part.
        total: How many there are in all.
        step: The number up to which the part tells of changes; what follows is asked for with `changes_after`.
    """

    items: list[Document]
    total: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Creation:
    """What was created under an idempotency key, by whom, and what it was asked with."""

    owner: str
    key: str
    fingerprint: str
    document: Document


class Store:
    """The statements, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.lock = database.lock
        self.transaction = database.transaction
        self.close = database.close

    def next_number(self, name: str) -> int:
        """Return 1, 2, 3 … for each call with the same name; no number comes twice, not even after a deletion."""
        row = self._database.row(
            "INSERT INTO counters (name, value) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        )
        assert row is not None  # noqa: S101 - an upsert with RETURNING always answers a row
        number: int = row[0]
        return number

    # Reviews

    def review(self, review_id: str) -> Document | None:
        """Return a review's document."""
        return _document(self._database.row("SELECT document FROM reviews WHERE id = ?", (review_id,)))

    def reviews(self, query: ReviewQuery) -> Page:
        """Return one page of the reviews that a query asks for."""
        where, values = _where(query)
        order = _ORDERS[query.sort] + ("ASC" if query.oldest_first else "DESC")
        if query.changes_after is not None:
            order = f"{_LAST_STEP} ASC"
        limit = -1 if query.limit is None else query.limit
        rows = self._database.rows(
            f"SELECT document FROM reviews {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608 - fixed words
            (*values, limit, min(query.offset, _MOST_ROWS)),
        )
        count = self._database.row(f"SELECT count(*) FROM reviews {where}", values)  # noqa: S608 - fixed words
        total = count[0] if count else 0
        is_part = query.changes_after is not None and rows and query.offset + len(rows) < total
        documents = _documents(rows)
        return Page(documents, total, self._last_step_of(documents[-1]["id"]) if is_part else self.last_step())

    def _last_step_of(self, review_id: str) -> int:
        row = self._database.row("SELECT max(number) FROM history WHERE review_id = ?", (review_id,))
        return (row[0] or 0) if row else 0

    def save_review(self, review: Mapping[str, Any], expires_at: str | None) -> None:
        """Insert or replace a review; `expires_at` is None for one that does not expire or is finished."""
        values = (
            review["id"],
            review["template_id"],
            review["status"],
            review["priority"],
            review["created_at"],
            review["updated_at"],
            expires_at,
            json.dumps(review),
        )
        self._database.execute(
            "INSERT INTO reviews (id, template_id, status, priority, created_at, updated_at, expires_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status, "
            "priority = excluded.priority, updated_at = excluded.updated_at, expires_at = excluded.expires_at, "
            "document = excluded.document",
            values,
        )
        self._save_assignments(review)

    def _save_assignments(self, review: Mapping[str, Any]) -> None:
        """Keep who has something to do."""
        self._database.execute("DELETE FROM open_assignments WHERE review_id = ?", (review["id"],))
        if review["assignees"] and review["status"] in OPEN:
            self._database.execute(
                "INSERT OR IGNORE INTO open_assignments (review_id, name) SELECT ?, value FROM json_each(?)",
                (review["id"], json.dumps(review["assignees"])),
            )

    def expires_at(self, review_id: str) -> str | None:
        """Return when an open review expires."""
        row = self._database.row("SELECT expires_at FROM reviews WHERE id = ?", (review_id,))
        return row[0] if row else None

    def overdue(self, now: str) -> list[tuple[Document, str]]:
        """Return the reviews whose time has run out, each with the moment when it did, the earliest first."""
        rows = self._database.rows(
            "SELECT document, expires_at FROM reviews WHERE expires_at <= ? ORDER BY expires_at, number", (now,)
        )
        return [(json.loads(document), expires_at) for document, expires_at in rows]

    def next_expiry(self) -> str | None:
        """Return when the next review expires."""
        row = self._database.row("SELECT min(expires_at) FROM reviews WHERE expires_at IS NOT NULL")
        return row[0] if row else None

    def count_by_status(self, template_id: str | None = None) -> dict[str, int]:
        """Return how many reviews there are in each status that occurs, of one template or of all."""
        where, values = ("WHERE template_id = ?", (template_id,)) if template_id is not None else ("", ())
        sql = f"SELECT status, count(*) FROM reviews {where} GROUP BY status"  # noqa: S608 - fixed words
        return dict(self._database.rows(sql, values))

    # History

    def remember(self, review: Mapping[str, Any], event: str, actor: str | None) -> None:
        """Write down what happened to a review, and who did it."""
        self._database.execute(
            "INSERT INTO history (review_id, version, event, actor, at) VALUES (?, ?, ?, ?, ?)",
            (review["id"], review["version"], event, actor, review["updated_at"]),
        )

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, in order."""
        rows = self._database.rows(
            "SELECT version, event, actor, at FROM history WHERE review_id = ? ORDER BY number", (review_id,)
        )
        return [dict(zip(("version", "event", "actor", "at"), row, strict=True)) for row in rows]

    def last_step(self) -> int:
        """Return the number of what happened last to any review, 0 if nothing has."""
        row = self._database.row("SELECT max(number) FROM history")
        return (row[0] or 0) if row else 0

    def steps_after(self, number: int, limit: int) -> list[Document]:
        """Return what happened after that to any review, in order, each with its `number` and `review_id`."""
        rows = self._database.rows(
            "SELECT number, review_id, version, event, actor, at FROM history WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        names = ("number", "review_id", "version", "event", "actor", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]

    # Templates

    def template(self, template_id: str) -> Document | None:
        """Return a template's document."""
        return _document(self._database.row("SELECT document FROM templates WHERE id = ?", (template_id,)))

    def templates(self, limit: int | None, offset: int) -> Page:
        """Return one page of all templates, in the order of their creation."""
        rows = self._database.rows(
            "SELECT document FROM templates ORDER BY number LIMIT ? OFFSET ?",
            (-1 if limit is None else limit, min(offset, _MOST_ROWS)),
        )
        count = self._database.row("SELECT count(*) FROM templates")
        return Page(_documents(rows), count[0] if count else 0)

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

    # Idempotency keys

    def creation(self, owner: str, key: str) -> Creation | None:
        """Return what one owner created under a key."""
        row = self._database.row(
            "SELECT fingerprint, document FROM creations WHERE owner = ? AND key = ?", (owner, key)
        )
        return None if row is None else Creation(owner, key, row[0], json.loads(row[1]))

    def save_creation(self, creation: Creation) -> None:
        """Keep what was created under a key, for as long as the database lives."""
        self._database.execute(
            "INSERT INTO creations (owner, key, fingerprint, document) VALUES (?, ?, ?, ?)",
            (creation.owner, creation.key, creation.fingerprint, json.dumps(creation.document)),
        )


def _document(row: tuple[Any, ...] | None) -> Document | None:
    return None if row is None else json.loads(row[0])


def _documents(rows: Sequence[tuple[Any, ...]]) -> list[Document]:
    return [json.loads(row[0]) for row in rows]


def _where(query: ReviewQuery) -> tuple[str, tuple[Any, ...]]:
    filters = list(_filters(query))
    if not filters:
        return "", ()
    return "WHERE " + " AND ".join(condition for condition, _ in filters), tuple(value for _, value in filters)


def _filters(query: ReviewQuery) -> Iterator[tuple[str, Any]]:
    statuses = [query.status] if isinstance(query.status, str) else query.status
    conditions = (
        ("status IN (SELECT value FROM json_each(?))", None if statuses is None else json.dumps(list(statuses))),
        ("id IN (SELECT value FROM json_each(?))", None if query.ids is None else json.dumps(list(query.ids))),
        ("id IN (SELECT review_id FROM history WHERE history.number > ?)", query.changes_after),
        ("priority = ?", query.priority),
        ("template_id = ?", query.template_id),
        ("created_at > ?", query.created_after),
        ("created_at < ?", query.created_before),
        ("updated_at > ?", query.updated_after),
        (f"{_DEADLINE} >= ?", query.due_after),
        (f"{_DEADLINE} < ?", query.due_before),
        (
            "EXISTS (SELECT 1 FROM json_each(reviews.document, '$.assignees') AS assignee WHERE assignee.value = ?)",
            query.assignee,
        ),
        *((_FOUND, json.dumps(_spellings(word))) for word in (query.search or "").split()[:_MOST_WORDS]),
    )
    return ((condition, value) for condition, value in conditions if value is not None)


def _spellings(word: str) -> list[str]:
    """Return the word as texts may spell it: SQLite's lower() knows the letters of ASCII only."""
    spellings = (word, word.lower(), word.upper(), word.title())
    return list(dict.fromkeys(_lower_ascii(each) for each in spellings))


def _lower_ascii(word: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)
