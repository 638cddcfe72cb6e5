"""Holding an answer back until there is something to report (`Prefer: wait`, RFC 7240, section 4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from hitl.server.primitives import Document
from hitl.server.storage import ChangeNotifier

_SHORTEST = 0.001  # never spin, whatever the server's clock does


async def hold(
    changes: ChangeNotifier,
    subject_id: str,
    seconds: float,
    *,
    read: Callable[[], Document],
    final: Collection[str],
    seconds_left: Callable[[], float | None],
) -> Document:
    """Return a document as soon as it changes or if its status is final, else as it stands after `seconds`.

    Those are of real time; `seconds_left` returns the time until the document changes without a request, or None.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first read, so that no change falls between the two.
    with changes.watch(subject_id) as watch:
        first = document = read()
        while True:
            left = deadline - now()
            if document["status"] in final or document != first or left <= 0 or changes.closed:
                return document
            to_change = seconds_left()
            await watch.change(left if to_change is None else max(_SHORTEST, min(left, to_change)))
            document = read()
