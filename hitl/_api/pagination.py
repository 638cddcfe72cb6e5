"""Lists that fetch their pages as they are walked; threads, or tasks, may share them and their iterators."""

from __future__ import annotations

import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast, overload

from hitl._api.page_walk import Identified, Page, PageRequest, PageWalk, UnreadableEntry, entry
from hitl._flows import AsyncTurn
from hitl.exceptions import UnexpectedResponseError

T = TypeVar("T", bound=Identified)


class PagedList(Sequence[T]):
    """A read-only list whose pages are fetched when they are needed.

    Iterating fetches page by page, once. `len()`, negative indices and `==` fetch all that is left. Threads may share
    it, and one iterator: each entry goes to one of them. An entry that cannot be read raises an UnexpectedResponseError
    that names it; `next()` of the same iterator goes on behind it.
    """

    __module__ = "hitl"

    def __init__(self, fetch: Callable[[PageRequest], Page[T]], page_size: int) -> None:
        self._fetch = fetch
        self._walk: PageWalk[T] = PageWalk(page_size)
        self._turn = threading.Lock()
        self._reach(1)  # so that the call raises for a wrong key or filter, not a loop later

    def __iter__(self) -> Iterator[T]:
        return _PageIterator(self)

    def __len__(self) -> int:
        self._reach(math.inf)
        return len(self._walk.items)

    def __bool__(self) -> bool:
        return self._reach(1)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        is_near = isinstance(index, int) and index >= 0
        self._reach(cast("int", index) + 1 if is_near else math.inf)
        if isinstance(index, slice):
            return [entry(item) for item in self._walk.items[index]]
        return entry(self._walk.items[index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | PagedList):
            return NotImplemented
        return list(self) == list(cast(Sequence[T], other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self._walk.items))}{'' if self._walk.next is None else ', …'}]"

    def _reach(self, count: float) -> bool:
        walk = self._walk
        if walk.wanted(count):
            with self._turn:
                while (asked := walk.wanted(count)) is not None:
                    try:
                        page = self._fetch(asked)
                    except UnexpectedResponseError as error:
                        walk.refused(asked, error)
                    else:
                        walk.take(asked, page)
        return len(walk.items) >= count


class _PageIterator(Iterator[T]):
    # A class and not a generator, which could neither be shared by threads nor go on after an error.

    def __init__(self, pages: PagedList[T]) -> None:
        self._pages = pages
        self._index = 0
        self._turn = threading.Lock()

    def __next__(self) -> T:
        with self._turn:
            index = self._index
            if not self._pages._reach(index + 1):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                raise StopIteration
            self._index = index + 1
        return self._pages[index]


class AsyncPagedList(Generic[T]):
    """A list to be walked with `async for`, page by page, or fetched as a whole with `await`.

    Tasks may share it, and one iterator: each entry goes to one of them. An entry that cannot be read raises an
    UnexpectedResponseError that names it; `anext()` of the same iterator goes on behind it.
    """

    __module__ = "hitl"

    def __init__(self, fetch: Callable[[PageRequest], Awaitable[Page[T]]], page_size: int) -> None:
        self._fetch = fetch
        self._walk: PageWalk[T] = PageWalk(page_size)
        self._turn = AsyncTurn()

    def __aiter__(self) -> AsyncIterator[T]:
        return _AsyncPageIterator(self)

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._all().__await__()

    def __repr__(self) -> str:
        return f"<{len(self._walk.items)} fetched; walk it with `async for`, or `await` it for a list>"

    async def item(self, index: int) -> T | UnreadableEntry | None:
        """Return the entry at that index, fetching what it takes; None if the list ends before it."""
        await self._reach(index + 1)
        return self._walk.items[index] if index < len(self._walk.items) else None

    async def _reach(self, count: float) -> None:
        walk = self._walk
        if walk.wanted(count):
            async with self._turn.lock():
                while (asked := walk.wanted(count)) is not None:
                    try:
                        page = await self._fetch(asked)
                    except UnexpectedResponseError as error:
                        walk.refused(asked, error)
                    else:
                        walk.take(asked, page)

    async def _all(self) -> list[T]:
        await self._reach(math.inf)
        return [entry(item) for item in self._walk.items]


class _AsyncPageIterator(AsyncIterator[T]):
    # A class and not an async generator: one that is left early has nothing to finalise on the event loop.

    def __init__(self, pages: AsyncPagedList[T]) -> None:
        self._pages = pages
        self._index = 0

    async def __anext__(self) -> T:
        # Nothing is awaited between the last look and the step, so that each entry goes to one task.
        while True:
            index = self._index
            item = await self._pages.item(index)
            if index == self._index:
                break
        if item is None:
            raise StopAsyncIteration
        self._index = index + 1
        return entry(item)
