"""Documents in wire form, and pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list whose whole length is `total`; `cursor` continues it, and is None after the last part."""

    items: list[Document]
    total: int
    cursor: str | None = None
    offset: int = 0  # how many entries of the list come before this part
    step: int = 0  # the number of the last change that the part includes; `changes_after` continues from it
