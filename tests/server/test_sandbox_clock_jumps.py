"""The clock of the machine is set while a sandbox runs, by a day either way. docs/reference/sandbox.md has the rules."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from fake_clock import NOON, FakeClock
from receiver import Receiver
from server_calls import REQUEST, create_review

from hitl.server.expiry import ExpiryWorker
from hitl.server.http.rate_limit import RateLimit, RateLimitWindow
from hitl.server.inbox.sessions import SESSION_DAYS, Sessions
from hitl.server.loops.accounts import account_of
from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer
from hitl.server.reviews.routes import wait_for_change
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.server.webhooks.deliverer import Deliverer, Retention
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.sender import Sender

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def create(server: ReviewServer, **body: Any) -> str:
    return str(create_review(server, **body)["id"])


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_review_without_a_deadline_is_answered_whatever_the_clock_says(
    server: ReviewServer, clock: FakeClock, jump: timedelta
) -> None:
    review_id = create(server)
    clock.now += jump
    done = server.reviews.complete(review_id, {"approved": True}, "ann@example.com")
    assert (done["status"], done["version"]) == ("completed", 2)
    assert [step["event"] for step in server.reviews.history(review_id)] == ["created", "completed"]
    assert [event.event for event in server.outbox.events_after(0, 9)] == ["review.created", "review.completed"]


def test_a_deadline_is_a_moment_and_comes_when_the_clock_shows_it(server: ReviewServer, clock: FakeClock) -> None:
    review_id = create(server, due_date=(NOON + HOUR).isoformat())
    clock.now -= DAY
    assert server.reviews.get_review(review_id)["status"] == "created"
    assert server.reviews.seconds_to_expiry(review_id) == 25 * 3600
    clock.now += DAY + HOUR
    assert server.reviews.get_review(review_id)["status"] == "expired"


def test_somebody_who_waits_learns_of_a_deadline_that_a_jump_has_passed(server: ReviewServer, clock: FakeClock) -> None:
    review_id = create(server, due_date=(NOON + HOUR).isoformat())

    async def wait() -> str:
        alarm = asyncio.create_task(ExpiryWorker(server.clock, server.changes, server.tick).run())
        waiting = asyncio.create_task(wait_for_change(server.reviews, review_id, 50))
        await asyncio.sleep(0)
        clock.now += DAY
        server.tick()  # as any request, and the alarm itself every half a minute, does
        status: str = (await waiting)["status"]
        alarm.cancel()
        return status

    assert asyncio.run(wait()) == "expired"


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_long_poll_ends_after_its_own_seconds(server: ReviewServer, clock: FakeClock, jump: timedelta) -> None:
    review_id = create(server)

    async def wait() -> str:
        waiting = asyncio.create_task(wait_for_change(server.reviews, review_id, 0.05))
        await asyncio.sleep(0)
        clock.now += jump
        status: str = (await asyncio.wait_for(waiting, 30))["status"]
        return status

    assert asyncio.run(wait()) == "created"


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_rate_limit_begins_a_new_window_and_refuses_nobody_for_a_day(jump: float) -> None:
    now, budget = NOON.timestamp(), RateLimitWindow(RateLimit(2, 60.0))
    budget.spend(now)
    budget.spend(now)
    with pytest.raises(ApiError):
        budget.spend(now)
    budget.spend(now + jump)
    assert budget.headers()["X-RateLimit-Remaining"] == "1"
    assert int(budget.headers()["X-RateLimit-Reset"]) == now + jump + 60


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_session_outlives_the_jump(clock: FakeClock, jump: timedelta) -> None:
    with closing(Database(IN_MEMORY, MIGRATIONS)) as database:
        sessions = Sessions(database, clock)
        session = sessions.begin(sessions.new_link())
        assert session is not None
        clock.now += jump
        assert sessions.is_known(session)
        clock.now = NOON + timedelta(days=SESSION_DAYS + 1)
        assert not sessions.is_known(session)


def test_a_claim_from_the_future_keeps_nobody_away(server: ReviewServer, clock: FakeClock) -> None:
    account = account_of("0" * 64)
    loop = server.loops.create_loop(account, {"name": "M", "icon": "star", "description": "d"}).document["loop"]
    request_id = server.loops.create_request(account, loop["id"], REQUEST).document["request_id"]
    server.loops.claim(request_id, {"email": "ann@example.com"})
    with pytest.raises(ApiError, match="claimed by somebody else"):
        server.loops.respond(request_id, "approve", {"email": "bob@example.com"})
    clock.now -= DAY
    answered = server.loops.respond(request_id, "approve", {"email": "bob@example.com"})
    assert (answered["status"], answered["response_time_seconds"]) == ("completed", 0.0)


# Deliveries


def call_back(server: ReviewServer, url: str) -> None:
    with server.database.transaction():
        server.outbox.call_back(url, "request.completed", "r", {"event": "request.completed"}, at=server.clock())


def deliver(server: ReviewServer, receiver: Receiver, after: timedelta, clock: FakeClock) -> list[dict[str, Any]]:
    """Let a deliverer make the first attempt, set the clock, let it look again, and return the log."""

    async def work() -> None:
        deliverer = Deliverer(server.database, server.outbox, server.clock, Sender(Targets()))
        running = asyncio.create_task(deliverer.run())
        await asyncio.sleep(0)
        await asyncio.to_thread(deliverer.settle)
        clock.now += after
        await asyncio.to_thread(deliverer.settle)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())
    return server.deliveries.page().items


def test_a_retry_waits_no_longer_because_the_clock_was_set_back(
    server: ReviewServer, clock: FakeClock, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    call_back(server, receiver.url)
    (delivery,) = deliver(server, receiver, -DAY, clock)
    assert delivery["due_at"] == "2026-11-22T12:00:15.000000Z"


def test_a_retry_whose_time_a_jump_has_passed_is_made(
    server: ReviewServer, clock: FakeClock, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    call_back(server, receiver.url)
    (delivery,) = deliver(server, receiver, DAY, clock)
    assert (delivery["status"], len(delivery["attempts"])) == ("delivered", 2)


def test_what_was_written_by_a_clock_that_is_set_back_before_the_next_start_is_sent_at_once(
    server: ReviewServer, clock: FakeClock, receiver: Receiver
) -> None:
    call_back(server, receiver.url)
    clock.now -= DAY
    (delivery,) = deliver(server, receiver, timedelta(0), clock)
    assert delivery["status"] == "delivered"


# The log of deliveries


def test_deliveries_that_are_over_leave_the_log_after_90_days_and_pending_ones_stay(
    server: ReviewServer, clock: FakeClock
) -> None:
    for status in ("delivered", "failed", "pending"):
        call_back(server, f"http://127.0.0.1:9/{status}")
        with server.database.transaction():
            server.database.execute("UPDATE deliveries SET status = ? WHERE url LIKE ?", (status, f"%{status}"))
            server.database.execute(
                "INSERT INTO attempts (delivery_number, at, duration) SELECT max(number), '', 0 FROM deliveries"
            )
    retention = Retention(server.database)
    clock.now += timedelta(days=89)
    call_back(server, "http://127.0.0.1:9/young")
    retention.run(clock.now)
    assert server.deliveries.page().total == 4
    clock.now += timedelta(days=2)
    retention.run(clock.now)
    left = [delivery["url"][19:] for delivery in server.deliveries.page().items]
    assert left == ["young", "pending"]
    assert server.database.row("SELECT count(*) FROM attempts") == (1,)


def test_a_long_log_is_shortened_in_pieces(server: ReviewServer, clock: FakeClock) -> None:
    with server.database.transaction():
        for number in range(1200):
            server.database.execute(
                "INSERT INTO deliveries (id, lane, url, event, subject_id, payload, created_at, status) "
                "VALUES (?, '', '', '', '', '{}', ?, 'failed')",
                (str(number), "2020-01-01T00:00:00.000000Z"),
            )
    retention = Retention(server.database)
    left: list[int] = []
    for _ in range(4):
        retention.run(clock.now)
        left.append(server.deliveries.page(limit=1).total)
    assert left == [700, 200, 0, 0]


# The end


@pytest.mark.parametrize("turns", range(5))
def test_a_deliverer_ends_when_it_is_told_to_also_at_the_moment_of_an_event(server: ReviewServer, turns: int) -> None:
    async def end() -> bool:
        deliverer = Deliverer(server.database, server.outbox, server.clock, Sender(Targets()))
        running = asyncio.create_task(deliverer.run())
        for _ in range(5):
            await asyncio.sleep(0)
        deliverer.wake()
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=20)
        return bool(done)

    assert asyncio.run(end())
