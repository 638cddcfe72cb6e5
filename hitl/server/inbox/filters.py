"""What a reviewer asks a list for: read from the address of the page, and written back into its links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

from hitl.server.inbox.documents import STATUS_LABELS
from hitl.server.primitives import to_wire
from hitl.server.reviews import FINAL, OPEN, PRIORITIES, ReviewQuery
from hitl.server.storage.queries import cursor_fault

VIEWS: Final[Mapping[str, Sequence[str]]] = {"mine": OPEN, "open": OPEN, "done": FINAL}
VIEW_NAMES: Final = {"mine": "Mine", "open": "Open", "done": "Done"}
SORTS: Final = {"": "Newest first", "oldest": "Oldest first", "due": "Due date", "priority": "Priority"}
DUE: Final = {"overdue": "Overdue", "day": "Within 24 hours", "week": "Within 7 days"}
AGES: Final = {"hour": "Last hour", "day": "Last 24 hours", "week": "Last 7 days"}
PAGE_SIZE: Final = 25

_LONGEST = 200  # characters of a filter; more is no word that anybody typed
_WITHIN = {"overdue": timedelta(0), "day": timedelta(days=1), "week": timedelta(days=7)}
_SINCE = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_ORDERS: Final[Mapping[str, Literal["due", "priority"]]] = {"due": "due", "priority": "priority"}
_NAMES = ("q", "status", "priority", "template", "assignee", "reviewer", "due", "age", "sort")


@dataclass(frozen=True, slots=True)
class Filters:
    """The state of the list page; an empty text means no such filter."""

    view: str = "open"
    q: str = ""
    status: str = ""
    priority: str = ""
    template: str = ""
    assignee: str = ""
    reviewer: str = ""
    due: str = ""
    age: str = ""
    sort: str = ""
    page: int = 1
    after: str = ""  # the cursor of the page before, where a link led here from it

    @classmethod
    def read(cls, query: Mapping[str, str], view: str = "open") -> Filters:
        """Read the query of an address that may name another view; what makes no sense is taken as not asked for."""
        view = _known(query.get("view", ""), VIEWS) or view
        return cls(
            view=view,
            q=_text(query, "q"),
            status=_known(query.get("status", ""), VIEWS[view]),
            priority=_known(query.get("priority", ""), PRIORITIES),
            template=_text(query, "template"),
            assignee=_text(query, "assignee"),
            reviewer=_text(query, "reviewer") if view == "done" else "",
            due=_known(query.get("due", ""), DUE),
            age=_known(query.get("age", ""), AGES),
            sort=_known(query.get("sort", ""), SORTS),
            page=_page_number(query.get("page", "1")),
            after=_cursor(query.get("after", "")),
        )

    @property
    def place(self) -> dict[str, Any]:
        """Which part of the list is asked for, as the arguments of a service."""
        if self.after:
            return {"limit": PAGE_SIZE, "after": self.after}
        return {"limit": PAGE_SIZE, "offset": (self.page - 1) * PAGE_SIZE}

    @property
    def title(self) -> str:
        """What the list is called."""
        return VIEW_NAMES[self.view]

    @property
    def given(self) -> list[tuple[str, str]]:
        """The name and value of each part of the address of this list, its first page."""
        named = [(name, str(getattr(self, name))) for name in _NAMES]
        return [("view", self.view), *((name, value) for name, value in named if value)]

    @property
    def active(self) -> list[tuple[str, str]]:
        """The name and the words of each filter that narrows the list."""
        words = {"status": STATUS_LABELS, "due": DUE, "age": AGES}
        given = [(name, str(getattr(self, name))) for name in _NAMES if name != "sort"]
        return [(name, words.get(name, {}).get(value, value)) for name, value in given if value]

    def query(self, reviewer: str, now: datetime) -> ReviewQuery:
        """Return the query for the service; the view "mine" has the reviews assigned to `reviewer`."""
        narrow: dict[str, Any] = {"assignee": self.assignee or None}
        if self.view == "mine":
            narrow = {"assignee": reviewer}
        if self.due:
            narrow["due_before"] = to_wire(now + _WITHIN[self.due])
        if self.age:
            narrow["created_after"] = to_wire(now - _SINCE[self.age])
        if self.view != "done":
            narrow["not_answered_by"] = reviewer
        return ReviewQuery(
            status=self.status or VIEWS[self.view],
            priority=self.priority or None,
            template_id=self.template or None,
            reviewer=self.reviewer or None,
            search=self.q or None,
            search_people=True,
            oldest_first=bool(self.sort),  # of two equally urgent ones the longer waiting comes first
            sort=_ORDERS.get(self.sort),
            **self.place,
            **narrow,
        )

    def link(self, **changes: Any) -> str:
        """Return the query of the address of the same list with these changes; it begins with a question mark."""
        other = replace(self, **{"page": 1, "after": "", **changes})
        given = [(name, str(getattr(other, name))) for name in _NAMES if getattr(other, name)]
        page = [("page", str(other.page))] if other.page > 1 else []
        page += [("after", other.after)] if other.after else []
        return f"?{urlencode([('view', other.view), *given, *page])}"

    def without(self, name: str) -> str:
        """Return the query of the same list without one of its filters."""
        return self.link(**{name: ""})


def _text(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "").strip()[:_LONGEST]


def _known(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    return word if word in known else ""


def _cursor(text: str) -> str:
    return "" if len(text) > _LONGEST or cursor_fault(text, has_offset=False) else text


def _page_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
