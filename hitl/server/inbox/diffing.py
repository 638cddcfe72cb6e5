"""What changed between two texts or two contents, as stretches that a page can mark. Nothing here is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, ClassVar, Final, Literal, TypeAlias

from hitl.server.inbox.documents import Document
from hitl.server.inbox.rendering import pretty

Kind: TypeAlias = Literal["same", "added", "removed"]

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_PIECES: Final = 2_000
"""Pieces that are compared one by one: the time that it takes grows with their square."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that stayed, came or went."""

    text: str
    change: Kind = "same"


@dataclass(frozen=True, slots=True)
class Diff:
    """A text with what came and what went; a block as those of `rendering` are."""

    kind: ClassVar[str] = "diff"
    stretches: list[Stretch]


@dataclass(frozen=True, slots=True)
class Changed:
    """One key of a content that is not as it was."""

    key: str
    diff: Diff


def text_diff(before: str, after: str) -> Diff:
    """Compare two texts word by word, or line by line if they are long."""
    for split in (_WORDS.findall, _lines):
        old, new = split(before), split(after)
        if len(old) <= _MOST_PIECES and len(new) <= _MOST_PIECES:
            return Diff(list(_joined(_compare(old, new))))
    return Diff([Stretch(before, "removed"), Stretch(after, "added")])


def content_diff(before: Document, after: Document) -> list[Changed]:
    """Compare two contents key by key; what is equal is left out."""
    keys = [*after, *(key for key in before if key not in after)]
    return [
        Changed(key, text_diff(_text(before, key), _text(after, key)))
        for key in keys
        if _canonical(before, key) != _canonical(after, key)
    ]


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[Stretch]:
    # Without autojunk, which takes words that occur often, such as "the", for noise.
    for operation, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            yield Stretch("".join(old[i:j]))
        else:
            yield Stretch("".join(old[i:j]), "removed")
            yield Stretch("".join(new[k:m]), "added")


def _joined(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Put changes together that only a space divides: a reader follows phrases, not single words."""
    removed = added = ""
    waiting = ""
    for stretch in stretches:
        if stretch.change == "same":
            if (removed or added) and stretch.text == " ":
                waiting = " "
                continue
            yield from _change(removed, added, waiting)
            removed = added = waiting = ""
            yield stretch
            continue
        if stretch.text:
            removed, added, waiting = removed + waiting, added + waiting, ""
        removed += stretch.text if stretch.change == "removed" else ""
        added += stretch.text if stretch.change == "added" else ""
    yield from _change(removed, added, waiting)


def _change(removed: str, added: str, after: str) -> Iterator[Stretch]:
    if removed:
        yield Stretch(removed, "removed")
    if added:
        yield Stretch(added, "added")
    if after:
        yield Stretch(after)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _text(content: Document, key: str) -> str:
    if key not in content:
        return ""
    value: Any = content[key]
    return value if isinstance(value, str) else pretty(value)


def _canonical(content: Document, key: str) -> tuple[bool, str]:
    return key in content, pretty(content.get(key))
