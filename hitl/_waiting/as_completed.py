"""Reviews in the order in which they end: what `as_completed` returns."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

from hitl._flows import Flow
from hitl._waiting.waits import Wait, WaitOptions, WaitRegistry, all_failures, begin
from hitl.models import Review


class AsCompleted:
    """The decisions that both iterators share. It begins to wait when it is first asked."""

    def __init__(self, waits: WaitRegistry, given: Mapping[str, Review | None], patience: WaitOptions) -> None:
        self._waits = waits
        self._given = given
        self._patience = patience
        self._started = waits.clock.monotonic()
        self._wait: Wait | None = None
        self._ready: deque[Review] = deque()

    def next(self) -> Flow[Review | None]:
        """Return the next review that has ended; None after the last."""
        wait = self._begun()
        while not self._ready:
            if wait.is_over:
                wait.leave()
                if (failures := all_failures(wait)) is not None:
                    wait.endings.clear()
                    raise failures
                return None
            ended = yield from wait.next_endings()
            if not ended:
                error = wait.timed_out()
                wait.leave()
                raise error
            self._ready.extend(ending for _, ending in ended if isinstance(ending, Review))
        return self._ready.popleft()

    def leave(self) -> None:
        """Wait no longer; may be repeated."""
        if self._wait is not None:
            self._wait.leave()

    def _begun(self) -> Wait:
        if self._wait is None:
            self._wait = begin(self._waits, self._given, self._patience)
            self._wait.started = self._started
            done = [self._wait.endings.get(review_id) for review_id in self._given]
            self._ready.extend(each for each in done if isinstance(each, Review))
        return self._wait


class Completions(Iterator[Review]):
    """An iterator over reviews as they end. Leave it early as you like; `close()` or a `with` block says so at once."""

    def __init__(self, completion: AsCompleted, run: Callable[[Flow[Review | None]], Review | None]) -> None:
        self._completion = completion
        self._run = run

    def __next__(self) -> Review:
        review = self._run(self._completion.next())
        if review is None:
            raise StopIteration
        return review

    def close(self) -> None:
        """Wait no longer; may be repeated."""
        self._completion.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._completion.leave()


class AsyncCompletions(AsyncIterator[Review]):
    """The same, to be walked with `async for`."""

    # A class and not an async generator: one that is left early has nothing to finalise on the event loop.

    def __init__(self, completion: AsCompleted, run: Callable[[Flow[Review | None]], Awaitable[Review | None]]) -> None:
        self._completion = completion
        self._run = run

    async def __anext__(self) -> Review:
        review = await self._run(self._completion.next())
        if review is None:
            raise StopAsyncIteration
        return review

    async def aclose(self) -> None:
        """Wait no longer; may be repeated."""
        self._completion.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._completion.leave()


Completions.__module__ = AsyncCompletions.__module__ = "hitl"  # where users import them from
