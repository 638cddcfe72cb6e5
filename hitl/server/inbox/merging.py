"""A form that is shown again: what its reviewer typed stays, and what nobody touched follows the review.

Each control sends along what it held and asked when it was shown, as digests, so that three things can be told apart:
what was shown, what was typed, and what would be shown now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from hitl.server.inbox.documents import Document
from hitl.server.inbox.hidden_characters import unix_lines
from hitl.server.primitives import digest

Note: TypeAlias = Literal["", "asks", "chose", "holds"]
"""What changed beside what was typed: what is asked (and the choice is gone), or what the control would hold."""

_NOT_ASKED: Final = ("default_value", "conditional", "draft_text")  # what a control holds, and where it is shown


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that was not accepted: the strings, the errors, and the stamps of its controls, by field name."""

    answers: Mapping[str, list[str]]
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    stamps: Mapping[str, str] = field(default_factory=dict[str, str])


def stamp(asked: Document, initial: Sequence[str]) -> str:
    """Return digests of what a control holds untouched, and of what it asks."""
    question = {name: value for name, value in asked.items() if name not in _NOT_ASKED}
    return f"{digest(_sent(initial))}.{digest(question)}"


def merged(draft: Draft, name: str, present: str, initial: list[str], *, is_choice: bool) -> tuple[list[str], Note]:
    """Return what a control holds now, and what is to be said beside it; `present` is its present stamp."""
    typed = list(draft.answers.get(name, []))
    held, _, asked = draft.stamps.get(name, present).partition(".")
    now_held, _, now_asked = present.partition(".")
    is_touched = digest(_sent(typed)) != held
    if name in draft.stamps and not is_touched:
        return initial, "asks" if asked != now_asked else ""
    if asked != now_asked:
        # A choice means its label, and that may be another one now.
        return ([], "chose") if is_choice else (typed, "asks")
    return typed, "holds" if held != now_held else ""


def _sent(texts: Sequence[str]) -> list[str]:
    """Return the texts as a browser sends them, the empty ones and the order aside."""
    return sorted(text for text in (unix_lines(text).strip() for text in texts) if text)
