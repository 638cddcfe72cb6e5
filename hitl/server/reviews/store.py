"""Reviews, their history and revisions, and templates, in SQL, lists apart; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hitl._verdict import verdict_of
from hitl.server.primitives import Document, Page, name_key
from hitl.server.reviews.lifecycle import OPEN, SELF_APPROVED
from hitl.server.reviews.list_query import NEVER, entry_of
from hitl.server.storage import Store
from hitl.server.storage.queries import Order, document, page

_DOCUMENT: Final = "SELECT document FROM reviews WHERE id = ?"


class ReviewStore(Store):
    """The statements, over one database."""

    # Reviews

    def review(self, review_id: str) -> Document | None:
        """Return a review's document."""
        return document(self._database, _DOCUMENT, review_id)

    def review_text(self, review_id: str) -> str | None:
        """Return a review's document as JSON."""
        text: str | None = self._database.value(_DOCUMENT, (review_id,))
        return text

    def asker_of(self, review_id: str) -> str | None:
        """Return the id of the key that asked for a review; None for an unknown one, or one of no key."""
        key_id: str | None = self._database.value("SELECT asked_by FROM reviews WHERE id = ?", (review_id,))
        return key_id

    def without_content(self, review_id: str) -> Document | None:
        """Return a review's document without its content."""
        return document(
            self._database, "SELECT json_remove(document, '$.content') FROM reviews WHERE id = ?", review_id
        )

    def size_of(self, review_id: str | None, template_id: str | None) -> int:
        """Return about how many bytes a review and its template take, or a template."""
        size: int = self._database.value(
            "SELECT coalesce((SELECT length(document) FROM reviews WHERE id = :review), 0) + coalesce((SELECT "
            "length(document) FROM templates WHERE id = coalesce(:template, (SELECT template_id FROM reviews WHERE "
            "id = :review))), 0)",
            {"review": review_id, "template": template_id},
        )
        return size

    def save_review(
        self,
        review: Mapping[str, Any],
        expires_at: str | None,
        text: str | None = None,
        *,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert or replace a review, whose history is up to date; `before` is what it replaces.

        `expires_at` is None for a review that does not expire or is finished; `text` is its JSON, if it is known.
        """
        columns = ("id", "template_id", "status", "priority", "created_at", "updated_at")
        self._database.execute(
            "INSERT INTO reviews (id, template_id, status, priority, created_at, updated_at, expires_at, deadline, "
            "verdict, document, asked_by, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "(SELECT coalesce(max(number), 0) FROM history WHERE review_id = ?)) "
            "ON CONFLICT (id) DO UPDATE SET status = excluded.status, priority = excluded.priority, "
            "updated_at = excluded.updated_at, expires_at = excluded.expires_at, deadline = excluded.deadline, "
            "verdict = excluded.verdict, document = excluded.document, step = excluded.step",
            (
                *(review[column] for column in columns),
                *(expires_at, _deadline(review, expires_at), _verdict(review)),
                *(text or as_json(review), _key_of(review), review["id"]),
            ),
        )
        self._save_assignments(review, before)
        if review["reviewer"] is not None:
            self._database.execute(
                "INSERT OR IGNORE INTO answered_reviews (name, number) SELECT ?, number FROM reviews WHERE id = ?",
                (name_key(review["reviewer"]), review["id"]),
            )

    def save_metadata(self, review: Mapping[str, Any]) -> None:
        """Make a new review findable by its metadata, which never changes."""
        for entry in review["metadata"].items():
            self._database.execute(
                "INSERT INTO review_metadata (review_id, entry) VALUES (?, ?)", (review["id"], entry_of(entry))
            )

    def consume(self, review_id: str, claim: str, call: str, at: str) -> Document:
        """Note who uses an approval, unless somebody has, and return who has, as `{claim, call, at}`."""
        self._database.execute(
            "INSERT OR IGNORE INTO consumptions (review_id, claim, call, at) VALUES (?, ?, ?, ?)",
            (review_id, claim, call, at),
        )
        (row,) = self._database.rows("SELECT claim, call, at FROM consumptions WHERE review_id = ?", (review_id,))
        return dict(zip(("claim", "call", "at"), row, strict=True))

    def _save_assignments(self, review: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        """Keep who has a review, and who has something to do about it."""
        present, earlier = _assignments(review), None if before is None else _assignments(before)
        if present == earlier:
            return
        if earlier is not None:
            self._database.execute(
                "DELETE FROM assignments WHERE is_open = ? AND name IN (SELECT value FROM json_each(?)) AND number = "
                "(SELECT number FROM reviews WHERE id = ?)",
                (*earlier, review["id"]),
            )
        self._database.execute(
            "INSERT OR IGNORE INTO assignments (is_open, name, number) "
            "SELECT ?, value, number FROM json_each(?), reviews WHERE reviews.id = ?",
            (*present, review["id"]),
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

    # History

    def add_history(self, review: Mapping[str, Any], event: str, actor: str | None) -> None:
        """Record what happened to a review, and who did it."""
        self._database.execute(
            "INSERT INTO history (review_id, version, event, actor, at, self_approved) VALUES (?, ?, ?, ?, ?, ?)",
            (review["id"], review["version"], event, actor, review["updated_at"], bool(review.get(SELF_APPROVED))),
        )

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, in order."""
        rows = self._database.rows(
            "SELECT version, event, actor, at, self_approved FROM history WHERE review_id = ? ORDER BY number",
            (review_id,),
        )
        return [_step(*row) for row in rows]

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


def _assignments(review: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether a review is open, and the JSON of whom it is assigned to."""
    return review["status"] in OPEN, json.dumps([name_key(name) for name in review["assignees"]])


def _deadline(review: Mapping[str, Any], expires_at: str | None) -> str:
    """Return when a review expires or is due, whichever is earlier; one that was due before it came does not expire."""
    return min(filter(None, (expires_at, review.get("due_date"))), default=NEVER)


def _verdict(review: Mapping[str, Any]) -> str | None:
    return verdict_of(review["status"], review["result"] or {}, review.get("verdict_field"))


def _step(version: int, event: str, actor: str | None, at: str, by_asker: int) -> Document:
    step: Document = {"version": version, "event": event, "actor": actor, "at": at}
    return {**step, SELF_APPROVED: True} if by_asker else step


def _key_of(review: Mapping[str, Any]) -> str | None:
    """Return the id of the key that asked."""
    asker: Mapping[str, Any] = review.get("asked_by") or {}
    return asker.get("key_id")


def as_json(review: Mapping[str, Any], content: str | None = None) -> str:
    """Return the JSON of a review; that of its `content` may be made before, without the lock that others wait for."""
    if content is None:
        return compact(review)
    rest = compact({name: value for name, value in review.items() if name != "content"})
    return f'{rest[:-1]},"content":{content}}}'


def compact(value: Mapping[str, Any]) -> str:
    """Return the JSON of an object without spaces."""
    return json.dumps(value, separators=(",", ":"))
