"""Where the words of a search occur, by the normal form of each review's texts and an index of its trigrams (FTS5).

Both cost more than a review if they are written alone, so they are written later, with many others. Until then a review
that changed after the step to which they reach may hold any word, and so may one whose text is too large, or all where
SQLite has no FTS5: `search` looks at these itself, and the same reviews are found.

A row of the index has the number of a step in the history of its review. Rows of earlier contents stay, and no text
names their step any more.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
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
_UNINDEXABLE: Final = re.compile("[\0\ud800-\udfff\ufffd]")
_REACHES: Final = "(SELECT reaches FROM search_index)"
# Whether the texts do not tell what a review holds: it has changed since, or they are too large.
_IS_UNKNOWN: Final = f"(step > {_REACHES} OR shown IS NULL)"
_HOLDS: Final = {False: "instr(shown, ?)", True: "(instr(shown, ?) OR instr(beside, ?))"}  # with what people added
_MAY_HOLD: Final = f"""
    SELECT number FROM review_texts JOIN search_texts ON search_texts.step = review_texts.rowid
    WHERE review_texts MATCH ?
    UNION ALL SELECT number FROM reviews WHERE step > {_REACHES}
    UNION ALL SELECT number FROM search_texts WHERE shown IS NULL
"""  # noqa: S608 - fixed words

TEXTS: Final = "(SELECT number AS text_number, shown, beside FROM search_texts) ON text_number = reviews.number"
"""What is joined to reviews for the conditions of `Words`; there may be no text of a review."""


@dataclass(frozen=True, slots=True)
class Words:
    """How SQL finds the reviews that hold some words.

    Attributes:
        candidates: The query for the numbers of all reviews that may hold them, and its value: None if there is none.
        conditions: What is true of each review that holds them.
        is_unknown: Whether a review that meets the conditions has to be looked at; the others hold the words.
    """

    candidates: Filter
    conditions: Sequence[Filter]
    is_unknown: str


@dataclass(frozen=True, slots=True)
class Part:
    """The steps that the index takes up next: where it reached before and reaches then, and the documents.

    Each is given as the number of its review, its step, and its JSON.
    """

    after: int
    reaches: int
    documents: Sequence[tuple[int, int, str]]


class SearchStore(Store):
    """The statements, over one database; callers open the transactions."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._exists = False

    def words(self, words: Sequence[str], *, people: bool) -> Words:
        """Return how these words are found; with `people`, also in names and answers."""
        if not self.exists:
            return Words(("", None), (), "1")
        known = [word for word in words if not _UNINDEXABLE.search(word)]
        trigrams = dict.fromkeys(each for word in known for each in _trigrams(word))
        holds = [(f"({_IS_UNKNOWN} OR {_HOLDS[people]})", (word,) * (1 + people)) for word in known]
        return Words(
            (_MAY_HOLD, " AND ".join(trigrams) or None), holds, _IS_UNKNOWN if len(known) == len(words) else "1"
        )

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
        self._database.execute("DELETE FROM search_texts")
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
            "SELECT reaches, (SELECT coalesce(max(step), 0) FROM reviews) FROM search_index"
        )[0]
        if last - after <= behind:
            return None
        reaches = min(after + AT_ONCE, last)
        documents = self._database.rows(
            "SELECT reviews.number, max(history.number), document FROM history "
            "JOIN reviews ON reviews.number = history.review_number "
            "WHERE history.number > ? AND history.number <= ? AND event IN (SELECT value FROM json_each(?)) "
            "GROUP BY reviews.number ORDER BY max(history.number)",
            (after, reaches, json.dumps(_TEXT_EVENTS)),
        )
        return Part(after, reaches, [(number, step, text) for number, step, text in documents])

    def add(self, part: Part, texts: Sequence[tuple[str, str]]) -> None:
        """Keep and index the texts of a part, as `search.texts_of` returns them, unless somebody has done so."""
        moved = self._database.rows(
            "UPDATE search_index SET reaches = ? WHERE reaches = ? RETURNING reaches", (part.reaches, part.after)
        )
        for (number, step, _), pair in zip(part.documents, texts, strict=True) if moved else ():
            is_large = sum(map(len, pair)) > _LARGEST
            kept = [None if is_large else _UNINDEXABLE.sub("\ufffd", text) for text in pair]
            self._database.execute("INSERT OR REPLACE INTO search_texts VALUES (?, ?, ?, ?)", (number, step, *kept))
            if not is_large:
                row = step, "\n".join(filter(None, kept))
                self._database.execute("INSERT INTO review_texts (rowid, text) VALUES (?, ?)", row)


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
    found = dict.fromkeys(word[start : start + 3] for start in range(len(word) - 2))
    return ['"{}"'.format(each.replace('"', '""')) for each in list(found)[:_TRIGRAMS]]
