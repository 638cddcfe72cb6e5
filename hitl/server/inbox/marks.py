"""The marks that a reviewer made on a picture, as they are drawn on it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl._json import is_list, is_object
from hitl.server.inbox.content_files import Picture, picture_of

_PLACE: Final = ("x", "y", "width", "height")
_PERCENT: Final = 100
_ROUNDING: Final = 1.0001


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: its number, what it says, and its place in percent of the picture."""

    number: int
    words: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class MarkedPicture:
    """A picture with its marks."""

    picture: Picture
    marks: list[Mark]


def marked_picture(name: str, value: object, content: Mapping[str, Any]) -> MarkedPicture | None:
    """Return the picture that an answer to an image review marks; None if it marks nothing, or there is no picture."""
    found = picture_of(content, name)
    notes = value.get("annotations") if is_object(value) else None
    placed = [note for note in notes if is_placed(note)] if is_list(notes) else []
    if found is None or not placed:
        return None
    return MarkedPicture(found[1], [_mark(number, note) for number, note in enumerate(placed, 1)])


def is_placed(note: object) -> bool:
    """Return whether a note has nothing but words and a place within the picture."""
    if not is_object(note) or note.keys() != {"text", *_PLACE} or not isinstance(note["text"], str):
        return False
    parts = [note[name] for name in _PLACE]
    if not all(isinstance(part, int | float) and not isinstance(part, bool) and math.isfinite(part) for part in parts):
        return False
    x, y, width, height = parts
    return bool(min(x, y) >= 0 < min(width, height) and max(x + width, y + height) <= _ROUNDING)


def _mark(number: int, note: Mapping[str, Any]) -> Mark:
    return Mark(number, note["text"], *(f"{note[name] * _PERCENT:.4g}" for name in _PLACE))
