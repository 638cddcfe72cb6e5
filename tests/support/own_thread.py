"""Tests that raise in the middle of a line, by tracing: CPython may then leave an exception as handled for ever.

Every later error of that thread would have it as its context, so such a test has a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec

P = ParamSpec("P")


def in_own_thread(test: Callable[P, None]) -> Callable[P, None]:
    """Run a test in a thread that ends with it."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(test, *args, **kwargs).result()

    return run
