"""Which page of a list is asked for next, so that a walk meets everything that was there when it began.

While a list is walked, others create, finish and delete. Where the server gives a cursor (`next_cursor`), the walk
follows it: it names an entry, not a place. Where it only has offsets, entries move to earlier places when one before
them goes. So each page is asked for from the last entry that is known: it must begin with something known, or else the
walk looks back until it does. That holds for every order in which entries keep their places among each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from attrs import evolve, frozen

from hitl._api.arguments import count
from hitl.exceptions import UnexpectedResponseError

_MOST_BARREN = 1000  # pages in a row that bring nothing new, and are not the same page again
_MOST_IN_VAIN = 20  # times in a row that looking back may bring nothing new, before the server is taken at its word
_MOST_REPEATED = 4  # times in a row that a page may be the same again: as many may have been created meanwhile
_FIRST_ID = re.compile(r'\[\s*\{\s*"id"\s*:\s*"([^"\\]{1,128})"')


class Identified(Protocol):
    """What lists are made of."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


class UnreadableEntry(NamedTuple):
    """An entry of a list that cannot be read; `error` says which and why, and is raised where the entry is met."""

    id: str
    error: UnexpectedResponseError


@frozen
class PageRequest:
    """Which page to ask for: the one after a cursor, or the one at an offset."""

    limit: int
    offset: int = 0
    after: str | None = None
    overlaps: bool = False  # whether it should begin with an entry that is known


@frozen
class Page(Generic[T]):
    """One page of a list, and where the next one begins; both are None after the last."""

    items: Sequence[T | UnreadableEntry]
    next_offset: int | None
    next_cursor: str | None = None
    offset: int | None = None  # where it begins, if the server says so
    total: int | None = None  # entries of the whole list, if the server says so
    hidden: frozenset[str] = frozenset()  # ids of entries that were not asked for, which the server did not leave out


class PageWalk(Generic[T]):
    """What has been fetched so far, and what comes next: the decisions that both kinds of list share."""

    def __init__(self, page_size: int) -> None:
        self.items: list[T | UnreadableEntry] = []
        self._page_size = count("page_size", page_size, at_most=100)
        self.next: PageRequest | None = PageRequest(self._page_size)
        self._seen: set[str] = set()
        self._total: int | None = None
        self._longest = 0  # entries on a page
        self._last_page: list[str] = []
        self._barren = self._repeated = 0
        self._back = self._in_vain = 0
        self._may_overlap, self._has_overlapped, self._may_follow = True, False, True

    def wanted(self, count: float) -> PageRequest | None:
        """Return which page to ask for to have so many entries; None if there are, or if no page follows."""
        return self.next if len(self.items) < count else None

    def take(self, asked: PageRequest, page: Page[T]) -> None:
        """Add what a page has that no earlier page had, and decide what to ask for next; or look back first.

        Raises:
            UnexpectedResponseError: if the server repeats one page, or goes on for ever without anything new. Stopping
                there in silence would pass a part off as the whole.
        """
        offset = asked.offset if page.offset is None or asked.after is not None else page.offset
        if asked.after is None and self._misses_something(asked, page, offset):
            return
        if asked.overlaps and self._ignores_overlap(asked, page):
            offset += 1
        last = self._last_page[-1] if self._last_page else None
        self._add(page)
        self._back = 0
        begins_with_last = len(page.items) > 1 and page.items[0].id == last
        self._has_overlapped |= asked.overlaps and (not self._barren or begins_with_last or page.offset == asked.offset)
        self._may_follow &= asked.after is None or not self._repeated
        self._may_overlap &= self._has_overlapped or not (asked.overlaps and self._repeated)
        self.next = self._following(asked, page, offset)
        self._require_progress(asked, page)

    def refused(self, asked: PageRequest, error: UnexpectedResponseError) -> None:
        """Ask for a smaller page instead of one that was too large; raise every other error.

        An entry that is too large by itself takes its place in the list as an `UnreadableEntry`.
        """
        if not error.is_too_large:
            raise error
        if asked.limit > 1:
            limit = asked.limit // 2
            self.next = evolve(asked, limit=limit)
            if asked.overlaps and limit < 2:
                self.next = PageRequest(1, offset=asked.offset + 1)
            return
        found = _FIRST_ID.search(error.excerpt)
        name = found[1] if found else f"number {len(self.items) + 1}"
        self.items.append(UnreadableEntry(name, unreadable(name, "it is too large", error)))
        # A cursor would have been in the response; its place is the number of those before it.
        self.next = PageRequest(self._page_size, offset=(len(self.items) if asked.after else asked.offset + 1))

    def _misses_something(self, asked: PageRequest, page: Page[T], offset: int) -> bool:
        """Look back if entries may have moved to places before this page."""
        fell = 0 if page.total is None or self._total is None else max(0, self._total - page.total)
        self._total = page.total
        if asked.offset == 0:
            return False
        if asked.overlaps and offset == asked.offset:
            is_joined = bool(page.items) and page.items[0].id in self._seen
            if is_joined or page.total == 0 or self._ignores_overlap(asked, page):
                return False
        elif not fell:
            return False
        if self._in_vain >= (_MOST_IN_VAIN if self._has_overlapped else 1):
            self._may_overlap = self._has_overlapped
            if page.items or not asked.overlaps:
                return False
            self.next = PageRequest(asked.limit, asked.offset + 1)
            return True
        self._in_vain += 1
        self._back = max(2 * self._back, fell, asked.limit - 1, 1)
        self.next = PageRequest(max(asked.limit, 2), max(0, asked.offset - self._back), overlaps=True)
        return True

    def _ignores_overlap(self, asked: PageRequest, page: Page[T]) -> bool:
        """Return whether a page seems to begin where the last one ended: it is too short to begin one entry earlier."""
        if page.offset is not None or page.total is None or not page.items or page.items[0].id in self._seen:
            return False
        length = len(page.items)
        return length < self._longest and asked.offset + length < page.total

    def _add(self, page: Page[T]) -> None:
        before = len(self._seen)
        for item in page.items:
            if item.id not in self._seen:
                self._seen.add(item.id)
                if item.id not in page.hidden:
                    self.items.append(item)
        self._longest = max(self._longest, len(page.items))
        ids = [item.id for item in page.items]
        has_news = len(self._seen) > before
        self._barren = 0 if has_news else self._barren + 1
        is_repeated = bool(ids) and not has_news and ids == self._last_page
        self._repeated = self._repeated + 1 if is_repeated and not self._back else 0
        self._in_vain = 0 if has_news else self._in_vain
        self._last_page = ids

    def _following(self, asked: PageRequest, page: Page[T], offset: int) -> PageRequest | None:
        limit = min(self._page_size, 2 * asked.limit)  # a page that was too large need not be followed by another
        if page.next_cursor is not None and page.next_cursor != asked.after and self._may_follow:
            return PageRequest(limit, after=page.next_cursor)
        if asked.after is not None and page.next_cursor is None:  # its total says nothing about what follows
            return None
        if asked.overlaps and self._repeated:  # it may know whole pages only
            return PageRequest(limit, offset=asked.offset + 1)
        if page.next_offset is None:
            if page.next_cursor is not None:
                raise self._endless("repeats the same page")
            return None
        end = offset + len(page.items)
        follows = page.next_offset if page.next_offset > offset else end
        if page.items and follows == end and self._may_overlap and (limit > 1 or self._page_size == 1):
            return PageRequest(max(limit, 2), offset=follows - 1, overlaps=True)
        return PageRequest(limit, offset=follows)

    def _require_progress(self, asked: PageRequest, page: Page[T]) -> None:
        if self.next is None:
            return
        if self._repeated > _MOST_REPEATED or (not page.items and self.next == asked):
            raise self._endless("repeats the same page")
        if self._barren > _MOST_BARREN:
            raise self._endless(f"sent {self._barren} pages without a new one")

    def _endless(self, fault: str) -> UnexpectedResponseError:
        return UnexpectedResponseError(
            f"the server says that more follows after {len(self.items)} entries but {fault}; "
            "narrow the list with a filter, or ask with a page_size that holds everything",
            sent="yes",
        )


def unreadable(name: str, why: str, cause: UnexpectedResponseError | None = None) -> UnexpectedResponseError:
    """Return the error for one entry of a list."""
    facts: dict[str, Any] = {} if cause is None else {"status_code": cause.status_code, "request_id": cause.request_id}
    return UnexpectedResponseError(
        f"entry {name} of the list cannot be read: {why}. Go on with next() to read those after it",
        sent="yes",
        **facts,
    )


def entry(item: T | UnreadableEntry) -> T:
    """Return an entry, or raise the error of one that cannot be read."""
    if isinstance(item, UnreadableEntry):
        raise item.error.with_traceback(None)
    return item
