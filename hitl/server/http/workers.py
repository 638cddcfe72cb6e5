"""Work that takes long runs in worker threads, so that the event loop goes on answering everybody else.

What is short runs at once, since handing it to a thread and back would take longer. A heavy thread and the event loop
share one interpreter, so only a few run at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

import anyio.to_thread
from anyio.lowlevel import RunVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE: Final = 32 * 1024
"""Bytes of JSON from which on reading, checking and writing it is work for a worker: about a millisecond."""

AT_ONCE: Final = 4
"""Workers of one event loop; further work waits for one of them."""

_limiters: RunVar[anyio.CapacityLimiter | None] = RunVar("hitl_workers", None)


async def in_worker(function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> T:
    """Call a function in a worker thread, and return what it returns."""
    limiter = _limiters.get()
    if limiter is None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        _limiters.set(limiter)
    return await anyio.to_thread.run_sync(partial(function, *arguments, **options), limiter=limiter)


async def in_worker_if_large(size: int, function: Callable[..., T], /, *arguments: Any, **options: Any) -> T:
    """Call a function that works on so many bytes: at once if they are few, else in a worker thread."""
    if size < LARGE:
        return function(*arguments, **options)
    return await in_worker(function, *arguments, **options)
