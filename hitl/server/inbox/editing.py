"""Content that a reviewer may change: how it looks as it stands (Preview), and what was changed in it (Changes)."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.inbox.json_texts import parsed
from hitl.server.inbox.rendering import Block, Text, block, code
from hitl.server.primitives.validation import same

EditKind: TypeAlias = Literal["edit", "edit_line", "edit_code", "edit_json"]

EDIT_KINDS: Final[tuple[EditKind, ...]] = ("edit", "edit_line", "edit_code", "edit_json")

LONGEST_LINE: Final = 120
"""A text that may have more characters gets an area."""


def is_line(*texts: str) -> bool:
    """Return whether texts are edited in one line; a control of one line cannot hold a line break."""
    return all(len(text) <= LONGEST_LINE and "\n" not in text for text in texts)


def preview(kind: str, text: str, language: str = "", place: str = "") -> Block:
    """Return how a text looks to those who will read it; what should be JSON and is none stays a text.

    `place` is that of the block, see `rendering`.
    """
    if kind == "edit_code":
        return code(text, language)
    if kind == "edit_json":
        try:
            return block(parsed(text), place)
        except ValueError:
            return Text(text)
    return block(unix_lines(text), place)


def changes(kind: str, original: str, text: str) -> Diff | None:
    """Return what was changed in a text; None if nothing was, line ends and the spaces of JSON aside."""
    if kind == "edit_json":
        try:
            before, after = parsed(original), parsed(text)
        except ValueError:
            return Diff(original, text)
        return None if same(before, after) else Diff(before, after)
    before, after = unix_lines(original), unix_lines(text)
    return None if before == after else Diff(before, after)
