"""Decisions as they are made: what `decisions` returns, and `run` with its handlers."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import Any, Final, Generic, Literal, Protocol, Self, TypeVar

from attrs import define, field, frozen

from hitl._flows import Act, AsyncTurn, Clock, Flow, Sleep
from hitl._waiting.decision_cursor import DecisionFilter, Position, common, decision_digest, position
from hitl._waiting.decision_watch import DecisionWatch
from hitl._waiting.waits import WaitRegistry
from hitl.exceptions import ConfigurationError
from hitl.models import Review

PATIENCE: Final = 300.0  # seconds that a handler may take on another machine, before it is taken to have crashed
LOOK_AGAIN: Final = 0.2  # seconds between two looks at a decision that another run is dealing with
_RUNNING: Final[set[str]] = set()  # the runs of this process

F = TypeVar("F", bound=Callable[..., Any])
Run = TypeVar("Run")


class _DecisionStream(Generic[Run]):
    def __init__(self, watch: DecisionWatch, run: Run) -> None:
        self._watch = watch
        self._run = run
        self._thread_turn, self._task_turn = threading.Lock(), AsyncTurn()

    @property
    def cursor(self) -> str:
        """A text from which `since=` goes on, after all decisions that were given; opaque, and without secrets.

        Keep it once you have dealt with a decision: after a crash, the stream then begins with the next one.
        """
        return self._watch.cursor

    def __del__(self) -> None:
        self._watch.close()


class Decisions(_DecisionStream[Callable[[Flow[Any]], Any]], Iterator[Review]):
    """An iterator over decisions that waits for the next one; it ends when it or its client is closed.

    Threads may share it: each decision goes to one of them. `close()` may be called from any thread.
    """

    def __init__(self, watch: DecisionWatch, run: Callable[[Flow[Any]], Any]) -> None:
        super().__init__(watch, run)
        run(watch.begin())  # so that it shows what is decided after the call, and the call raises for a wrong key

    def __next__(self) -> Review:
        with self._thread_turn:
            review: Review | None = self._run(self._watch.next())
        if review is None:
            raise StopIteration
        return review

    def close(self) -> None:
        """End the stream; may be repeated."""
        self._watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


# A class and not an async generator: one that is left early has nothing to finalise on the event loop.
class AsyncDecisions(_DecisionStream[Callable[[Flow[Any]], Awaitable[Any]]], AsyncIterator[Review]):
    """The same, for `async for`; tasks may share it. It begins when it is first advanced, or with `async with`."""

    async def __anext__(self) -> Review:
        async with self._task_turn.lock():
            review: Review | None = await self._run(self._watch.next())
        if review is None:
            raise StopAsyncIteration
        return review

    async def aclose(self) -> None:
        """End the stream; may be repeated."""
        self._watch.close()

    async def __aenter__(self) -> Self:
        async with self._task_turn.lock():
            await self._run(self._watch.begin())
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


Decisions.__module__ = AsyncDecisions.__module__ = "hitl"  # where users import them from


class CursorStore(Protocol):
    """Where `run` keeps how far it has come. Both methods may block."""

    def load(self) -> str | None:
        """Return what was saved last; None if nothing was."""
        ...

    def save(self, cursor: str) -> None:
        """Keep a cursor in place of the last one, as a whole or not at all."""
        ...


CursorStore.__module__ = "hitl"


class HandledDecisions(Protocol):
    """What a ledger knows of decisions; both methods may block."""

    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Literal["begun", "handled", "elsewhere"]:
        """Begin to deal with a decision, unless another run does or has."""
        ...

    def end_handling(self, decision: str, handler: str) -> None: ...


class CursorFile:
    """A cursor in a file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        """Return what is in the file; None if there is none."""
        try:
            return self._path.read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def save(self, cursor: str) -> None:
        """Replace the file: a crash leaves the old one or the new one."""
        target = self._path.resolve()
        file = NamedTemporaryFile("w", dir=target.parent, prefix=f".{target.name}.", delete=False)  # noqa: SIM115
        try:
            with file:
                file.write(f"{cursor}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def cursor_store(given: str | os.PathLike[str] | CursorStore | None) -> CursorStore | None:
    """Return the store that an argument means: a path is that of a file."""
    if isinstance(given, str | os.PathLike):
        return CursorFile(given)
    if given is None or (hasattr(given, "load") and hasattr(given, "save")):
        return given
    raise ConfigurationError(f"cursor_store must be a path, or have `load` and `save`; got {given!r:.80}")


@frozen
class Handler:
    """A function that wants some decisions."""

    name: str
    function: Callable[[Review], Any]
    wanted: DecisionFilter


@define
class Handlers:
    """The handlers of one client, in the order of their registration."""

    handlers: list[Handler] = field(factory=list[Handler])

    def register(self, wanted: DecisionFilter) -> Callable[[F], F]:
        """Return a decorator that leaves its function as it is."""

        def decorate(function: F) -> F:
            if not callable(function):
                raise ConfigurationError(f"a handler must be a function of one review; got {function!r:.80}")
            # A ledger tells handlers apart by name, so no two have the same.
            name = f"{function.__module__}:{getattr(function, '__qualname__', type(function).__name__)}"
            count = sum(each.name.partition("#")[0] == name for each in self.handlers)
            self.handlers.append(Handler(f"{name}#{count + 1}" if count else name, function, wanted))
            return function

        return decorate

    def run(
        self,
        registry: WaitRegistry,
        store: CursorStore | None,
        ledger: HandledDecisions | None,
        begin: Position,
        poll_interval: float,
    ) -> Flow[None]:
        """Handle decisions until the client is closed; see HITLClient.run."""
        stored = None if store is None else (yield Act(store.load, blocks=True))
        since = begin if stored is None else position(stored)
        wanted = common([handler.wanted for handler in self.handlers])
        watch = DecisionWatch(registry, wanted, since, poll_interval)
        handling = None if ledger is None else _Handling(ledger, registry.clock)
        _RUNNING.update([handling.run] if handling else [])
        try:
            yield from watch.begin()
            if store is not None and stored is None:
                yield Act(partial(store.save, watch.cursor), blocks=True)
            while (review := (yield from watch.next())) is not None:
                handlers = [handler for handler in self.handlers if handler.wanted.shows(review)]
                for handler in handlers:
                    if handling is None:
                        yield Act(partial(handler.function, review))
                    elif not (yield from handling.handle(handler, review, watch)):
                        return
                if store is not None and handlers:
                    yield Act(partial(store.save, watch.cursor), blocks=True)
        finally:
            watch.close()
            _RUNNING.difference_update([handling.run] if handling else [])


@define
class _Handling:
    """Has each decision handled once, among all runs that share a ledger."""

    ledger: HandledDecisions
    clock: Clock
    run: str = field(factory=lambda: token_hex(8))

    def handle(self, handler: Handler, review: Review, watch: DecisionWatch) -> Flow[bool]:
        """Call the handler, or wait for the run that does; return False if the client was closed before."""
        decision, began = decision_digest(review).hex(), self.clock.monotonic()
        begin = partial(self.ledger.begin_handling, decision, handler.name, self.run)
        while True:
            is_late = self.clock.monotonic() - began >= PATIENCE
            # The set itself: a copy would be too old for a run that begins while the ledger is waited for.
            state = yield Act(partial(begin, running=_RUNNING, takes_over=is_late), blocks=True)
            if state != "elsewhere":
                break
            if watch.is_closed:
                return False
            yield Sleep(LOOK_AGAIN)
        if state == "begun":
            yield Act(partial(handler.function, review))
            yield Act(partial(self.ledger.end_handling, decision, handler.name), blocks=True)
        return True
