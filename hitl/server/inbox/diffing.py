"""What changed between two texts or two contents, as stretches that a page can mark. Nothing here is HTML.

By hand around difflib, which is too slow in its worst case: 4 kB of two words in random order take it 1.5 seconds.
Words that occur once on either side are matched first (patience diff), and difflib compares only the short stretches in
between. A text with too many pieces or changes is compared by lines, and at last shown as a whole, before and after.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal, TypeAlias

from hitl.server.inbox.documents import Document
from hitl.server.inbox.rendering import pretty

Kind: TypeAlias = Literal["same", "added", "removed"]
Match: TypeAlias = tuple[int, int, int]
"""A run of equal pieces: where it begins before and after, and its length."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MAX_PIECES: Final = 20_000
_MAX_STRETCHES: Final = 5_000  # each is some elements of the page
_MAX_PAIRS: Final = 1_000  # pieces before, times pieces after, that difflib compares
_MAX_DEPTH: Final = 8  # each level of the patience diff reads all pieces once


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that stayed, was added or was removed."""

    text: str
    change: Kind = "same"


@dataclass(frozen=True, slots=True)
class Diff:
    """Two values to compare: strings as they are, others as their JSON. A block as those of `rendering` are."""

    kind: ClassVar[str] = "diff"
    before: Any
    after: Any

    @property
    def stretches(self) -> list[Stretch]:
        """The comparison; read by the template, in its thread."""
        before, after = _text(self.before), _text(self.after)
        for split in (_WORDS.findall, _lines):
            old, new = split(before), split(after)
            if max(len(old), len(new)) <= _MAX_PIECES:
                found = [stretch for stretch in _compare(old, new) if stretch.text]
                if len(found) <= _MAX_STRETCHES:
                    return found
        return [Stretch(before, "removed"), Stretch(after, "added")]


@dataclass(frozen=True, slots=True)
class Changed:
    """One key of a content that changed."""

    key: str
    diff: Diff


def content_diff(before: Document, after: Document) -> list[Changed]:
    """Compare two contents key by key; what is equal is left out."""
    keys = [*after, *(key for key in before if key not in after)]
    return [
        Changed(key, Diff(before.get(key, ""), after.get(key, "")))
        for key in keys
        if _canonical(before, key) != _canonical(after, key)
    ]


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[Stretch]:
    i = j = 0
    for start, at, size in (*_common(old, new), (len(old), len(new), 0)):
        yield Stretch("".join(old[i:start]), "removed")
        yield Stretch("".join(new[j:at]), "added")
        yield Stretch("".join(old[start : start + size]))
        i, j = start + size, at + size


def _common(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Return what did not change, without single spaces between changes: a reader follows phrases, not words."""
    found: list[Match] = []
    for i, j, size in _matches(old, new, 0):
        last_i, last_j, last_size = found[-1] if found else (0, 0, 0)
        if found and (last_i + last_size, last_j + last_size) == (i, j):
            found[-1] = (last_i, last_j, last_size + size)
        elif size:
            found.append((i, j, size))
    ends = ((0, 0), (len(old) - 1, len(new) - 1))
    return [match for match in found if match[2] > 1 or old[match[0]] != " " or match[:2] in ends]


def _matches(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[Match]:
    shortest = min(len(old), len(new))
    head = next((index for index in range(shortest) if old[index] != new[index]), shortest)
    rest = shortest - head
    tail = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    yield 0, 0, head
    for i, j, size in _inner_matches(old[head : len(old) - tail], new[head : len(new) - tail], depth):
        yield head + i, head + j, size
    yield len(old) - tail, len(new) - tail, tail


def _inner_matches(old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[Match]:
    if len(old) * len(new) <= _MAX_PAIRS:
        # Without autojunk, which takes words that occur often, such as "the", for noise.
        yield from SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        return
    anchors = _anchors(old, new) if depth < _MAX_DEPTH else []
    for (i, j), (next_i, next_j) in pairwise(((0, 0), *anchors, (len(old), len(new))) if anchors else ()):
        for inner_i, inner_j, size in _matches(old[i:next_i], new[j:next_j], depth + 1):
            yield i + inner_i, j + inner_j, size


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of pieces that occur once in both, as far as they have the same order (patience sorting)."""
    count_old, count_new = Counter(old), Counter(new)
    new_places = {piece: place for place, piece in enumerate(new) if count_new[piece] == 1}
    old_places: dict[int, int] = {}  # by the place in `new`, as are those below
    before: dict[int, int] = {}
    smallest_ends: list[int] = []  # of the rising series of each length
    for i, piece in enumerate(old):
        if count_old[piece] == 1 and (j := new_places.get(piece)) is not None:
            length = bisect_left(smallest_ends, j)
            if length:
                before[j] = smallest_ends[length - 1]
            smallest_ends[length : length + 1] = [j]
            old_places[j] = i
    anchors: list[tuple[int, int]] = []
    place = smallest_ends[-1] if smallest_ends else None
    while place is not None:
        anchors.append((old_places[place], place))
        place = before.get(place)
    return anchors[::-1]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else pretty(value)


def _canonical(content: Document, key: str) -> tuple[bool, str]:
    return key in content, json.dumps(content.get(key))
