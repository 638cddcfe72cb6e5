"""What a list of reviews is asked for: its filters and its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from hitl.server.reviews.review_rows import compact
from hitl.server.reviews.schemas import STATUSES

NEVER: Final = "~"  # the deadline of a review that has none: behind all others


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Filters, which narrow the list together, and the order of a list of reviews.

    Moments are in wire form; `due_after` is inclusive, the others are exclusive. `search` has words that must all occur
    in the strings and numbers of the content or in the id, with `search_people` also in the answer or in a name; case
    and the composition of characters are ignored. `not_answered_by` leaves out what this person has approved, or
    answered with an answer that is still held, and what a held answer of anybody will end. `changes_after` asks for
    reviews that changed after the step of this number, the earliest change first. `limit` None is all; `after` is the
    cursor of the page before, and `with_offset` asks how many reviews come before a page that such a cursor begins.
    `asker` is the name of the key or of the agent that asked, `asked_by` the id of the key. `sort` "due" puts the next
    deadline first, "priority" the most important.
    """

    status: str | Sequence[str] | None = None
    verdict: str | None = None
    asked_by: str | None = None
    priority: str | None = None
    asker: str | None = None
    assignee: str | None = None
    template_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    created_after: str | None = None
    created_before: str | None = None
    updated_after: str | None = None
    due_after: str | None = None
    due_before: str | None = None
    search: str | None = None
    ids: Sequence[str] | None = None
    not_answered_by: str | None = None
    reviewer: str | None = None
    search_people: bool = False
    changes_after: int | None = None
    limit: int | None = 50
    offset: int = 0
    after: str | None = None
    with_offset: bool = True
    oldest_first: bool = False
    sort: Literal["due", "priority"] | None = None


def statuses(query: ReviewQuery) -> Sequence[str]:
    """Return each of the statuses that a list may hold, once; in each, `listed_reviews` has the order of numbers."""
    if query.status is None:
        return STATUSES
    asked = [query.status] if isinstance(query.status, str) else query.status
    return [status for status in STATUSES if status in asked]


def entry_of(entry: tuple[str, str]) -> str:
    """Return a name and a value of the metadata as they are found by."""
    return compact(entry)
