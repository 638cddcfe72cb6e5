"""Holding an answer back until there is something to tell (`Prefer: wait`, RFC 7240, section 4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from hitl.server.primitives.changes import ChangeNotifier
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import Document, Page, ReviewQuery

_SHORTEST = 0.001  # never spin, whatever the desk's clock does


async def wait_for_change(desk: ReviewService, review_id: str, seconds: float) -> Document:
    """Return the review as soon as it changes or if it is finished, else as it stands after so many seconds."""
    return await hold(
        desk.changes,
        review_id,
        seconds,
        look=lambda: desk.get_review(review_id),
        final=FINAL,
        seconds_left=lambda: desk.seconds_to_expiry(review_id),
    )


async def wait_for_changes(desk: ReviewService, query: ReviewQuery, seconds: float) -> Page:
    """Return the list as soon as something is in it, else the empty list after so many seconds.

    Expiry is found in time by the server's alarm, which announces it as any other change.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first look, so that no change falls between the two.
    with desk.changes.watch_list() as watch:
        while True:
            found = desk.list_reviews(query)
            left = deadline - now()
            if found.items or left <= 0 or desk.changes.closed:
                return found
            await watch.change(left)


async def hold(
    changes: ChangeNotifier,
    subject_id: str,
    seconds: float,
    *,
    look: Callable[[], Document],
    final: Collection[str],
    seconds_left: Callable[[], float | None],
) -> Document:
    """Return a document as soon as it changes or if its status is final, else as it stands after so many seconds.

    Args:
        changes: Where its changes are announced.
        subject_id: The name that they are announced under.
        seconds: How long to wait, in real time.
        look: Returns the document as it stands.
        final: The statuses after which nothing will change.
        seconds_left: Returns how long it is until the document changes by itself; None if it will not.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first look, so that no change falls between the two.
    with changes.watch(subject_id) as watch:
        first = document = look()
        while True:
            left = deadline - now()
            if document["status"] in final or document != first or left <= 0 or changes.closed:
                return document
            to_change = seconds_left()
            await watch.change(left if to_change is None else max(_SHORTEST, min(left, to_change)))
            document = look()
