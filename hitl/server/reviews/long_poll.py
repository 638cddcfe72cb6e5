"""Reads of reviews that wait until there is something to report."""

from __future__ import annotations

import asyncio

from hitl.server.http import hold
from hitl.server.primitives import Document, Page
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.store import ReviewQuery


async def wait_for_change(service: ReviewService, review_id: str, seconds: float) -> Document:
    """Return the review as soon as it changes or if it is finished, else as it stands after `seconds`."""
    return await hold(
        service.changes,
        review_id,
        seconds,
        read=lambda: service.get_review(review_id),
        final=FINAL,
        seconds_left=lambda: service.seconds_to_expiry(review_id),
    )


async def wait_for_changes(service: ReviewService, query: ReviewQuery, seconds: float) -> Page:
    """Return the list as soon as it has items, else the empty list after `seconds`; `ExpiryWorker` publishes expiry."""
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first read, so that no change falls between the two.
    with service.changes.watch_list() as watch:
        while True:
            found = service.list_reviews(query)
            left = deadline - now()
            if found.items or left <= 0 or service.changes.closed:
                return found
            await watch.change(left)
