"""Reviews, their history and revisions, and templates, in SQL (`search` apart); callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hitl.server.primitives import Document, Page
from hitl.server.reviews import search
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.storage import Database, Store
from hitl.server.storage.queries import Filter, document, one_of, page, where

_DUE = "json_extract(document, '$.due_date')"
# A review expires at its due date or earlier; one that was due before it was created does not expire for that.
_DEADLINE = f"coalesce(min(expires_at, {_DUE}), expires_at, {_DUE})"
_ORDERS: Final = {
    None: "number ",
    "due": f"{_DEADLINE} NULLS LAST, number ",
    "priority": "CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END, number ",
}
_LAST_STEP: Final = "(SELECT max(history.number) FROM history WHERE history.review_id = reviews.id)"


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Filters, which narrow the list together, and the order of a list of reviews.

    Moments are in wire form; `due_after` is inclusive, the others are exclusive. `search` has words that must all occur
    in the strings and numbers of the content or in the id; case and the composition of characters are
    ignored. `changes_after` asks for reviews that
    changed after the step of this number, the earliest change first. `limit` None is all. `sort` "due" puts the next
    deadline first, "priority" the most important.
    """

    status: str | Sequence[str] | None = None
    priority: str | None = None
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
    changes_after: int | None = None
    limit: int | None = 50
    offset: int = 0
    oldest_first: bool = False
    sort: Literal["due", "priority"] | None = None


class ReviewStore(Store):
    """The statements, over one database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        database.add_function(search.holds)

    # Reviews

    def review(self, review_id: str) -> Document | None:
        """Return a review's document."""
        return document(self._database, "SELECT document FROM reviews WHERE id = ?", review_id)

    def reviews(self, query: ReviewQuery) -> Page:
        """Return one page of the reviews that a query asks for."""
        conditions = list(_conditions(query))
        order = _ORDERS[query.sort] + ("ASC" if query.oldest_first else "DESC")
        if query.changes_after is not None:
            order = f"{_LAST_STEP} ASC"
        found = page(self._database, "reviews", conditions, order=order, limit=query.limit, offset=query.offset)
        is_part = query.changes_after is not None and found.items and query.offset + len(found.items) < found.total
        step = self.last_step(found.items[-1]["id"] if is_part else None)
        return Page(found.items, found.total, step)

    def save_review(self, review: Mapping[str, Any], expires_at: str | None) -> None:
        """Insert or replace a review; `expires_at` is None for one that does not expire or is finished."""
        columns = ("id", "template_id", "status", "priority", "created_at", "updated_at")
        self._database.execute(
            "INSERT INTO reviews (id, template_id, status, priority, created_at, updated_at, expires_at, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status, "
            "priority = excluded.priority, updated_at = excluded.updated_at, expires_at = excluded.expires_at, "
            "document = excluded.document",
            (*(review[column] for column in columns), expires_at, json.dumps(review)),
        )
        self._save_assignments(review)

    def save_metadata(self, review: Mapping[str, Any]) -> None:
        """Make a new review findable by its metadata, which never changes."""
        for entry in review["metadata"].items():
            self._database.execute(
                "INSERT INTO review_metadata (review_id, entry) VALUES (?, ?)", (review["id"], _entry(entry))
            )

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
        expires_at: str | None = self._database.value("SELECT expires_at FROM reviews WHERE id = ?", (review_id,))
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

    # History

    def add_history(self, review: Mapping[str, Any], event: str, actor: str | None) -> None:
        """Record what happened to a review, and who did it."""
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

    def last_step(self, review_id: str | None = None) -> int:
        """Return the number of what happened last, to one review or any; 0 if nothing has."""
        clause, values = where([("review_id = ?", review_id)])
        return self._database.value(f"SELECT max(number) FROM history {clause}", values) or 0  # noqa: S608 - fixed words

    def steps_after(self, number: int, limit: int) -> list[Document]:
        """Return what happened after that to any review, in order, each with its `number` and `review_id`."""
        rows = self._database.rows(
            "SELECT number, review_id, version, event, actor, at FROM history WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        names = ("number", "review_id", "version", "event", "actor", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]

    # Revisions

    def save_revision(self, review: Mapping[str, Any]) -> None:
        """Keep the content of a review that is about to change."""
        self._database.execute(
            "INSERT INTO earlier_contents (review_id, version, content) VALUES (?, ?, ?)",
            (review["id"], review["version"], json.dumps(review["content"])),
        )

    def last_revision(self, review_id: str) -> Document | None:
        """Return the content before its last change; None if it never changed."""
        sql = "SELECT content FROM earlier_contents WHERE review_id = ? ORDER BY version DESC LIMIT 1"
        return document(self._database, sql, review_id)

    # Templates

    def template(self, template_id: str) -> Document | None:
        """Return a template's document."""
        return document(self._database, "SELECT document FROM templates WHERE id = ?", template_id)

    def form(self, review_id: str) -> Document | None:
        """Return the template of a review as it was when the review was created."""
        sql = (
            "SELECT coalesce(earlier_templates.document, templates.document) FROM reviews "
            "LEFT JOIN earlier_templates ON earlier_templates.number = reviews.form "
            "LEFT JOIN templates ON templates.id = reviews.template_id WHERE reviews.id = ?"
        )
        return document(self._database, sql, review_id)

    def keep_form(self, template: Mapping[str, Any]) -> None:
        """Keep a template that is about to change for the reviews that were created with it."""
        number: int | None = self._database.value(
            "INSERT INTO earlier_templates (template_id, document) SELECT ?, ? WHERE EXISTS "
            "(SELECT 1 FROM reviews WHERE template_id = ? AND form IS NULL) RETURNING number",
            (template["id"], json.dumps(template), template["id"]),
        )
        if number is not None:
            self._database.execute(
                "UPDATE reviews SET form = ? WHERE template_id = ? AND form IS NULL", (number, template["id"])
            )

    def templates(self, limit: int | None, offset: int) -> Page:
        """Return one page of all templates, in the order of their creation."""
        return page(self._database, "templates", order="number", limit=limit, offset=offset)

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


def _entry(entry: tuple[str, str]) -> str:
    return json.dumps(entry)


def _conditions(query: ReviewQuery) -> Iterator[Filter]:
    for entry in query.metadata.items():
        yield "id IN (SELECT review_id FROM review_metadata WHERE entry = ?)", _entry(entry)
    yield from (
        one_of("status", query.status),
        one_of("id", query.ids),
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
        ("holds(document, ?)", search.words_of(query.search) if query.search and query.search.strip() else None),
    )
