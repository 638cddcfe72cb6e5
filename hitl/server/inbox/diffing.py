"""What changed between two texts or two contents, as stretches that a page can mark. Nothing here is HTML.

By hand around difflib, which is too slow in its worst case: 4 kB of two words in random order take it 1.5 seconds.
Words that occur once on either side are matched first (patience diff), then difflib compares the short stretches in
between, and the long ones are searched for few edits. A text with too many pieces or changes is compared by lines, and
at last shown as a whole, before and after.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal, TypeAlias

from hitl._json import is_list
from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.documents import Document
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.json_texts import pretty
from hitl.server.inbox.pieces import pieces

Kind: TypeAlias = Literal["same", "added", "removed"]
Match: TypeAlias = tuple[int, int, int]
"""A run of equal pieces: where it begins before and after, and its length."""

MAX_KEYS: Final = 200
"""Changed keys of a content that are compared one by one."""

_MAX_PIECES: Final = 20_000
_MAX_STRETCHES: Final = 5_000  # each is some elements of the page
_MAX_PAIRS: Final = 1_000  # pieces before, times pieces after, that difflib compares
_MAX_DEPTH: Final = 8  # each level of the patience diff reads all pieces once
_MAX_EDITS: Final = 40  # pieces removed or added in a stretch where no piece is unique
_COMPARISONS: Final = 20  # for each piece of such a stretch, before it is shown as a whole


class Missing:
    """What stands where a content has no such key; unlike null and the empty text."""


MISSING: Final = Missing()


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
    def note(self) -> str:
        """What the stretches do not say: a changed type, or line ends that changed; empty if nothing."""
        before, after = _type(self.before), _type(self.after)
        if before != after:
            return f"{before} → {after}"
        if isinstance(self.before, str) and isinstance(self.after, str):
            ends = _line_ends(self.before), _line_ends(self.after)
            return f"line ends: {ends[0]} → {ends[1]}" if ends[0] != ends[1] and all(ends) else ""
        return ""

    @property
    def stretches(self) -> list[Stretch]:
        """The comparison; read by the template, in its thread. Line ends are compared as line feeds."""
        return compare(*_texts(self.before, self.after))

    @property
    def count(self) -> int:
        """How many places changed; a removal and what was added in its place are one."""
        changes = [stretch.change for stretch in self.stretches]
        places = sum(
            change != "same" and (last, change) != ("removed", "added") for last, change in pairwise(["same", *changes])
        )
        return places or int(bool(self.note))


@dataclass(frozen=True, slots=True)
class Changed:
    """One key of a content that changed."""

    key: str
    diff: Diff


def compare(before: str, after: str) -> list[Stretch]:
    """Compare two texts by words; if that would be too many or too much changed, by lines, and at last as a whole."""
    for split in (partial(pieces, most=_MAX_PIECES + 1), _lines):
        old, new = split(before), split(after)
        if max(len(old), len(new)) <= _MAX_PIECES:
            found = [stretch for stretch in _compare(old, new) if stretch.text]
            if len(found) <= _MAX_STRETCHES:
                return found
    return [Stretch(before, "removed"), Stretch(after, "added")]


def content_diff(before: Document, after: Document) -> list[Changed]:
    """Compare two contents key by key, after `MAX_KEYS` of them the others together; what is equal is left out."""
    before, after = without_files(before), without_files(after)
    keys = [*after, *(key for key in before if key not in after)]
    changed = [key for key in keys if _canonical(before, key) != _canonical(after, key)]
    shown, others = changed[:MAX_KEYS], changed[MAX_KEYS:]
    found = [Changed(key, Diff(before.get(key, MISSING), after.get(key, MISSING))) for key in shown]
    if others:
        rest = ({key: content[key] for key in others if key in content} for content in (before, after))
        found.append(Changed(f"… and {len(others)} more", Diff(*rest)))
    return found


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
    if not anchors:
        yield from _few_edits(old, new)
        return
    for (i, j), (next_i, next_j) in pairwise(((0, 0), *anchors, (len(old), len(new)))):
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


def _few_edits(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Compare stretches without a unique piece (Myers, "An O(ND) difference algorithm"); nothing if much changed."""
    furthest, trace = {1: 0}, list[dict[int, int]]()
    budget = _COMPARISONS * (len(old) + len(new))
    for edits in range(_MAX_EDITS + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            i = _step(furthest, diagonal, edits)
            j = start = i - diagonal
            while i < len(old) and j < len(new) and old[i] == new[j]:
                i, j = i + 1, j + 1
            furthest[diagonal] = i
            budget -= 1 + j - start
            if i >= len(old) and j >= len(new):
                return _path(trace, len(old), len(new))
        if budget < 0:
            break
    return []


def _step(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    left, right = furthest.get(diagonal - 1, -1), furthest.get(diagonal + 1, -1)
    return right if diagonal == -edits or (diagonal != edits and left < right) else left + 1


def _path(trace: list[dict[int, int]], i: int, j: int) -> list[Match]:
    """Walk back from the ends of both."""
    found: list[Match] = []
    for edits in range(len(trace) - 1, -1, -1):
        start = _step(trace[edits], i - j, edits)
        size = i - start
        found.append((start, j - size, size))
        left, right = trace[edits].get(i - j - 1, -1), trace[edits].get(i - j + 1, -1)
        down = i - j == -edits or (i - j != edits and left < right)
        i, j = (start, j - size - 1) if down else (start - 1, j - size)
    return found[::-1]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _texts(before: Any, after: Any) -> tuple[str, str]:
    if isinstance(before, str) and isinstance(after, str):
        return unix_lines(before), unix_lines(after)
    return _text(before), _text(after)


def _text(value: Any) -> str:
    """Write a value beside one of another type: a text in quotes, unless it has lines to read."""
    if isinstance(value, Missing):
        return ""
    return unix_lines(value) if isinstance(value, str) and "\n" in value.strip() else pretty(value)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    # A boolean is an integer in Python, so it comes first.
    names = ((Missing, "missing"), (bool, "yes or no"), (str, "text"), (int, "whole number"), (float, "number"))
    return next((name for kind, name in names if isinstance(value, kind)), "list" if is_list(value) else "object")


def _line_ends(text: str) -> str:
    count, windows = text.count("\n"), text.count("\r\n")
    return ("CR LF" if windows == count else "mixed" if windows else "LF") if count else ""


def _canonical(content: Document, key: str) -> tuple[bool, str]:
    return key in content, json.dumps(content.get(key))
