"""Holding an answer back until there is something to tell (`Prefer: wait`, RFC 7240, section 4.3)."""

from __future__ import annotations

import asyncio

from hitl.sandbox.desk import Desk
from hitl.sandbox.reviews import FINAL
from hitl.sandbox.store import Document

_SHORTEST = 0.001  # never spin, whatever the desk's clock does


async def wait_until_final(desk: Desk, review_id: str, seconds: float) -> Document:
    """Return the review as soon as it is finished, or as it stands after so many seconds."""
    now = asyncio.get_running_loop().time
    deadline = now() + seconds
    # The watch begins before the first look, so that no change falls between the two.
    with desk.changes.watch(review_id) as watch:
        while True:
            review = desk.get_review(review_id)
            left = deadline - now()
            if review["status"] in FINAL or left <= 0 or desk.changes.closed:
                return review
            to_expiry = desk.seconds_to_expiry(review_id)
            await watch.change(left if to_expiry is None else max(_SHORTEST, min(left, to_expiry)))
