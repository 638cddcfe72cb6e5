"""The list of open requests that somebody works through: it travels in the address of each, like a `Run` of reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from hitl.server.inbox.filters import Filters
from hitl.server.loops import RequestQuery
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
    """A list of open requests as it was when the work on it began, and how many were answered since."""

    filters: Filters
    begun: str
    answered: int = 0

    @classmethod
    def begin(cls, filters: Filters, now: datetime) -> RequestRun:
        """Return the work that begins now: what arrives later is not mixed in."""
        return cls(replace(filters, page=1, after=""), to_wire(now + timedelta(microseconds=1)))

    @classmethod
    def read(cls, query: Mapping[str, str]) -> RequestRun | None:
        """Read the address of a request; None if it was not opened from the list."""
        try:
            begun = to_wire(from_wire(query.get("at", "")))
        except (ValueError, OverflowError):
            return None
        answered = query.get("n", "")
        is_number = answered.isascii() and answered.isdecimal() and len(answered) < _LONGEST_NUMBER
        return cls(Filters.read(query, subject="requests"), begun, int(answered) if is_number else 0)

    @property
    def address(self) -> str:
        """The query of the address of a request in this list; it begins with a question mark."""
        listed = self.filters.link().partition("?")[2]
        return f"?{listed}&at={quote(self.begun)}" + (f"&n={self.answered}" if self.answered else "")

    def query(self, reviewer: str, now: datetime, *, with_held: bool = False) -> RequestQuery:
        """Return the query for the requests that are left, without those that the reviewer's held answers will end."""
        left = replace(self.filters.request_query(reviewer, now), created_before=self.begun, offset=0, after=None)
        return replace(left, not_answered_by=None) if with_held else left

    def after_answers(self, count: int) -> RequestRun:
        """Return the same work with so many answers more, or fewer."""
        return replace(self, answered=max(0, self.answered + count))


def place_in(ids: Sequence[str], request_id: str) -> RequestPlace | None:
    """Return where a request stands among those that are left; None if it is not among them."""
    if request_id not in ids:
        return None
    at = ids.index(request_id)
    return RequestPlace(at, len(ids), ids[at - 1] if at else None, next(iter(ids[at + 1 :]), None))


def following(ids: Sequence[str], request_id: str) -> Sequence[str]:
    """Return those that come after a request in the list, whether or not it is still there."""
    return ids[ids.index(request_id) + 1 :] if request_id in ids else ids
