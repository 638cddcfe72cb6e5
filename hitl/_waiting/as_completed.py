"""Reviews in the order in which they end: what `as_completed` returns. Threads, or tasks, may share an iterator."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Generic, Self, TypeVar, cast

from hitl._flows import AsyncTurn, Flow
from hitl._waiting.arguments import WaitOptions
from hitl._waiting.kinds import Kind, Subject
from hitl._waiting.outcomes import WaitOutcome, batch_error
from hitl._waiting.waits import Wait, WaitRegistry
from hitl.exceptions import HITLError

S = TypeVar("S", bound=Subject)
Run = TypeVar("Run")


class AsCompleted(Generic[S]):
    """The logic of both iterators, which give it one turn at a time.

    It begins to wait when it is first advanced; its time counts from the call.
    """

    def __init__(
        self, registry: WaitRegistry, reviews: Mapping[str, S | None], options: WaitOptions, kind: Kind[S]
    ) -> None:
        self._registry = registry
        self._kind = kind
        self._reviews = reviews
        self._options = options
        self._started = registry.clock.monotonic()
        self._wait: Wait | None = None
        self._ready: deque[S] = deque()
        self._is_over = False

    def next(self) -> Flow[S | None]:
        """Return the next review that has ended; None after the last, or a BatchError if some could not be read.

        After an error that ends the wait it is None, too: whoever had that turn has the error.
        """
        if self._has_left():
            return None
        if (wait := self._wait) is None:
            wait = self._wait = self._registry.begin(self._reviews, self._options, self._started, self._kind)
            self._take(wait.outcomes.values())
        while not self._ready:
            if wait.is_over:
                self.leave()
                outcomes = wait.ordered_outcomes()
                if any(isinstance(each, HITLError) for each in outcomes):
                    wait.outcomes.clear()
                    raise batch_error(outcomes, wait.polls, self._kind.noun)
                return None
            try:
                ended = yield from wait.next_outcomes()
            except HITLError:
                self.leave()
                raise
            if self._has_left():
                return None
            if not ended:
                error = wait.timed_out()
                self.leave()
                raise error
            self._take(outcome for _, outcome in ended)
        return self._ready.popleft()

    def _take(self, outcomes: Iterable[WaitOutcome]) -> None:
        self._ready.extend(cast("S", each) for each in outcomes if not isinstance(each, HITLError))

    def _has_left(self) -> bool:
        return self._is_over

    def leave(self) -> None:
        """Stop waiting, also whoever has a turn now; idempotent."""
        self._is_over = True
        if self._wait is not None:
            self._wait.leave()
            self._wait.wake()


class _Completions(Generic[S, Run]):
    def __init__(self, logic: AsCompleted[S], run: Run) -> None:
        self._logic = logic
        self._run = run
        self._thread_turn, self._task_turn = threading.Lock(), AsyncTurn()

    def __del__(self) -> None:
        self._logic.leave()


class Completions(_Completions[S, Callable[[Flow[S | None]], S | None]], Iterator[S]):
    """An iterator over reviews, or requests, as they end.

    You may leave it early; `close()` or a `with` block does so at once.
    Threads may share it: each review goes to one of them. An error goes to one, and ends it for the others.
    """

    def __next__(self) -> S:
        with self._thread_turn:
            review = self._run(self._logic.next())
        if review is None:
            raise StopIteration
        return review

    def close(self) -> None:
        """Stop waiting; may be repeated."""
        self._logic.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


# A class and not an async generator: one that is left early has nothing to finalise on the event loop.
class AsyncCompletions(_Completions[S, Callable[[Flow[S | None]], Awaitable[S | None]]], AsyncIterator[S]):
    """The same, for `async for` and for tasks."""

    async def __anext__(self) -> S:
        async with self._task_turn.lock():
            review = await self._run(self._logic.next())
        if review is None:
            raise StopAsyncIteration
        return review

    async def aclose(self) -> None:
        """Stop waiting; may be repeated."""
        self._logic.leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


Completions.__module__ = AsyncCompletions.__module__ = "hitl"  # where users import them from
