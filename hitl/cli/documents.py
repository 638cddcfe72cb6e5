"""The public objects as JSON documents, with the names that the API uses."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from hitl import Review, Template


def document_of(found: Review | Template) -> dict[str, Any]:
    """Return what the server said; fields that this package does not know yet are among the others."""
    document = attrs.asdict(found, recurse=False)
    extra: dict[str, Any] = document.pop("extra")
    return {name: _json(value) for name, value in {**extra, **document}.items()}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
