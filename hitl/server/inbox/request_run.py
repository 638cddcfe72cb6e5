"""The list of open requests that somebody works through: it travels in the address of each, like a `Run` of reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from hitl.server.loops import RequestQuery
from hitl.server.loops.lifecycle import OPEN
from hitl.server.primitives import from_wire, to_wire

_LONGEST_NUMBER = 7


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """Where a request stands in the list: how many come before it, how many there are, and its neighbours."""

    before: int
    total: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class RequestRun:
    """The open requests as they were when the work on them began, and how many were answered since."""

    begun: str
    answered: int = 0

    @classmethod
    def begin(cls, now: datetime) -> RequestRun:
        """Return the work that begins now: what arrives later is not mixed in."""
        return cls(to_wire(now + timedelta(microseconds=1)))

    @classmethod
    def read(cls, query: Mapping[str, str]) -> RequestRun | None:
        """Read the address of a request; None if it was not opened from the list."""
        try:
            begun = to_wire(from_wire(query.get("at", "")))
        except (ValueError, OverflowError):
            return None
        answered = query.get("n", "")
        is_number = answered.isascii() and answered.isdecimal() and len(answered) < _LONGEST_NUMBER
        return cls(begun, int(answered) if is_number else 0)

    @property
    def address(self) -> str:
        """The query of the address of a request in this list; it begins with a question mark."""
        return f"?at={quote(self.begun)}" + (f"&n={self.answered}" if self.answered else "")

    def query(self, reviewer: str = "") -> RequestQuery:
        """Return the query for the requests that are left, the most urgent first, without those somebody answered."""
        return RequestQuery(
            status=OPEN, sort="priority_desc", created_before=self.begun, not_answered_by=reviewer or None
        )

    def after_answers(self, count: int) -> RequestRun:
        """Return the same work with so many answers more, or fewer."""
        return replace(self, answered=max(0, self.answered + count))


def place_in(ids: Sequence[str], request_id: str) -> RequestPlace | None:
    """Return where a request stands among those that are left; None if it is not among them."""
    if request_id not in ids:
        return None
    at = ids.index(request_id)
    following = ids[at + 1] if at + 1 < len(ids) else None
    return RequestPlace(at, len(ids), ids[at - 1] if at else None, following)
