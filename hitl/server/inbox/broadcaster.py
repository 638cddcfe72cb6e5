"""One reader of changes for all open pages: it reads and encodes each step once, and counts once for everybody.

A hundred pages that each read for themselves would keep a core busy. A frame is at most one in `FRAME` seconds, and
states such as the counts at most one in `STATES` seconds. A page that takes its frames too slowly is told to reload.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from hitl.server.http import in_worker
from hitl.server.primitives import Document
from hitl.server.storage import ChangeNotifier, StorageError
from hitl.server.storage.changes import Watch

FRAME: Final = 0.25
STATES: Final = 1.0
MOST_STEPS: Final = 500
"""Steps that a page which was away is told; after more it reloads."""

MOST_FRAMES: Final = 64

_HEARTBEAT: Final = 15.0

State: TypeAlias = tuple[str, Hashable]
"""What a page shows beside the steps: the name of its event, and whose it is."""


class Source(Protocol):
    """Where the broadcaster reads."""

    changes: ChangeNotifier

    def last_step(self) -> int:
        """Return the number of the last step."""
        ...

    def steps_after(self, number: int, limit: int) -> list[Document]:
        """Return the steps after a number, the earliest first."""
        ...


@dataclass(eq=False, slots=True)
class Page:
    """One open page: the frames that it has not taken yet, and what it was told last."""

    after: int
    states: Sequence[State]
    frames: deque[str] = field(default_factory=deque[str])
    told: dict[State, Any] = field(default_factory=dict[State, Any])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, frame: str) -> None:
        """Give the page a frame; one that has too many gets a single one that says so."""
        if not frame:
            return
        if len(self.frames) >= MOST_FRAMES:
            self.frames.clear()
            frame = event("reload", {})
        self.frames.append(frame)
        self.arrived.set()

    async def frame(self) -> str:
        """Return the frames that have come, together; after a while without any, a comment that shows it is alive."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT):
                await self.arrived.wait()
        self.arrived.clear()
        frames = "".join(self.frames)
        self.frames.clear()
        return frames or ": still here\n\n"


class Broadcaster:
    """Runs while at least one page is open, in the event loop of the pages."""

    def __init__(
        self,
        source: Source,
        describe: Callable[[Document], Document],
        read_states: Callable[[Iterable[State]], Mapping[State, Any]],
        pause: Callable[[], float],
    ) -> None:
        """Tell pages the steps of a source as `describe` has them, and the states that `read_states` returns.

        `pause` returns after how many seconds to look without a change.
        """
        self._source = source
        self._describe = describe
        self._read_states = read_states
        self._pause = pause
        self._pages: set[Page] = set()
        self._position = 0
        self._states_due = 0.0
        self._task: asyncio.Task[None] | None = None
        self._watch: Watch | None = None

    @contextmanager
    def open(self, after: int, states: Sequence[State]) -> Generator[Page, None, None]:
        """Tell a page what happens after a step until the block ends."""
        page = Page(after, states)
        self._pages.add(page)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif self._watch is not None:
            self._watch.wake()  # so that the page is told how things stand
        try:
            yield page
        finally:
            self._pages.discard(page)
            if not self._pages:
                self._end()

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        self._position = min(page.after for page in self._pages)
        with self._source.changes.watch(None, is_request=False) as self._watch:
            try:
                while not self._source.changes.closed:
                    await self._watch.change(await self._look())
                    await asyncio.sleep(FRAME)
            finally:
                self._watch = None
                for page in self._pages:
                    page.arrived.set()

    async def _look(self) -> float:
        """Tell the pages what has changed, and return the seconds until the next look if nothing does.

        What the disk keeps from being read is told later.
        """
        now = asyncio.get_running_loop().time()
        with suppress(StorageError):
            await self._tell_steps()
            if now < self._states_due and all(page.told for page in self._pages):
                return self._states_due - now
            await self._tell_states()
            self._states_due = now + STATES
        return self._pause()

    async def _tell_steps(self) -> None:
        self._position = min([self._position, *(page.after for page in self._pages)])
        while True:
            steps = await in_worker(self._source.steps_after, self._position, MOST_STEPS + 1)
            if not steps:
                return
            if len(steps) > MOST_STEPS:
                await self._skip()
                continue
            texts = [(step["number"], event("step", self._describe(step), step["number"])) for step in steps]
            whole = "".join(text for _, text in texts)
            first, last = texts[0][0], texts[-1][0]
            for page in self._pages:
                if page.after < first:
                    page.offer(whole)
                else:
                    page.offer("".join(text for number, text in texts if number > page.after))
                page.after = max(page.after, last)
            self._position = last

    async def _skip(self) -> None:
        """Let the pages that are too far behind reload."""
        last = await in_worker(self._source.last_step)
        for page in self._pages:
            if last - page.after > MOST_STEPS:
                page.offer(event("reload", {}))
                page.after = last
        self._position = min((page.after for page in self._pages), default=last)

    async def _tell_states(self) -> None:
        wanted = {state for page in self._pages for state in page.states}
        found = await in_worker(self._read_states, wanted)
        texts = {state: event(state[0], value) for state, value in found.items()}
        for page in self._pages:
            for state in page.states:
                if state in found and (state not in page.told or page.told[state] != found[state]):
                    page.told[state] = found[state]
                    page.offer(texts[state])


def event(name: str, data: Any, number: int | None = None) -> str:
    """Return a server-sent event (HTML, section 9.2)."""
    # JSON holds no line break, so one `data` line is enough.
    line = f"id: {number}\n" if number is not None else ""
    return f"{line}event: {name}\ndata: {json.dumps(data)}\n\n"
