"""What time brings, while nobody looks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hitl.server.expiry import ExpiryWorker
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.timestamps import utc_now
from hitl.server.reviews.service import ReviewService

FIELDS = [{"name": "approved", "type": "boolean", "required": True}]


@pytest.fixture
def desk() -> Iterator[ReviewService]:
    desk = ReviewService(clock=Clock(utc_now))
    yield desk
    desk.close()


def ask(desk: ReviewService, **settings: float) -> str:
    template = desk.create_template({"name": "Quick", "fields": FIELDS, "settings": settings}).document
    return str(desk.create_review({"template_id": template["id"], "content": {}}).document["id"])


def status_of(desk: ReviewService, review_id: str) -> str:
    """Return the status as it is stored; asking the desk would let time do its work first."""
    row = desk.database.row("SELECT status FROM reviews WHERE id = ?", (review_id,))
    assert row is not None
    return str(row[0])


async def expired(desk: ReviewService, review_id: str) -> bool:
    """Run the alarm until the review was changed once more, and tell whether it expired."""
    with desk.changes.watch(review_id) as watch:
        alarm = asyncio.create_task(ExpiryWorker(desk).run())
        while status_of(desk, review_id) != "expired" and not alarm.done():
            await watch.change(30)
        alarm.cancel()
        await asyncio.gather(alarm, return_exceptions=True)
    return status_of(desk, review_id) == "expired"


def test_what_is_due_happens_by_itself(desk: ReviewService) -> None:
    assert asyncio.run(expired(desk, ask(desk, timeout_hours=0.05 / 3600)))


def test_what_a_moved_clock_brings_near_happens_by_itself_too(desk: ReviewService) -> None:
    review_id = ask(desk, timeout_hours=1)
    desk.clock.advance(3599.95)
    assert asyncio.run(expired(desk, review_id))


def test_the_alarm_ends_with_the_desk(desk: ReviewService) -> None:
    async def run() -> None:
        alarm = asyncio.create_task(ExpiryWorker(desk).run())
        await asyncio.sleep(0)
        desk.changes.close()
        await alarm

    asyncio.run(run())


def test_a_fault_is_logged_and_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    moments = [datetime(2026, 11, 23, tzinfo=UTC)]

    def failing() -> datetime:
        if not moments:
            raise OSError("the disk is full")
        return moments[0]

    desk = ReviewService(clock=failing)

    async def run() -> None:
        alarm = asyncio.create_task(ExpiryWorker(desk).run())
        moments.clear()
        await asyncio.sleep(0)
        assert not alarm.done()
        desk.changes.close()
        await alarm

    with caplog.at_level(logging.ERROR, "hitl.server"):
        asyncio.run(run())
    desk.close()
    assert "tried again" in caplog.text
