"""Erasing the contents of what ended long ago, wherever they are, in SQL; callers open the transactions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from hitl.server.loops.lifecycle import FINAL as ENDED_REQUESTS
from hitl.server.primitives import Document, review_number
from hitl.server.reviews.lifecycle import FINAL as ENDED_REVIEWS
from hitl.server.reviews.review_rows import compact, further_of
from hitl.server.storage import Reader, Store
from hitl.server.storage.queries import documents

_REQUEST_END: Final = "json_extract(document, '$.updated_at')"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_REVIEWS: Final = f"status IN ({_listed(ENDED_REVIEWS)}) AND json_extract(further, '$.erased') IS NULL"
_REQUESTS: Final = f"status IN ({_listed(ENDED_REQUESTS)}) AND json_extract(document, '$.erased') IS NULL"
# Of reviews, the number is kept.
_MADE: Final = "typeof(made) = 'text' AND json_extract(made, '$.id') = ?"

_ERASE_CREATION: Final = (
    "UPDATE creations SET made = "  # noqa: S608 - fixed words
    "json_set(made, '$.content', json('{}'), '$.metadata', json('{}'), '$.erased', json('true')) "
    f"WHERE {_MADE} AND json_type(made, '$.content') IS NOT NULL"
)

# Only a server that erases needs them, so only its file pays for them at each write.
_INDEXES: Final = (
    f"CREATE INDEX IF NOT EXISTS reviews_to_erase ON reviews (updated_at) WHERE {_REVIEWS}",
    f"CREATE INDEX IF NOT EXISTS requests_to_erase ON requests ({_REQUEST_END}) WHERE {_REQUESTS}",
    "CREATE INDEX IF NOT EXISTS events_by_subject ON events (subject_id)",
    "CREATE INDEX IF NOT EXISTS deliveries_by_subject ON deliveries (subject_id)",
    "CREATE INDEX IF NOT EXISTS creations_by_id ON creations (json_extract(made, '$.id')) WHERE typeof(made) = 'text'",
)


class ErasureStore(Store):
    """The statements, over one database."""

    def prepare(self) -> None:
        """Make the indexes by which the rest finds its rows."""
        for statement in _INDEXES:
            self._database.execute(statement)

    def reviews(self, before: str, most: int) -> list[Document]:
        """Return reviews that ended before a moment and whose contents are there, the earliest first."""
        sql = f"SELECT document FROM reviews WHERE {_REVIEWS} AND updated_at < ? ORDER BY updated_at LIMIT ?"  # noqa: S608 - fixed words
        return documents(self._database.rows(sql, (before, most)))

    def requests(self, before: str, most: int) -> list[Document]:
        """Return the same of requests."""
        sql = f"SELECT document FROM requests WHERE {_REQUESTS} AND {_REQUEST_END} < ? ORDER BY {_REQUEST_END} LIMIT ?"  # noqa: S608 - fixed words
        return documents(self._database.rows(sql, (before, most)))

    def erase_review(self, review: Mapping[str, Any]) -> None:
        """Replace a review by what is left of it, and erase what lies around it."""
        review_id, number = review["id"], review_number(review["id"])
        metadata = self._database.value("SELECT metadata FROM reviews WHERE number = ?", (number,))
        for entry in json.loads(metadata or "{}").items():
            self._database.execute(
                "DELETE FROM review_metadata WHERE entry = ? AND number = ?", (compact(entry), number)
            )
        self._database.execute(
            "UPDATE reviews SET content = ?, metadata = NULL, result = ?, further = ? WHERE number = ?",
            (compact(review["content"]), compact(review["result"]), further_of(review), number),
        )
        for statement in (
            "DELETE FROM earlier_contents WHERE review_id = ?",
            "DELETE FROM pending_answers WHERE review_id = ?",
            "UPDATE approvals SET result = '{}' WHERE review_id = ?",
            # Older versions kept a second copy for requests that are repeated.
            _ERASE_CREATION,
        ):
            self._database.execute(statement, (review_id,))

    def erase_request(self, request: Mapping[str, Any]) -> None:
        """The same of a request."""
        self._save("requests", request)
        self._database.execute("DELETE FROM feedback WHERE request_id = ?", (request["id"],))
        self._database.execute("UPDATE executions SET payload = '{}' WHERE request_id = ?", (request["id"],))

    def turn(self, request_id: str) -> Document | None:
        """Return the turn that a request asked about."""
        rows = self._database.rows("SELECT document FROM turns WHERE request_id = ?", (request_id,))
        return next(iter(documents(rows)), None)

    def erase_turn(self, turn: Mapping[str, Any]) -> None:
        """Replace a turn by what is left of it."""
        self._save("turns", turn)

    def execution(self, request_id: str) -> str | None:
        """Return the id of the workflow's execution that waited for a request."""
        execution: str | None = self._database.value("SELECT id FROM executions WHERE request_id = ?", (request_id,))
        return execution

    def payloads(self, table: str, subject_id: str) -> list[tuple[int, Document]]:
        """Return the payloads of the `events` or `deliveries` about something, by their numbers."""
        rows = self._database.rows(f"SELECT number, payload FROM {table} WHERE subject_id = ?", (subject_id,))  # noqa: S608 - fixed words
        return [(number, json.loads(payload)) for number, payload in rows]

    def save_payload(self, table: str, number: int, payload: Mapping[str, Any]) -> None:
        """Replace the payload of an event or a delivery."""
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        self._database.execute(f"UPDATE {table} SET payload = ? WHERE number = ?", (text, number))  # noqa: S608 - fixed words

    def erase_excerpts(self, subject_id: str) -> None:
        """Erase what receivers answered to deliveries about something: they may repeat what they got."""
        self._database.execute(
            "UPDATE attempts SET excerpt = NULL WHERE delivery_number IN "
            "(SELECT number FROM deliveries WHERE subject_id = ?)",
            (subject_id,),
        )

    def old_uploads(self, before: str) -> list[str]:
        """Return the ids of files that were uploaded before a moment."""
        rows = self._database.rows("SELECT id FROM uploads WHERE created_at < ?", (before,))
        return [upload_id for (upload_id,) in rows]

    def delete_uploads(self, upload_ids: Iterable[str]) -> None:
        """Delete files."""
        for upload_id in upload_ids:
            self._database.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))

    def _save(self, table: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, separators=(",", ":"))
        self._database.execute(f"UPDATE {table} SET document = ? WHERE id = ?", (text, document["id"]))  # noqa: S608 - fixed words
        self._database.execute(f"UPDATE creations SET made = ? WHERE {_MADE}", (text, document["id"]))  # noqa: S608 - fixed words


def texts_with_uploads(reader: Reader) -> list[str]:
    """Return every stored text that names a file which was uploaded; it takes long in a large file."""
    return [
        text
        for table, column in (("reviews", "document"), ("requests", "document"), ("earlier_contents", "content"))
        for (text,) in reader.rows(f"SELECT {column} FROM {table} WHERE instr({column}, '/uploads/') > 0")  # noqa: S608 - fixed words
    ]
