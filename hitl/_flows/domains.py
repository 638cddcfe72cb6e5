"""Where a wait happens: waits share their requests with those in the same place, and depend on no other place."""

from __future__ import annotations

import os
from collections.abc import Hashable

import sniffio


def process_domain() -> Hashable:
    """Name the place of blocking calls: all threads of this process, and none of a process that it was forked from."""
    return os.getpid()


def loop_domain() -> Hashable:
    """Name the place of awaited calls: the running event loop, in this process."""
    if sniffio.current_async_library() == "trio":
        import trio

        return os.getpid(), trio.lowlevel.current_trio_token()
    import asyncio

    return os.getpid(), asyncio.get_running_loop()
