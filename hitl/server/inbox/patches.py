"""Unified diffs as files of numbered lines, without losing a character. Nothing here is HTML.

A line counts as removed, added or kept only as far as its hunk's header announces such lines, which is how `git apply`
and `patch` read it. What stands outside of hunks (heads of files, notes of a mail) is kept as it is. So the lines put
together are the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, pairwise
from typing import Final, Literal, TypeAlias

from hitl.server.inbox.diffing import Stretch, compare
from hitl.server.inbox.hidden_characters import unix_lines

LineKind: TypeAlias = Literal["head", "hunk", "same", "added", "removed"]

MAX_LINES: Final = 5_000
"""A patch with more lines is shown as code: each line is some elements of the page."""

FOLDED_FROM: Final = 400
"""A file with more lines starts closed."""

_MAX_PAIRS: Final = 600  # replaced lines of a patch that are compared word by word
_PAIRS_OF_FILE: Final = 200
_LONGEST_LINE: Final = 400  # characters of a line that is compared
_LEAST_KEPT: Final = 0.35  # of the longer of two lines, below which the marks of words would only distract

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_NEW_FILE = re.compile(r"diff --git |Index: \S")
_NAME = re.compile(r"(?:---|\+\+\+) (?:[ab]/)?([^\t\n]+)")
_GIT_NAME = re.compile(r"diff --git a/(.+) b/\1$")
_LANGUAGES: Final = frozenset({"diff", "patch", "udiff"})
_SIGNS: Final[dict[str, LineKind]] = {" ": "same", "": "same", "-": "removed", "+": "added"}


@dataclass(slots=True)
class Line:
    """A line of a patch: its sign and the rest, and its numbers before and after, where it has them."""

    kind: LineKind
    sign: str
    text: str
    old: int | None = None
    new: int | None = None
    stretches: list[Stretch] = field(default_factory=list[Stretch])

    @property
    def shown(self) -> list[Stretch]:
        """The text, with what changed within it marked."""
        return self.stretches or [Stretch(self.text)]


@dataclass(slots=True)
class PatchedFile:
    """The part of a patch that is about one file; `name` is empty before the first one."""

    lines: list[Line] = field(default_factory=list[Line])
    name: str = ""

    @property
    def added(self) -> int:
        """How many lines are added."""
        return sum(line.kind == "added" for line in self.lines)

    @property
    def removed(self) -> int:
        """How many lines are removed."""
        return sum(line.kind == "removed" for line in self.lines)

    @property
    def folded(self) -> bool:
        """Whether it starts closed."""
        return len(self.lines) > FOLDED_FROM


def is_patch(text: str, language: str = "") -> bool:
    """Return whether a text is a unified diff: it has a hunk, and above it the names of a file, or the language."""
    if text.count("\n") > MAX_LINES:
        return False
    lines = text.split("\n")
    hunks = [number for number, line in enumerate(lines) if _HUNK.match(line)]
    if language.strip().lower() in _LANGUAGES:
        return bool(hunks)
    return any(number > 1 and _are_names(lines[number - 2 : number]) for number in hunks)


def patched_files(text: str) -> list[PatchedFile]:
    """Split a patch into its files, and mark the words that changed."""
    files = files_of(text)
    for pairs_left, file in zip(range(_MAX_PAIRS, 0, -_PAIRS_OF_FILE), files, strict=False):
        _mark_words(file.lines, min(pairs_left, _PAIRS_OF_FILE))
    return files


def files_of(text: str) -> list[PatchedFile]:
    """Split a patch into its files, without the marks of words."""
    patch = _Patch()
    lines = unix_lines(text).removesuffix("\n").split("\n")
    for line, next_line in zip(lines, [*lines[1:], ""], strict=True):
        patch.add(line, next_line)
    return [file for file in patch.files if file.lines]


class _Patch:
    """A patch as far as it is read: where the present hunk stands, and how many of its lines are still to come."""

    def __init__(self) -> None:
        self.files = [PatchedFile()]
        self._old = self._new = 0
        self._old_left = self._new_left = 0
        self._has_hunks = False  # in the present file

    def add(self, line: str, next_line: str) -> None:
        """Read a line."""
        if self._is_announced(line):
            self._add_to_hunk(line)
        elif found := _HUNK.match(line):
            self._old, self._new = int(found[1]), int(found[3])
            self._old_left, self._new_left = int(found[2] or 1), int(found[4] or 1)
            self.files[-1].lines.append(Line("hunk", "", line))
            self._has_hunks = True
        else:
            self._add_head(line, next_line)

    def _is_announced(self, line: str) -> bool:
        kind = _SIGNS.get(line[:1])
        if kind == "same":
            return self._old_left > 0 and self._new_left > 0
        return self._old_left > 0 if kind == "removed" else kind == "added" and self._new_left > 0

    def _add_to_hunk(self, line: str) -> None:
        kind = _SIGNS[line[:1]]
        is_old, is_new = kind != "added", kind != "removed"
        numbers = self._old if is_old else None, self._new if is_new else None
        self.files[-1].lines.append(Line(kind, line[:1], line[1:], *numbers))
        self._old, self._old_left = self._old + is_old, self._old_left - is_old
        self._new, self._new_left = self._new + is_new, self._new_left - is_new

    def _add_head(self, line: str, next_line: str) -> None:
        if not line.startswith("\\"):  # "\ No newline at end of file" ends no hunk
            self._old_left = self._new_left = 0
        if _NEW_FILE.match(line) or (self._has_hunks and _are_names([line, next_line])):
            self.files.append(PatchedFile())
            self._has_hunks = False
        self.files[-1].lines.append(Line("head", "", line))
        self.files[-1].name = _name_in(line) or self.files[-1].name


def _are_names(lines: list[str]) -> bool:
    """Return whether two lines name a file before and after."""
    return lines[0].startswith("--- ") and lines[1].startswith("+++ ")


def _name_in(line: str) -> str:
    """Return the name that a line of a head gives; of a deleted file the one that it had."""
    found = _NAME.match(line) or _GIT_NAME.match(line)
    return found[1].strip() if found and found[1].strip() != "/dev/null" else ""


def _mark_words(lines: list[Line], most: int) -> None:
    """Mark what changed in lines that were replaced one by one."""
    runs = [(kind, list(run)) for kind, run in groupby(lines, lambda line: line.kind)]
    replaced = (
        zip(old, new, strict=False)
        for (kind, old), (next_kind, new) in pairwise(runs)
        if (kind, next_kind) == ("removed", "added")
    )
    for before, after in islice(chain.from_iterable(replaced), most):
        if max(len(before.text), len(after.text)) <= _LONGEST_LINE:
            _compare_lines(before, after)


def _compare_lines(before: Line, after: Line) -> None:
    stretches = compare(before.text, after.text)
    kept = sum(len(stretch.text.strip()) for stretch in stretches if stretch.change == "same")
    if kept >= _LEAST_KEPT * max(len(before.text.strip()), len(after.text.strip())):
        before.stretches = [stretch for stretch in stretches if stretch.change != "added"]
        after.stretches = [stretch for stretch in stretches if stretch.change != "removed"]
