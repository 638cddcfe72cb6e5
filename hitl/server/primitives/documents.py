"""Documents in wire form, and pages of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


def digest(value: object, *, ordered: bool = False) -> str:
    """Return a short digest of a JSON value; the order of the names in objects counts only if it is `ordered`."""
    return hashlib.sha256(json.dumps(value, sort_keys=not ordered).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list whose whole length is `total`; `cursor` continues it, and is None after the last part."""

    items: list[Document]
    total: int
    cursor: str | None = None
    offset: int = 0  # how many entries of the list come before this part
    step: int = 0  # the number of the last change that the part includes; `changes_after` continues from it
