"""What a reviewer asks a list for: read from the address of the page, and written back into its links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode

from hitl.server.inbox.documents import STATUS_LABELS
from hitl.server.loops import RequestQuery
from hitl.server.loops.lifecycle import FINAL as ENDED_REQUESTS
from hitl.server.loops.lifecycle import OPEN as OPEN_REQUESTS
from hitl.server.primitives import to_wire
from hitl.server.reviews import FINAL, OPEN, PRIORITIES, ReviewQuery
from hitl.server.storage.queries import cursor_fault

Subject: TypeAlias = Literal["reviews", "requests"]

VIEWS: Final[Mapping[str, Sequence[str]]] = {"mine": OPEN, "open": OPEN, "done": FINAL}
REQUEST_VIEWS: Final[Mapping[str, Sequence[str]]] = {
    "mine": OPEN_REQUESTS,
    "open": OPEN_REQUESTS,
    "done": ENDED_REQUESTS,
}
VIEW_NAMES: Final = {"mine": "Mine", "open": "Open", "done": "Done"}
SORTS: Final = {"due": "Due date", "newest": "Newest first", "oldest": "Oldest first", "priority": "Priority"}
DUE: Final = {"overdue": "Overdue", "day": "Within 24 hours", "week": "Within 7 days"}
AGES: Final = {"hour": "Last hour", "day": "Last 24 hours", "week": "Last 7 days"}
VERDICTS: Final = {
    "approved": "Approved",
    "rejected": "Rejected",
    "answered": "Answered",
    "expired": "Expired",
    "cancelled": "Cancelled",
}
REQUEST_PRIORITIES: Final = ("critical", "high", "medium", "low")
PAGE_SIZE: Final = 25

_USUAL_SORTS: Final[Mapping[Subject, Mapping[str, str]]] = {
    "reviews": {"mine": "due", "open": "newest", "done": "newest"},
    "requests": {"mine": "priority", "open": "priority", "done": "newest"},
}
_REQUEST_SORTS: Final[Mapping[str, Any]] = {
    "due": "timeout_asc",
    "newest": "created_at_desc",
    "oldest": "created_at_asc",
    "priority": "priority_desc",
}
_LONGEST = 200  # characters of a filter; more is no word that anybody typed
_WITHIN = {"overdue": timedelta(0), "day": timedelta(days=1), "week": timedelta(days=7)}
_SINCE = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_ORDERS: Final[Mapping[str, Literal["due", "priority"]]] = {"due": "due", "priority": "priority"}
_NAMES = (
    *("q", "status", "verdict", "priority", "template", "loop", "asker", "assignee", "reviewer", "due", "age"),
    "sort",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """The state of a list page; an empty text means no such filter."""

    view: str = "open"
    q: str = ""
    status: str = ""
    verdict: str = ""
    priority: str = ""
    template: str = ""
    loop: str = ""
    asker: str = ""
    assignee: str = ""
    reviewer: str = ""
    due: str = ""
    age: str = ""
    sort: str = ""
    page: int = 1
    after: str = ""  # the cursor of the page before, where a link led here from it
    subject: Subject = "reviews"

    @classmethod
    def read(cls, query: Mapping[str, str], view: str = "open", subject: Subject = "reviews") -> Filters:
        """Read the query of an address that may name another view; what makes no sense is taken as not asked for."""
        view = _known(query.get("view", ""), VIEWS) or view
        sort, of_reviews = _known(query.get("sort", ""), SORTS), subject == "reviews"
        own = {name: _text(query, name) for name in (("template", "asker", "assignee") if of_reviews else ("loop",))}
        return cls(
            view=view,
            q=_text(query, "q"),
            status=_known(query.get("status", ""), VIEWS[view] if of_reviews else ()),
            verdict=_known(query.get("verdict", ""), VERDICTS if of_reviews and view == "done" else ()),
            priority=_known(query.get("priority", ""), PRIORITIES if of_reviews else REQUEST_PRIORITIES),
            reviewer=_text(query, "reviewer") if view == "done" else "",
            due=_known(query.get("due", ""), DUE),
            age=_known(query.get("age", ""), AGES),
            sort="" if sort == _USUAL_SORTS[subject][view] else sort,
            page=_page_number(query.get("page", "1")),
            after=_cursor(query.get("after", "")),
            subject=subject,
            **own,
        )

    @classmethod
    def of_link(cls, link: str) -> Filters:
        """Read what `link` wrote."""
        path, _, query = link.partition("?")
        return cls.read(dict(parse_qsl(query)), subject="requests" if path == "requests" else "reviews")

    @property
    def place(self) -> dict[str, Any]:
        """Which part of the list is asked for, as the arguments of a service."""
        if self.after:
            return {"limit": PAGE_SIZE, "after": self.after}
        return {"limit": PAGE_SIZE, "offset": (self.page - 1) * PAGE_SIZE}

    @property
    def order(self) -> str:
        """How the list is sorted, whether the address says so or not."""
        return self.sort or _USUAL_SORTS[self.subject][self.view]

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
        words = {"status": STATUS_LABELS, "verdict": VERDICTS, "due": DUE, "age": AGES}
        given = [(name, str(getattr(self, name))) for name in _NAMES if name != "sort"]
        return [(name, words.get(name, {}).get(value, value)) for name, value in given if value]

    def query(self, reviewer: str, now: datetime) -> ReviewQuery:
        """Return the query for the service; the view "mine" has the reviews assigned to `reviewer`."""
        narrow: dict[str, Any] = {"assignee": self.assignee or None}
        if self.view == "mine":
            narrow = {"assignee": reviewer}
        if self.view != "done":
            narrow["not_answered_by"] = reviewer
        return ReviewQuery(
            status=self.status or VIEWS[self.view],
            verdict=self.verdict or None,
            template_id=self.template or None,
            asker=self.asker or None,
            search_people=True,
            oldest_first=self.order != "newest",  # of two equally urgent ones the longer waiting comes first
            sort=_ORDERS.get(self.order),
            **self._common(now),
            **narrow,
        )

    def request_query(self, reviewer: str, now: datetime) -> RequestQuery:
        """Return the query for requests to loops; the view "mine" has those of the loops that `reviewer` is in."""
        return RequestQuery(
            status=REQUEST_VIEWS[self.view],
            loop_id=self.loop or None,
            member=reviewer if self.view == "mine" else None,
            not_answered_by=reviewer if self.view != "done" and reviewer else None,
            sort=_REQUEST_SORTS[self.order],
            **self._common(now),
        )

    def link(self, **changes: Any) -> str:
        """Return the path and query of the address of the same list with these changes, below that of the inbox."""
        other = replace(self, **{"page": 1, "after": "", **changes})
        given = [(name, str(getattr(other, name))) for name in _NAMES if getattr(other, name)]
        page = [("page", str(other.page))] if other.page > 1 else []
        page += [("after", other.after)] if other.after else []
        path = "" if other.subject == "reviews" else other.subject
        return f"{path}?{urlencode([('view', other.view), *given, *page])}"

    @property
    def export(self) -> str:
        """The address of the list as CSV."""
        path, _, query = self.link().partition("?")
        return f"{path}/export.csv?{query}".lstrip("/")

    @property
    def whole(self) -> str:
        """The address of the list without any filter."""
        return Filters(view=self.view, subject=self.subject).link()

    def without(self, name: str) -> str:
        """Return the address of the same list without one of its filters."""
        return self.link(**{name: ""})

    def _common(self, now: datetime) -> dict[str, Any]:
        return {
            "priority": self.priority or None,
            "search": self.q or None,
            "reviewer": self.reviewer or None,
            "due_before": to_wire(now + _WITHIN[self.due]) if self.due else None,
            "created_after": to_wire(now - _SINCE[self.age]) if self.age else None,
            **self.place,
        }


def return_link(sent: Mapping[str, Sequence[str]]) -> str:
    """Return which list a form was sent from, as `Filters.link` writes it; nothing that leads elsewhere."""
    link = sent.get("back", [""])[0]
    return link if link.startswith(("?", "requests?")) else ""


def _text(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "").strip()[:_LONGEST]


def _known(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    return word if word in known else ""


def _cursor(text: str) -> str:
    return "" if len(text) > _LONGEST or cursor_fault(text, has_offset=False) else text


def _page_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
