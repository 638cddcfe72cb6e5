"""Lists that fetch their pages as they are walked."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast, overload

from hitl.exceptions import UnexpectedResponseError


class Identified(Protocol):
    """What lists are made of."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


class Page(NamedTuple, Generic[T]):
    """One page of a list, and where the next one begins; None after the last. `others` are ids that were left out."""

    items: Sequence[T]
    next_offset: int | None
    others: Sequence[str] = ()


class _PageCursor(Generic[T]):
    """What has been fetched so far, and what comes next: the decisions that both kinds of list share."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self.next_offset: int | None = 0
        self._seen: set[str] = set()
        self._pages_without_news = 0

    def take(self, page: Page[T]) -> None:
        """Add a page, without the entries that an earlier page had, since entries may move while the list is walked.

        Two pages in a row with nothing new are an error, as from a server that ignores the offset: stopping there in
        silence would pass a part off as the whole.
        """
        before = len(self._seen)
        self._seen.update(page.others)
        for item in page.items:
            if item.id not in self._seen:
                self._seen.add(item.id)
                self.items.append(item)
        self._pages_without_news = 0 if len(self._seen) > before else self._pages_without_news + 1
        if self._pages_without_news > 1 and page.next_offset is not None:
            raise UnexpectedResponseError(
                f"the server says that more follows after {before} entries but repeats the same page; "
                "narrow the list with a filter, or ask with a page_size that holds everything",
                sent="yes",
            )
        self.next_offset = page.next_offset


class PagedList(Sequence[T]):
    """A read-only list whose pages are fetched when they are needed.

    Iterating fetches page by page, once. `len()`, negative indices and `==` fetch all that is left.
    """

    __module__ = "hitl"

    def __init__(self, fetch: Callable[[int], Page[T]]) -> None:
        self._fetch = fetch
        self._cursor: _PageCursor[T] = _PageCursor()
        self._reach(1)  # so that the call raises for a wrong key or filter, not a loop later

    def __iter__(self) -> Iterator[T]:
        index = 0
        while self._reach(index + 1):
            yield self._cursor.items[index]
            index += 1

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        return self._reach(1)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, int) and index >= 0:
            self._reach(index + 1)
            return self._cursor.items[index]
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | PagedList):
            return NotImplemented
        return list(self) == list(cast(Sequence[T], other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        more = "" if self._cursor.next_offset is None else ", …"
        return f"[{', '.join(map(repr, self._cursor.items))}{more}]"

    def _reach(self, count: float) -> bool:
        while len(self._cursor.items) < count and (offset := self._cursor.next_offset) is not None:
            self._cursor.take(self._fetch(offset))
        return len(self._cursor.items) >= count

    def _all(self) -> list[T]:
        self._reach(math.inf)
        return self._cursor.items


class AsyncPagedList(Generic[T]):
    """A list to be walked with `async for`, page by page, or fetched as a whole with `await`."""

    __module__ = "hitl"

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T]]]) -> None:
        self._fetch = fetch
        self._cursor: _PageCursor[T] = _PageCursor()

    def __aiter__(self) -> AsyncIterator[T]:
        return _AsyncPageIterator(self)

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._all().__await__()

    def __repr__(self) -> str:
        return f"<{len(self._cursor.items)} fetched; walk it with `async for`, or `await` it for a list>"

    async def item(self, index: int) -> T | None:
        """Return the entry at that index, fetching what it takes; None if the list ends before it."""
        await self._reach(index + 1)
        return self._cursor.items[index] if index < len(self._cursor.items) else None

    async def _reach(self, count: float) -> None:
        while len(self._cursor.items) < count and (offset := self._cursor.next_offset) is not None:
            self._cursor.take(await self._fetch(offset))

    async def _all(self) -> list[T]:
        await self._reach(math.inf)
        return list(self._cursor.items)


class _AsyncPageIterator(AsyncIterator[T]):
    # A class and not an async generator: one that is left early has nothing to finalise on the event loop.

    def __init__(self, pages: AsyncPagedList[T]) -> None:
        self._pages = pages
        self._index = 0

    async def __anext__(self) -> T:
        item = await self._pages.item(self._index)
        if item is None:
            raise StopAsyncIteration
        self._index += 1
        return item
