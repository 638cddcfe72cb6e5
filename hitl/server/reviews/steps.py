"""Steps of reviews, for whoever must act in the very transaction in which one happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from hitl.server.primitives import Document


@dataclass(frozen=True, slots=True)
class Step:
    """A review before and after a change; `before` is None for a new one, `expires_at` None if it does not expire."""

    before: Document | None
    after: Document
    expires_at: str | None
    now: datetime


Listener: TypeAlias = Callable[[Step], None]
"""Is called inside the transaction, with the database's lock; it writes with the change, and its error undoes that."""
