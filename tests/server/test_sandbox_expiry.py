"""What time brings, while nobody looks."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fake_clock import FakeClock

from hitl.server.expiry import ExpiryWorker
from hitl.server.primitives import Now
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.timestamps import utc_now
from hitl.server.review_server import ReviewServer

FIELDS = [{"name": "approved", "type": "boolean", "required": True}]


@pytest.fixture
def clock() -> Now:
    return Clock(utc_now)


def ask(server: ReviewServer, **settings: float) -> str:
    template = server.reviews.create_template({"name": "Quick", "fields": FIELDS, "settings": settings}).document
    return str(server.reviews.create_review({"template_id": template["id"], "content": {}}).document["id"])


def status_of(server: ReviewServer, review_id: str) -> str:
    """Return the status as it is stored; asking the server would let time do its work first."""
    row = server.database.row("SELECT status FROM reviews WHERE id = ?", (review_id,))
    assert row is not None
    return str(row[0])


async def expired(server: ReviewServer, review_id: str) -> bool:
    """Run the alarm until the review was changed once more, and tell whether it expired."""
    with server.changes.watch(review_id) as watch:
        alarm = asyncio.create_task(ExpiryWorker(server.clock, server.changes, server.tick).run())
        while status_of(server, review_id) != "expired" and not alarm.done():
            await watch.change(30)
        alarm.cancel()
        await asyncio.gather(alarm, return_exceptions=True)
    return status_of(server, review_id) == "expired"


def test_what_is_due_happens_by_itself(server: ReviewServer) -> None:
    assert asyncio.run(expired(server, ask(server, timeout_hours=0.05 / 3600)))


def test_what_a_moved_clock_brings_near_happens_by_itself_too(server: ReviewServer) -> None:
    review_id = ask(server, timeout_hours=1)
    server.clock.advance(3599.95)
    assert asyncio.run(expired(server, review_id))


def test_the_alarm_ends_with_the_desk(server: ReviewServer) -> None:
    async def run() -> None:
        alarm = asyncio.create_task(ExpiryWorker(server.clock, server.changes, server.tick).run())
        await asyncio.sleep(0)
        server.changes.close()
        await alarm

    asyncio.run(run())


def test_a_fault_is_logged_and_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    moments = [datetime(2026, 11, 23, tzinfo=UTC)]

    def failing() -> datetime:
        if not moments:
            raise OSError("the disk is full")
        return moments[0]

    server = ReviewServer(clock=failing)

    async def run() -> None:
        alarm = asyncio.create_task(ExpiryWorker(server.clock, server.changes, server.tick).run())
        moments.clear()
        await asyncio.sleep(0)
        assert not alarm.done()
        server.changes.close()
        await alarm

    with caplog.at_level(logging.ERROR, "hitl.server"):
        asyncio.run(run())
    server.close()
    assert "tried again" in caplog.text


def test_what_expired_in_a_transaction_that_was_undone_expires_again() -> None:
    clock = FakeClock()
    with ReviewServer(clock=clock) as server:
        review_id = ask(server, timeout_hours=1)
        clock.advance(hours=2)
        with suppress(InterruptedError), server.database.transaction():
            server.tick()
            server.tick()  # sees nothing that is due, but not for good
            raise InterruptedError
        assert status_of(server, review_id) == "created"
        assert server.reviews.get_review(review_id)["status"] == "expired"


def test_a_review_that_expires_before_all_others_does_so() -> None:
    clock = FakeClock()
    with ReviewServer(clock=clock) as server:
        late, soon = ask(server, timeout_hours=2), ask(server, timeout_hours=1)
        clock.advance(hours=1)
        assert [server.reviews.get_review(each)["status"] for each in (late, soon)] == ["created", "expired"]
