"""The rows of lists: what each says of a review, under which heading it stands, and which part of a list is shown.

Computed from documents and the time: no HTTP, no HTML, no store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import quote

from hitl._json import is_object
from hitl._moments import moment
from hitl._verdict import Edit, edits_of, feedback_of, verdict_of
from hitl.server.inbox.documents import STATUS_LABELS, Document, content_of
from hitl.server.inbox.fields import as_text
from hitl.server.inbox.filters import VERDICTS
from hitl.server.inbox.kinds import KIND_NAMES, Kind, counted, kind_of
from hitl.server.inbox.times import Due, age, due, took
from hitl.server.inbox.titles import excerpt, name_of, title
from hitl.server.primitives import Page
from hitl.server.reviews import FINAL, shown_digest

_HEADINGS = ("Overdue", "Due within 24 hours", "Later", "No due date")
_LONGEST_QUOTE = 200
_LONGEST_VALUE = 60
_URGENT = ("high", "critical")
PRIORITY_BARS = {"low": 1, "normal": 2, "medium": 2, "high": 3, "critical": 3}


@dataclass(frozen=True, slots=True)
class Pick:
    """A review that was marked in a list: its version, and what was asked then (empty if a form does not say)."""

    review_id: str
    version: str
    shown: str = ""

    @property
    def text(self) -> str:
        """The pick as a form sends it."""
        return f"{self.review_id}:{self.version}" + (f"-{self.shown}" if self.shown else "")

    @classmethod
    def of(cls, review: Document, template: Document | None) -> Pick:
        """Return the pick of a review as it stands."""
        return cls(review["id"], str(review.get("version", "")), shown_digest(review, template))

    @classmethod
    def read(cls, text: str) -> Pick:
        """Read what a form sent."""
        review_id, _, rest = text.rpartition(":")
        version, _, shown = rest.partition("-")
        return cls(review_id, version, shown)


@dataclass(frozen=True, slots=True)
class Summary:
    """One review in a line or two: what the list and the head of a page say about it.

    `verdict` is "approved", "rejected", "answered", "expired" or "cancelled", and empty while the review is open;
    `took` is the time from its creation to its end; `asker` is the name of who asked, empty if nobody says so.
    """

    review_id: str
    subject: str
    template: str
    status: str
    status_label: str
    priority: str
    priority_bars: int
    assignees: list[str]
    created_at: str
    age: str
    due: Due | None
    pick: str  # as `bulk` reads it
    reviewer: str
    finished_at: str
    excerpt: str = ""
    path: str = ""  # below the inbox; that of a review follows from its id
    kind: Kind = "text"
    asker: str = ""
    verdict: str = ""
    verdict_label: str = ""
    took: str = ""
    changes: int = 0  # that the reviewer made to the content
    finished_ago: str = ""

    @property
    def is_urgent(self) -> bool:
        """Whether the list says so."""
        return self.priority in _URGENT

    @property
    def address(self) -> str:
        """Where its page is, below the address of the inbox."""
        return self.path or f"reviews/{quote(self.review_id)}"

    @property
    def kind_name(self) -> str:
        """What the icon of the row stands for."""
        return KIND_NAMES[self.kind]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a list under a heading, which is empty for a list without groups; `count` is of the whole list."""

    heading: str
    rows: Sequence[Summary]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many reviews people answered, and for each other number worth telling its words."""

    answered: int
    parts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pager:
    """Which part of a list is shown; the neighbours are page numbers, None at the ends.

    `cursor` leads to the older one: while reviews are finished, a number alone would skip some.
    """

    first: int
    last: int
    total: int
    newer: int | None
    older: int | None
    cursor: str


def summary(review: Document, template: Document | None, now: datetime, expires_in: float | None = None) -> Summary:
    """Describe a review; `template` is None if it was deleted, `expires_in` are the seconds left, if limited."""
    shown = {**review, "content": content_of(review)}
    found = counted(shown["content"], template)
    about, priority = title(shown, template, found), str(review.get("priority") or "")
    finished_at = review.get("completed_at") or review["updated_at"]
    verdict = verdict_of(review["status"], review.get("result") or {}, review.get("verdict_field")) or ""
    changes = edits_of(shown["content"], review.get("result") or {}) if verdict else []
    return Summary(
        review_id=review["id"],
        subject=about,
        excerpt=_said(review, verdict, changes) or excerpt(shown, template, about, found),
        kind=kind_of(shown["content"], found, about),
        asker=asker_of(review),
        template=name_of(review, template),
        status=review["status"],
        status_label=STATUS_LABELS[review["status"]],
        priority=priority,
        priority_bars=PRIORITY_BARS.get(priority, 0),
        assignees=list(review.get("assignees") or []),
        created_at=review["created_at"],
        age=age(review["created_at"], now),
        due=due(_deadline(review, now, expires_in), now),
        pick=Pick.of(review, template).text,
        reviewer=str(review.get("reviewer") or ""),
        finished_at=finished_at,
        verdict=verdict,
        verdict_label=VERDICTS.get(verdict, ""),
        took=took((moment(finished_at) - moment(review["created_at"])).total_seconds()) if verdict else "",
        changes=len(changes),
        finished_ago=age(finished_at, now) if verdict else "",
    )


def _said(review: Document, verdict: str, changes: Sequence[Edit]) -> str:
    """Return the first line of the reviewer's words in quotes, the first change, or the first answer."""
    result: Document = review.get("result") or {}
    words = feedback_of(result) if review["status"] in FINAL else None
    if words is None and changes:
        edit = changes[0]
        return f"{edit.path}: {_brief(edit.before) or '…'} → {_brief(edit.after) or '…'}"
    if words is None and verdict == "answered":
        words = next((value for value in map(_brief, result.values()) if value), "")
    line = next((each for each in (words or "").splitlines() if each.strip()), "")
    return f"“{line.strip()[:_LONGEST_QUOTE]}”" if line else ""


def _brief(value: object) -> str:
    """Return a value in a line; empty for one that has none, such as an object."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    line = next(iter(as_text(value).splitlines()), "") if isinstance(value, str | int | float) else ""
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"


def asker_of(review: Document) -> str:
    """Return who asked: the name of the key that created the review, else what the program calls itself."""
    asked_by = review.get("asked_by")
    if is_object(asked_by):
        return str(asked_by.get("key_name") or asked_by.get("key_id") or "")
    metadata: Document = review.get("metadata") or {}
    agent: object = metadata.get("agent")
    return agent if isinstance(agent, str) else ""


def due_bounds(now: datetime) -> tuple[datetime, datetime]:
    """Return the moments that part a list that is grouped by due dates."""
    return now, now + timedelta(days=1)


def grouped(rows: Sequence[Summary], now: datetime, counts: Sequence[int]) -> list[Group]:
    """Return rows under the headings of their due dates; `counts` are the numbers of the whole list under each.

    Rows of one heading stand together. If no review has a due date, there is no heading.
    """
    if not sum(counts[:-1]):
        return [Group("", rows)]
    bounds = due_bounds(now)

    def place(row: Summary) -> int:
        return sum(row.due.moment >= bound for bound in bounds) if row.due else len(bounds) + 1

    return [Group(_HEADINGS[at], list(each), counts[at]) for at, each in groupby(rows, place)]


def tally(counts: Mapping[str, int], seconds: float | None) -> Tally:
    """Describe how many reviews ended by verdict, and the median seconds to an answer."""
    words = {"approved": "approved", "rejected": "rejected", "answered": "other answers"}
    others = {"expired": "expired", "cancelled": "cancelled"}
    parts = [(f"{counts.get(verdict, 0):,}", word) for verdict, word in words.items()]
    parts += [] if seconds is None else [(took(seconds), "median to answer")]
    parts += [(f"{counts[verdict]:,}", word) for verdict, word in others.items() if counts.get(verdict)]
    return Tally(sum(counts.get(verdict, 0) for verdict in words), parts)


def pager(found: Page, page: int) -> Pager:
    """Return which entries page number `page` (from 1) shows."""
    last = found.offset + len(found.items)
    newer, older = page - 1 if page > 1 else None, None if found.cursor is None else page + 1
    return Pager(found.offset + 1, last, found.total, newer, older, found.cursor or "")


def _deadline(review: Document, now: datetime, expires_in: float | None) -> str | None:
    """Return the earlier of the due date and the moment when the template's time limit ends."""
    due_date: str | None = review.get("due_date")
    if expires_in is None:
        return due_date
    ends = now + timedelta(seconds=expires_in)
    return due_date if due_date and moment(due_date) < ends else ends.isoformat()
