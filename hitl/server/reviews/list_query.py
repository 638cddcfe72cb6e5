"""What a list of reviews is asked for, and how SQL says that: its filters and its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from hitl.server.primitives import name_key, review_number
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.review_rows import compact
from hitl.server.storage.queries import Filter, Order, one_of

_ORDERS: Final = {
    None: "",
    "due": "deadline",
    "priority": "CASE priority WHEN 'high' THEN 0 WHEN 'low' THEN 2 ELSE 1 END",
}
NEVER: Final = "~"  # the deadline of a review that has none: behind all others
_ASSIGNEE: Final = "number IN (SELECT number FROM assignments WHERE name = ?)"
_OPEN_ASSIGNEE: Final = "number IN (SELECT number FROM assignments WHERE name = ? AND is_open)"
_REVIEWER: Final = "name_key(coalesce(json_extract(reviews.reviewer, '$'), '')) = ?"
_ASKER: Final = (
    "coalesce(json_extract(reviews.further, '$.asked_by.key_name'), reviews.asked_by, "
    "json_extract(reviews.metadata, '$.agent')) = ?"
)
# Each half has an index.
_UPDATED_AFTER: Final = (
    "number IN (WITH since (moment) AS (SELECT ?) SELECT number FROM since, reviews WHERE changed_at > moment "
    "UNION ALL SELECT number FROM since, reviews WHERE created_at > moment AND changed_at IS NULL)"
)
_NOT_ANSWERED: Final = (
    "id NOT IN (WITH person (key) AS (SELECT ?) SELECT review_id FROM pending_answers AS held, person "
    "WHERE state = 'held' AND (is_final OR held.key = person.key) "
    "UNION ALL SELECT review_id FROM approvals, person WHERE approvals.key = person.key)"
)


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


def order_of(query: ReviewQuery) -> Order:
    """Return the order that a query asks for."""
    newest_first = not query.oldest_first
    if query.sort is None and (query.created_after or query.created_before):
        # The order of numbers, unless the clock was set back; but this one has an index that begins at the moment.
        return Order("created_at", descending=newest_first, lead_descending=newest_first)
    return Order(_ORDERS[query.sort], descending=newest_first)


def conditions(query: ReviewQuery) -> Iterator[Filter]:
    """Yield the filters of a query but its words; those that it does not name have None as their value."""
    for entry in query.metadata.items():
        yield "number IN (SELECT number FROM review_metadata WHERE entry = ?)", entry_of(entry)
    yield from (
        one_of("status", query.status),
        one_of("number", None if query.ids is None else [review_number(each) for each in query.ids]),
        ("step > ?", query.changes_after),
        # Of two indexes, that of the status finds fewer: most reviews of a priority are finished.
        ("priority = ?" if query.status is None else "+priority = ?", query.priority),
        ("template_id = ?", query.template_id),
        ("verdict = ?", query.verdict),
        (_ASKER, query.asker),
        ("asked_by = ?", query.asked_by),
        ("created_at > ?", query.created_after),
        ("created_at < ?", query.created_before),
        (_UPDATED_AFTER, query.updated_after),
        ("(deadline >= ? AND deadline != '~')", query.due_after),
        ("deadline < ?", query.due_before),
        (_REVIEWER, None if query.reviewer is None else name_key(query.reviewer)),
        (_NOT_ANSWERED, None if query.not_answered_by is None else name_key(query.not_answered_by)),
        (
            _OPEN_ASSIGNEE if _asks_for_open(query) else _ASSIGNEE,
            None if query.assignee is None else name_key(query.assignee),
        ),
    )


def entry_of(entry: tuple[str, str]) -> str:
    """Return a name and a value of the metadata as they are found by."""
    return compact(entry)


def _asks_for_open(query: ReviewQuery) -> bool:
    statuses = [query.status] if isinstance(query.status, str) else query.status
    return statuses is not None and set(statuses) <= set(OPEN)
