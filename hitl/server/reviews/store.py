"""Reviews, their history and revisions, and templates, in SQL, lists apart; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hitl.server.primitives import Document, Page, name_key, review_id, review_number
from hitl.server.reviews.lifecycle import OPEN, SELF_APPROVED
from hitl.server.reviews.list_query import entry_of
from hitl.server.reviews.review_rows import CHANGING, FIXED, changing_values, compact, fixed_values
from hitl.server.storage import Database, Store
from hitl.server.storage.queries import Order, document, page

_MOST_SHARED: Final = 64  # templates that are kept in memory
_LONGEST_SHARED: Final = 32 * 1024  # characters of each
_DOCUMENT: Final = "SELECT document FROM reviews WHERE number = ?"
_INSERT: Final = (
    f"INSERT INTO reviews (number, {', '.join((*FIXED, *CHANGING))}) "  # noqa: S608 - fixed words
    f"VALUES ({', '.join('?' * (1 + len(FIXED) + len(CHANGING)))})"
)
_UPDATE: Final = f"UPDATE reviews SET {', '.join(f'{name} = ?' for name in CHANGING)} WHERE number = ?"  # noqa: S608 - fixed words


class ReviewStore(Store):
    """The statements, over one database, of which it alone writes the templates."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._shared: dict[str, tuple[int, Mapping[str, Any]]] = {}  # templates by id, with their sizes

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

    def size_of(self, review_id: str | None, template_id: str | None) -> int:
        """Return about how many bytes a review and its template take, or a template."""
        if review_id is None:  # as each creation asks
            kept = self._shared.get(template_id or "")
            size = (
                self._database.value("SELECT length(document) FROM templates WHERE id = ?", (template_id,))
                if kept is None
                else kept[0]
            )
        else:
            size = self._database.value(
                "SELECT length(content) + coalesce(length(result), 0) + coalesce((SELECT length(document) "
                "FROM templates WHERE id = coalesce(?, template_id)), 0) FROM reviews WHERE number = ?",
                (template_id, review_number(review_id)),
            )
        return int(size or 0)

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
                "INSERT INTO review_metadata (entry, number) VALUES (?, ?)", (entry_of(entry), number)
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
        number, step = review_number(review["id"]), self.next_numbers()[1]
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
        if review["reviewer"] is not None:
            self._database.execute(
                "INSERT OR IGNORE INTO answered_reviews (name, number) VALUES (?, ?)",
                (name_key(review["reviewer"]), number),
            )

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

    # History

    def history(self, review_id: str) -> list[Document]:
        """Return what happened to a review, in order."""
        rows = self._database.rows(
            "SELECT version, event, actor, at, self_approved FROM history WHERE review_number = ? ORDER BY number",
            (review_number(review_id),),
        )
        return [_step(*row) for row in rows]

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

    def shared_template(self, template_id: str) -> Mapping[str, Any] | None:
        """Return the same from memory, if it is not large; whoever asks gets the same document."""
        if (kept := self._shared.get(template_id)) is not None:
            return kept[1]
        with self._database.lock:  # so that nobody changes it before it is kept
            text: str | None = self._database.value("SELECT document FROM templates WHERE id = ?", (template_id,))
            if text is None:
                return None
            found: Mapping[str, Any] = json.loads(text)
            if len(text) < _LONGEST_SHARED and not self._database.is_writing:  # else it may be rolled back
                if len(self._shared) == _MOST_SHARED:
                    self._shared.clear()
                self._shared[template_id] = len(text), found
        return found

    def templates(self, limit: int | None, offset: int, after: str | None) -> Page:
        """Return one page of all templates, in the order of their creation."""
        return page(self._database, "templates", order=Order(), limit=limit, offset=offset, after=after)

    def save_template(self, template: Mapping[str, Any]) -> None:
        """Insert or replace a template."""
        self._shared.pop(template["id"], None)
        self._database.execute(
            "INSERT INTO templates (id, document) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (template["id"], json.dumps(template)),
        )

    def delete_template(self, template_id: str) -> None:
        """Delete a template."""
        self._shared.pop(template_id, None)
        self._database.execute("DELETE FROM templates WHERE id = ?", (template_id,))


def _assignments(review: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Return whether a review is open, and whom it is assigned to."""
    return review["status"] in OPEN, [name_key(name) for name in review["assignees"]]


def _step(version: int, event: str, actor: str | None, at: str, by_asker: int) -> Document:
    step: Document = {"version": version, "event": event, "actor": actor, "at": at}
    return {**step, SELF_APPROVED: True} if by_asker else step
