"""The list that somebody works through: it travels in the address of each review, so that the place is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote

from hitl.server.inbox.filters import VIEWS, Filters
from hitl.server.primitives import from_wire, to_wire
from hitl.server.reviews import ReviewQuery

_LONGEST_NUMBER = 7


@dataclass(frozen=True, slots=True)
class Run:
    """A list as it was when the work on it began.

    Attributes:
        filters: Which list.
        begun: When it began, in wire form: reviews that arrive later are not mixed in.
        answered: How many were answered since; they still count for the place in the list.
    """

    filters: Filters
    begun: str
    answered: int = 0

    @classmethod
    def begin(cls, filters: Filters, now: datetime) -> Run:
        """Return the work on a list that begins now."""
        return cls(replace(filters, page=1, after=""), to_wire(now + timedelta(microseconds=1)))

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Run | None:
        """Read the address of a review; None if it was not opened from a list."""
        if query.get("view") not in VIEWS:
            return None
        answered = query.get("n", "")
        is_number = answered.isascii() and answered.isdecimal() and len(answered) < _LONGEST_NUMBER
        return cls(Filters.read(query), _moment(query.get("at", "")), int(answered) if is_number else 0)

    @classmethod
    def of_link(cls, link: str) -> Run | None:
        """Read the query of the address of a review, as `address` writes it."""
        return cls.read(dict(parse_qsl(link.removeprefix("?"))))

    @property
    def address(self) -> str:
        """The query of the address of a review in this list; it begins with a question mark."""
        begun = f"&at={quote(self.begun)}" if self.begun else ""
        return f"{self.filters.link()}{begun}{f'&n={self.answered}' if self.answered else ''}"

    def after_answers(self, count: int) -> Run:
        """Return the same work with so many answers more, or fewer."""
        return replace(self, answered=max(0, self.answered + count))

    def query(self, reviewer: str, now: datetime) -> ReviewQuery:
        """Return the query for the reviews that are left."""
        return replace(self.filters.query(reviewer, now), created_before=self.begun or None, offset=0, after=None)


def _moment(text: str) -> str:
    try:
        return to_wire(from_wire(text))
    except (ValueError, OverflowError):
        return ""
