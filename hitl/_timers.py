"""Deadlines and sleeps on an event loop, asyncio's or trio's, by the clock of `_clock`.

freezegun stops the timers of event loops, or lets them come too soon. While it does, a thread wakes whoever waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, cast

from hitl._clock import LONGEST_SLEEP

if TYPE_CHECKING:
    import anyio  # loaded by programs that await


def runs_on_trio() -> bool:
    """Return whether the running event loop is trio's rather than asyncio's."""
    # Imported here: at its import sniffio subclasses threading.local, which Temporal's workflow sandbox forbids.
    import sniffio

    return sniffio.current_async_library() == "trio"


def are_timers_frozen() -> bool:
    """Return whether a test has replaced the clock of event loops."""
    return type(time.monotonic) is not BuiltinFunctionType


def move_on_after(seconds: float) -> AbstractContextManager[anyio.CancelScope, bool]:
    """Do what `anyio.move_on_after` does; it may end a day too soon, or when a freeze begins, so look at the clock."""
    import anyio

    if not are_timers_frozen():
        return anyio.move_on_after(seconds)
    return cast("AbstractContextManager[anyio.CancelScope, bool]", _in_real_time(seconds))


def sleep(seconds: float) -> Awaitable[None]:
    """Do what `anyio.sleep` does, with the limits of `move_on_after`."""
    import anyio

    return _sleep_in_real_time(seconds) if are_timers_frozen() else anyio.sleep(seconds)


async def _sleep_in_real_time(seconds: float) -> None:
    import anyio

    with _in_real_time(seconds):
        await anyio.sleep_forever()


@contextmanager
def _in_real_time(seconds: float) -> Generator[anyio.CancelScope, None, None]:
    import anyio

    left, in_loop = threading.Event(), _caller_in_loop()
    with anyio.CancelScope() as scope:

        def end() -> None:
            if not left.is_set():
                scope.cancel()

        def wait() -> None:
            if not left.wait(min(seconds, LONGEST_SLEEP)):
                with suppress(RuntimeError):  # the loop has ended
                    in_loop(end)

        if seconds <= 0:
            scope.cancel()
        else:
            threading.Thread(target=wait, name="hitl-timer", daemon=True).start()
        try:
            yield scope
        finally:
            left.set()


def _caller_in_loop() -> Callable[[Callable[[], None]], object]:
    """Return what lets the running event loop call a function; it may be called in any thread."""
    if runs_on_trio():
        import trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio

    return asyncio.get_running_loop().call_soon_threadsafe
