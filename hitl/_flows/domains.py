"""Sharing domains: one per process for blocking calls, one per event loop for awaited ones."""

from __future__ import annotations

import os
from collections.abc import Hashable


def process_domain() -> Hashable:
    """Return the domain of blocking calls: all threads of this process, but not of the process it was forked from."""
    return os.getpid()


def loop_domain() -> Hashable:
    """Return the domain of awaited calls: the running event loop, in this process."""
    if runs_on_trio():
        import trio

        return os.getpid(), trio.lowlevel.current_trio_token()
    import asyncio

    return os.getpid(), asyncio.get_running_loop()


def runs_on_trio() -> bool:
    """Return whether the running event loop is trio's rather than asyncio's."""
    # Imported here: at its import sniffio subclasses threading.local, which Temporal's workflow sandbox forbids.
    import sniffio

    return sniffio.current_async_library() == "trio"
