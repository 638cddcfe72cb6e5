"""Whether a review holds the words that somebody looks for: decided here, on one normal form of both.

In Python: SQLite's own lower() knows only ASCII, its numbers end at 64 bits, and its texts at the
first null character.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hitl._json import is_list, is_object
from hitl.server.reviews.lifecycle import visible

_CHUNK = 100  # characters: a run of combining marks is sorted in a time that grows with the square of its length
_MOST_MARKS = 30  # on a character, in any writing (Unicode Standard Annex 15, stream-safe text)


def normal(text: str) -> str:
    """Return the form in which texts are compared: canonically equal characters and cases are the same."""
    return text.lower() if text.isascii() else "".join(map(_folded, _chunks(text)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def _chunks(text: str) -> Iterator[str]:
    """Split a text between characters that do not combine."""
    start = 0
    while start < len(text):
        end = start + _CHUNK
        while end < min(len(text), start + _CHUNK + _MOST_MARKS) and _continues(text[end]):
            end += 1
        yield text[start:end]
        start = end


def _continues(character: str) -> bool:
    return bool(unicodedata.combining(character)) or "\u1160" <= character <= "\u11ff"  # vowels and ends of Hangul


def words_of(search: str) -> Sequence[str]:
    """Return the words to look for, as `holds` takes them."""
    words = set(normal(search).split())
    # A word that is a part of another is found with it.
    return [word for word in words if not any(word != other and word in other for other in words)]


def holds(document: str, words: Iterable[str], *, people: bool = False) -> bool:
    """Return whether all words occur in the id or in the strings and numbers of the content, which are not keys.

    With `people` they may also occur in the answer, or in the names of its assignees and reviewer.

    It takes as long as reading the whole document, so it is called without the lock of the database.
    """
    found = text_of(document, people=people)
    return all(word in found for word in words)


def text_of(document: str, *, people: bool) -> str:
    """Return the text in which the words of a search must occur."""
    shown, beside = texts_of(document)
    return f"{shown}\n{beside}" if people else shown


def texts_of(document: str) -> tuple[str, str]:
    """Return the text of a review's id and content, and that of its people and its answer, one value in a line."""
    review = json.loads(document, parse_int=str, parse_float=str, parse_constant=str)
    content = review.get("content")
    shown = visible(content) if is_object(content) else content
    beside = [review.get(name) for name in ("assignees", "reviewer", "result")]
    return _lines([review["id"], *_leaves(shown)]), _lines(_leaves(beside))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(map(normal, texts))


def _leaves(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif is_object(each):
            waiting.extend(each.values())
        elif is_list(each):
            waiting.extend(each)
