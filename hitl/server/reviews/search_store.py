"""Which reviews may hold a word, by an index of the trigrams of their texts (FTS5); `search` then decides.

A row of the index costs more than a review if it is written alone, so it is written later, with many others. Until then
its review may hold any word, as all reviews that changed after the step to which the index reaches. So the index may be
behind, or empty, or missing where SQLite has no FTS5, and the same reviews are found.

A row has the number of a step in the history of its review. Rows of earlier contents stay; what they find is looked at
once more, and not found.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Final

from hitl.server.storage import Database, Store
from hitl.server.storage.queries import Filter

AT_ONCE: Final = 50
"""Steps that are indexed in one transaction, while which nobody else uses the database: a few milliseconds."""

BEHIND: Final = 150
"""Steps that need not be in the index: looking at their reviews takes a few milliseconds."""

_LARGEST: Final = 64 * 1024  # characters of a text; a larger one would hold everybody up, so it is always looked at
_TRIGRAMS: Final = 40  # of a word
_FORM: Final = "fts5(text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')"
# Steps after which a review may have another text, or others have to do with it.
_TEXT_EVENTS: Final = ("created", "updated", "assigned", "completed", "rejected")
# SQLite ends a text at its first null character, and UTF-8 has no lone surrogates.
_UNINDEXABLE: Final = re.compile("[\0\ud800-\udfff]")
_MAY_HOLD: Final = """number IN (
    SELECT reviews.number FROM review_texts JOIN history ON history.number = review_texts.rowid
    JOIN reviews ON reviews.id = history.review_id WHERE review_texts MATCH ?
    UNION ALL SELECT number FROM reviews WHERE step > (SELECT reaches FROM search_index)
    UNION ALL SELECT number FROM unindexed_reviews
)"""


@dataclass(frozen=True, slots=True)
class Part:
    """The steps that the index takes up next: where it reached before and reaches then, and the texts by step."""

    after: int
    reaches: int
    documents: Sequence[tuple[int, str]]


class SearchStore(Store):
    """The statements, over one database; callers open the transactions."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._exists = False

    def conditions(self, words: Iterable[str]) -> Iterator[Filter]:
        """Yield what is true for every review that holds these words, as far as the index can tell."""
        if not self.exists:
            return
        for word in words:
            trigrams = _trigrams(word)
            if trigrams:
                yield _MAY_HOLD, " AND ".join(trigrams)

    @property
    def exists(self) -> bool:
        """Whether there is an index to look into; nobody has searched the file otherwise, or SQLite has no FTS5."""
        if not self._exists and has_trigrams():
            known = self._database.value("SELECT unicode FROM search_index")
            self._exists = known == unicodedata.unidata_version
        return self._exists

    def create(self) -> bool:
        """Begin an index unless there is one, and return whether that was possible."""
        if self.exists or not has_trigrams():
            return self._exists
        self._database.execute("DROP TABLE IF EXISTS review_texts")
        self._database.execute(f"CREATE VIRTUAL TABLE review_texts USING {_FORM}")
        self._database.execute("DELETE FROM unindexed_reviews")
        # Another version of Unicode may fold a character that this one does not know.
        self._database.execute("UPDATE search_index SET reaches = 0, unicode = ?", (unicodedata.unidata_version,))
        return True

    def begin_anew(self) -> None:
        """Throw the index away, with every trace of earlier texts, and begin an empty one."""
        if self.exists:
            self._database.execute("UPDATE search_index SET reaches = 0, unicode = NULL")
            self._exists = False
            self.create()

    def next_part(self, behind: int) -> Part | None:
        """Return what to index next; None if the index is no more than so many steps behind."""
        after, last = self._database.rows(
            "SELECT reaches, (SELECT coalesce(max(number), 0) FROM history) FROM search_index"
        )[0]
        if last - after <= behind:
            return None
        reaches = min(after + AT_ONCE, last)
        documents = self._database.rows(
            "SELECT max(history.number), document FROM history JOIN reviews ON reviews.id = history.review_id "
            "WHERE history.number > ? AND history.number <= ? AND event IN (SELECT value FROM json_each(?)) "
            "GROUP BY reviews.number ORDER BY max(history.number)",
            (after, reaches, json.dumps(_TEXT_EVENTS)),
        )
        return Part(after, reaches, [(step, text) for step, text in documents])

    def add(self, part: Part, texts: Sequence[str]) -> None:
        """Index the texts of a part, unless somebody has done so."""
        moved = self._database.rows(
            "UPDATE search_index SET reaches = ? WHERE reaches = ? RETURNING reaches", (part.reaches, part.after)
        )
        for (step, _), text in zip(part.documents, texts, strict=True) if moved else ():
            if len(text) > _LARGEST:
                sql = "INSERT OR IGNORE INTO unindexed_reviews SELECT reviews.number FROM history JOIN reviews ON "
                self._database.execute(f"{sql} reviews.id = review_id WHERE history.number = ?", (step,))
            else:
                self._database.execute(
                    "INSERT INTO review_texts (rowid, text) VALUES (?, ?)", (step, _UNINDEXABLE.sub("\ufffd", text))
                )


@cache
def has_trigrams() -> bool:
    """Return whether this SQLite can index trigrams."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(f"CREATE VIRTUAL TABLE review_texts USING {_FORM}")
        except sqlite3.OperationalError:
            return False
    return True


def _trigrams(word: str) -> list[str]:
    """Return a word's trigrams as the terms of a query."""
    text = _UNINDEXABLE.sub("\ufffd", word)
    found = dict.fromkeys(text[start : start + 3] for start in range(len(text) - 2))
    return ['"{}"'.format(each.replace('"', '""')) for each in list(found)[:_TRIGRAMS]]
