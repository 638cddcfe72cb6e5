"""Delivering, from a whole sandbox to a receiver that listens. The clock stands still unless a test moves it."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest
from fake_clock import NOON
from receiver import Receiver, receiving

from hitl.server.http.server import BackgroundServer
from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.server.storage.errors import StorageError
from hitl.server.storage.outbox import Outbox
from hitl.server.storage.reader import Row, Values
from hitl.server.webhooks.deliverer import Deliverer
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.sender import Sender
from hitl.webhooks import verify_signature

ANN = "ann@example.com"
EVENTS = ["review.created", "review.started", "review.completed", "review.cancelled"]


class World:
    """A running sandbox, seen from inside."""

    def __init__(self, data: str | Path = ":memory:", *, now: datetime = NOON) -> None:
        self.clock = Clock(lambda: now)
        self.server = ReviewServer(data=data, clock=self.clock)
        self.deliveries = self.server.deliveries
        self.subscriptions = self.server.subscriptions
        self._background = BackgroundServer(self.server.server())
        self._background.start()

    def stop(self) -> None:
        self._background.stop()
        self.server.close()

    def subscribe(self, url: str, *events: str, **more: Any) -> dict[str, Any]:
        body = {"url": url, "events": list(events or EVENTS), **more}

        async def ask() -> dict[str, Any]:
            return (await self.subscriptions.create(body)).document

        return anyio.run(ask)

    def change(self, webhook_id: str, **body: Any) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            return await self.subscriptions.update(webhook_id, body)

        return anyio.run(ask)

    def create(self) -> str:
        body = {"template_id": "template_123", "content": {"text": "A draft"}}
        review_id: str = self.server.reviews.create_review(body).document["id"]
        return review_id

    def settle(self) -> None:
        """Return when everything that is due has been attempted."""
        self.clock.advance(0)

    def log(self, **filters: Any) -> list[dict[str, Any]]:
        """The deliveries, the oldest first."""
        return self.deliveries.page(**filters).items[::-1]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.stop()


def events(receiver: Receiver) -> list[tuple[str, str]]:
    payloads = [json.loads(body) for body in receiver.bodies()]
    return [(payload["event"], payload["review"]["id"]) for payload in payloads]


# One delivery


def test_the_request_is_addressed_as_the_url_is_written(world: World, receiver: Receiver) -> None:
    world.subscribe(receiver.url.replace("127.0.0.1", "localhost") + "?team=a&b=%20")
    world.create()
    world.settle()
    arrived = receiver.received[0]
    assert arrived.path == "/webhook?team=a&b=%20"
    assert arrived.headers["Host"].startswith("localhost:")
    assert arrived.headers["Content-Type"] == "application/json"


def test_the_log_shows_what_was_answered_as_text_and_how_long_it_took(world: World, receiver: Receiver) -> None:
    receiver.answer = b"<b>done</b>\xff" + b"x" * 100_000
    world.subscribe(receiver.url)
    world.create()
    world.settle()
    (delivery,) = world.log()
    (attempt,) = delivery["attempts"]
    assert (delivery["status"], delivery["due_at"]) == ("delivered", None)
    assert (attempt["status_code"], attempt["error"], attempt["at"]) == (200, None, "2026-11-23T12:00:00.000000Z")
    assert attempt["response"].startswith("<b>done</b>\N{REPLACEMENT CHARACTER}xxx")
    assert len(attempt["response"]) == 16 * 1024
    assert attempt["duration"] > 0


def test_an_outage_is_survived_by_the_documented_schedule(world: World, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 408, 429, 302, 500, 500]
    receiver.headers = {"Location": receiver.url, "Set-Cookie": "a=b"}
    world.subscribe(receiver.url)
    world.create()
    world.clock.advance("72h")
    (delivery,) = world.log()
    assert delivery["status"] == "delivered"
    at = [datetime.fromisoformat(attempt["at"]) for attempt in delivery["attempts"]]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    assert pauses == [15, 60, 300, 1_800, 7_200, 43_200, 86_400]
    assert {arrived.headers["webhook-id"] for arrived in receiver.received} == {delivery["id"]}
    assert len(set(receiver.bodies())) == 1
    assert not any("Cookie" in arrived.headers for arrived in receiver.received)


def test_a_receiver_that_is_not_there_is_tried_again(world: World, receiver: Receiver) -> None:
    webhook_id = world.subscribe("http://127.0.0.1:9/")["id"]
    world.create()
    world.settle()
    (delivery,) = world.log()
    (attempt,) = delivery["attempts"]
    assert (attempt["status_code"], attempt["response"]) == (None, None)
    assert "connect" in attempt["error"].lower()
    assert delivery["due_at"] == "2026-11-23T12:00:15.000000Z"
    world.change(webhook_id, url=receiver.url)
    world.clock.advance("15s")
    assert world.log()[0]["status"] == "delivered"
    assert events(receiver) == [("review.created", "rev_1")]


def test_a_callback_to_another_machine_is_given_up_without_being_sent(world: World) -> None:
    with world.server.database.transaction():
        world.server.outbox.call_back("http://169.254.169.254/latest", "request.completed", "r", {}, at=NOON)
    world.settle()
    (delivery,) = world.log()
    assert delivery["status"] == "failed"
    assert "not an address of an ordinary host" in delivery["attempts"][0]["error"]


def test_a_callback_is_unsigned_and_has_an_id_all_the_same(world: World, receiver: Receiver) -> None:
    with world.server.database.transaction():
        world.server.outbox.call_back(receiver.url, "request.completed", "r", {"event": "request.completed"}, at=NOON)
    world.settle()
    headers = receiver.received[0].headers
    assert headers["webhook-id"] == world.log()[0]["id"]
    assert not {"webhook-signature", "X-HITL-Signature-256"} & headers.keys()


# Several deliveries


def test_the_events_of_one_review_arrive_in_order_though_the_first_fails(world: World, receiver: Receiver) -> None:
    receiver.statuses = [500, 500]
    world.subscribe(receiver.url)
    world.create()
    world.server.reviews.start("rev_1", ANN)
    world.server.reviews.complete("rev_1", {"approved": True}, ANN)
    world.settle()
    assert events(receiver) == [("review.created", "rev_1")]
    world.clock.advance("2m")
    assert [event for event, _ in events(receiver)] == ["review.created"] * 3 + ["review.started", "review.completed"]


def test_the_death_of_an_event_lets_the_next_one_go(world: World, receiver: Receiver) -> None:
    receiver.statuses = [400]
    world.subscribe(receiver.url)
    world.create()
    world.server.reviews.cancel_review("rev_1")
    world.settle()
    assert [delivery["status"] for delivery in world.log()] == ["failed", "delivered"]


def test_one_review_does_not_wait_for_another(world: World, receiver: Receiver) -> None:
    receiver.statuses = [500]
    world.subscribe(receiver.url)
    world.create()
    world.settle()
    world.create()
    world.settle()
    assert [delivery["status"] for delivery in world.log()] == ["pending", "delivered"]


def test_a_burst_of_events_arrives_whole_and_each_once(world: World, receiver: Receiver) -> None:
    world.subscribe(receiver.url, "review.created")
    ids = [world.create() for _ in range(60)]
    world.settle()
    assert sorted(events(receiver)) == sorted(("review.created", each) for each in ids)


def test_a_receiver_that_hangs_holds_up_neither_the_api_nor_another_receiver(world: World, receiver: Receiver) -> None:
    with receiving() as hanging:
        hanging.hold = threading.Event()
        world.subscribe(hanging.url)
        for _ in range(20):
            world.create()
        world.subscribe(receiver.url)
        world.create()
        assert receiver.arrived.wait(30)
        assert len(hanging.received) <= 4  # no more at a time, which leaves room for the others
        hanging.hold.set()
        world.settle()
        assert len(hanging.received) == 21
    assert events(receiver) == [("review.created", "rev_21")]


# Subscriptions that change


def test_a_subscription_that_is_switched_off_keeps_what_is_pending_until_it_is_on_again(
    world: World, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    webhook_id = world.subscribe(receiver.url)["id"]
    world.create()
    world.settle()
    assert world.change(webhook_id, enabled=False)["enabled"] is False
    world.create()  # nobody is told of this one
    world.clock.advance("72h")
    assert len(receiver.received) == 1
    world.change(webhook_id, enabled=True)
    world.settle()
    assert events(receiver) == [("review.created", "rev_1")] * 2


def test_a_new_secret_signs_from_the_next_attempt_on(world: World, receiver: Receiver) -> None:
    receiver.statuses = [500]
    webhook_id = world.subscribe(receiver.url, secret="the old one")["id"]
    world.create()
    world.settle()
    assert world.change(webhook_id, secret="the new one")["secret"] is None
    world.clock.advance("15s")
    old, new = receiver.received
    assert verify_signature(old.headers, old.body, "the old one")
    assert verify_signature(new.headers, new.body, "the new one")
    assert old.headers["webhook-id"] == new.headers["webhook-id"]
    assert old.headers["webhook-signature"] != new.headers["webhook-signature"]


def test_what_was_pending_for_a_deleted_subscription_is_given_up_and_cannot_be_replayed(world: World) -> None:
    webhook_id = world.subscribe("http://127.0.0.1:9/")["id"]
    world.create()
    world.settle()
    assert world.subscriptions.delete(webhook_id) == {"id": webhook_id, "deleted": True}
    world.clock.advance("72h")
    (delivery,) = world.log()
    assert (delivery["status"], len(delivery["attempts"])) == ("failed", 1)
    with pytest.raises(ApiError, match="was deleted") as caught:
        world.deliveries.replay(delivery["id"])
    assert caught.value.status == 409


# Replay and test


@pytest.mark.parametrize("status", [200, 400])
def test_any_delivery_can_be_replayed_under_its_id(world: World, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    world.subscribe(receiver.url)
    world.create()
    world.settle()
    (delivery,) = world.log()
    replayed = world.deliveries.replay(delivery["id"])
    assert (replayed["status"], replayed["due_at"]) == ("pending", "2026-11-23T12:00:00.000000Z")
    world.settle()
    assert [attempt["status_code"] for attempt in world.log()[0]["attempts"]] == [status, 200]
    assert len({arrived.headers["webhook-id"] for arrived in receiver.received}) == 1
    assert len(set(receiver.bodies())) == 1


def test_a_delivery_is_given_up_after_the_eighth_failure_and_a_replay_has_all_its_retries_again(
    world: World, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 15
    world.subscribe(receiver.url)
    world.create()
    world.clock.advance("1000h")
    (delivery,) = world.log()
    assert (delivery["status"], len(delivery["attempts"]), len(receiver.received)) == ("failed", 8, 8)
    world.deliveries.replay(delivery["id"])
    world.clock.advance("1000h")
    (delivery,) = world.log()
    assert (delivery["status"], len(delivery["attempts"])) == ("delivered", 16)


def test_a_replay_during_an_attempt_is_an_attempt_more(world: World, receiver: Receiver) -> None:
    replayed = threading.Event()
    receiver.hold = replayed
    world.subscribe(receiver.url)
    world.create()
    assert receiver.arrived.wait(30)
    world.deliveries.replay(world.log()[0]["id"])
    replayed.set()
    world.settle()
    assert len(receiver.received) == 2
    assert world.log()[0]["status"] == "delivered"


@pytest.mark.parametrize("event", [*EVENTS, "review.assigned", "template.updated"])
def test_a_test_sends_a_made_up_event_to_one_subscription(world: World, receiver: Receiver, event: str) -> None:
    webhook_id = world.subscribe(receiver.url, "review.created")["id"]
    world.subscribe(receiver.url)
    delivery = world.deliveries.test(webhook_id, event)
    assert (delivery["webhook_id"], delivery["subject_id"], delivery["event"]) == (webhook_id, "test", event)
    world.settle()
    (body,) = receiver.bodies()
    payload = json.loads(body)
    assert payload["event"] == event
    assert payload["template" if event == "template.updated" else "review"]["id"] == "test"
    assert world.server.outbox.events_after(0, 10) == []


# Restart and faults of our own


def test_an_attempt_that_the_end_of_the_sandbox_cut_off_is_made_again(tmp_path: Path, receiver: Receiver) -> None:
    file = tmp_path / "sandbox.db"
    receiver.hold = threading.Event()
    first = World(file)
    first.subscribe(receiver.url)
    first.create()
    assert receiver.arrived.wait(30)
    first.stop()
    receiver.hold.set()
    second = World(file)
    second.settle()
    assert len(receiver.received) == 2
    assert second.log()[0]["status"] == "delivered"
    second.stop()


def test_what_cannot_be_written_down_is_not_sent_again_and_again(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with world.server.database.transaction():
        world.server.database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON attempts BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    world.subscribe(receiver.url)
    with caplog.at_level(logging.ERROR, "hitl.server"):
        world.create()
        world.settle()
        world.clock.advance("72h")
    assert len(receiver.received) == 1
    assert "made again after a restart" in caplog.text


# A deliverer by itself, with another world around it


def deliver(server: ReviewServer, sender: Sender) -> None:
    """Attempt what is due."""

    async def work() -> None:
        running = asyncio.create_task(Deliverer(server.database, server.outbox, server.clock, sender).run())
        await asyncio.sleep(0)
        await asyncio.to_thread(server.clock.advance, 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def call_back(server: ReviewServer, url: str) -> None:
    with server.database.transaction():
        server.outbox.call_back(url, "request.completed", "r", {"event": "request.completed"}, at=NOON)


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(server: ReviewServer, receiver: Receiver) -> None:
    receiver.hold = threading.Event()
    call_back(server, receiver.url)
    deliver(server, Sender(Targets(), timeout=0.05))
    (delivery,) = server.deliveries.page().items
    assert delivery["status"] == "pending"
    assert delivery["attempts"][0]["error"] == "there was no complete answer within 0.05 s"


def test_a_fault_of_the_sandbox_itself_is_an_attempt_that_failed(
    server: ReviewServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(host: str, port: int) -> list[str]:
        raise KeyError(host)

    call_back(server, "http://hooks.test/")
    with caplog.at_level(logging.ERROR, "hitl.server"):
        deliver(server, Sender(Targets(resolve=broken)))
    (delivery,) = server.deliveries.page().items
    assert (delivery["status"], delivery["due_at"]) == ("pending", "2026-11-23T12:00:15.000000Z")
    assert "KeyError" in delivery["attempts"][0]["error"]
    assert delivery["id"] in caplog.text


def test_the_time_of_a_signature_is_that_of_the_machine(server: ReviewServer, receiver: Receiver) -> None:
    call_back(server, receiver.url)
    server.clock.advance("72h")
    deliver(server, Sender(Targets(), wall=lambda: 1_800_000_000.9))
    assert receiver.received[0].headers["webhook-timestamp"] == "1800000000"


# A disk that fails


def test_an_attempt_that_the_disk_has_no_room_for_is_noted_when_there_is_room_and_not_made_again(
    server: ReviewServer, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = b"x" * 16_384
    call_back(server, receiver.url)
    database = server.database

    async def work() -> None:
        deliverer = Deliverer(server.database, server.outbox, server.clock, Sender(Targets()), pause=0.01)
        database.row("PRAGMA max_page_count = 1")  # as many as there are
        running = asyncio.create_task(deliverer.run())
        while "could not be recorded" not in caplog.text:  # noqa: ASYNC110 - the log is all there is to see
            await asyncio.sleep(0.01)
        database.row("PRAGMA max_page_count = 1073741823")
        await asyncio.to_thread(deliverer.settle)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with caplog.at_level(logging.ERROR, "hitl.server"):
        asyncio.run(asyncio.wait_for(work(), 60))
    (delivery,) = server.deliveries.page().items
    assert (delivery["status"], len(delivery["attempts"]), len(receiver.received)) == ("delivered", 1, 1)


class Flaky(Database):
    """A database whose disk fails some times when it is read."""

    left = 0

    def row(self, sql: str, values: Values = ()) -> Row | None:
        if self.left:
            self.left -= 1
            raise StorageError("storage_failed", "the data file cannot be read")
        return super().row(sql, values)


def test_the_deliverer_goes_on_when_the_disk_does(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Flaky(IN_MEMORY, MIGRATIONS)) as database:
        outbox, clock = Outbox(database), Clock(lambda: NOON)
        with database.transaction():
            outbox.call_back(receiver.url, "request.completed", "r", {"event": "request.completed"}, at=NOON)
        database.left = 3

        async def work() -> None:
            running = asyncio.create_task(Deliverer(database, outbox, clock, Sender(Targets()), pause=0.01).run())
            await asyncio.to_thread(receiver.arrived.wait, 30)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        with caplog.at_level(logging.ERROR, "hitl.server"):
            asyncio.run(work())
    assert len(receiver.received) == 1
    assert caplog.text.count("the deliveries cannot be read") == 3
