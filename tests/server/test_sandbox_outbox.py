"""Which events the desk writes down, and whom the outbox writes a delivery for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from hitl.server.primitives.clock import Clock
from hitl.server.primitives.errors import ApiError
from hitl.server.reviews.service import ReviewService
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.subscriptions import Subscriptions

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANN = "ann@example.com"


@pytest.fixture
def desk() -> Iterator[ReviewService]:
    with closing(ReviewService(clock=Clock(lambda: NOON))) as desk:
        yield desk


def create(desk: ReviewService, **body: Any) -> dict[str, Any]:
    return desk.create_review({"template_id": "template_123", "content": {"text": "A draft"}, **body}).document


def subscribe(desk: ReviewService, *events: str, **more: Any) -> str:
    subscriptions = Subscriptions(desk.outbox, desk.clock, Targets())
    body = {"url": "http://127.0.0.1:9/", "events": list(events), **more}

    async def ask() -> str:
        webhook_id: str = (await subscriptions.create(body)).document["id"]
        return webhook_id

    return anyio.run(ask)


def words(desk: ReviewService) -> list[str]:
    return [event.event for event in desk.outbox.events_after(0, 100)]


def deliveries(desk: ReviewService) -> list[dict[str, Any]]:
    return Deliveries(desk.outbox, desk.clock).page().items


def test_a_review_that_is_created_started_and_answered_makes_three_events(desk: ReviewService) -> None:
    create(desk)
    desk.start("rev_1", ANN)
    desk.complete("rev_1", {"approved": True}, ANN)
    assert words(desk) == ["review.created", "review.started", "review.completed"]


def test_the_event_of_an_answer_carries_the_answer_as_the_vendor_shows_it(desk: ReviewService) -> None:
    create(desk)
    done = desk.complete("rev_1", {"approved": True}, ANN)
    event = desk.outbox.events_after(1, 1)[0]
    assert (event.number, event.subject_id, event.at) == (2, "rev_1", "2026-11-23T12:00:00.000000Z")
    names = ("id", "template_id", "status", "result", "reviewer", "completed_at")
    assert event.payload == {
        "event": "review.completed",
        "review": {name: done[name] for name in names},
        "timestamp": "2026-11-23T12:00:00.000000Z",
    }


def test_a_rejection_is_a_completion_whose_status_says_rejected(desk: ReviewService) -> None:
    create(desk)
    desk.reject("rev_1", None, ANN)
    event = desk.outbox.events_after(1, 1)[0]
    assert (event.event, event.payload["review"]["status"]) == ("review.completed", "rejected")


def test_a_review_for_somebody_is_assigned_at_once_and_whenever_it_goes_to_others(desk: ReviewService) -> None:
    create(desk, assignees=[ANN])
    desk.update_review("rev_1", {"priority": "high"})
    desk.update_review("rev_1", {"assignees": ["bob@example.com"]})
    desk.update_review("rev_1", {"assignees": []})
    assert words(desk) == ["review.created", "review.assigned", "review.assigned"]


def test_a_cancellation_is_one_event_however_often_it_is_asked_for(desk: ReviewService) -> None:
    create(desk)
    desk.cancel_review("rev_1")
    desk.cancel_review("rev_1")
    assert words(desk) == ["review.created", "review.cancelled"]


def test_an_expiry_is_no_event_as_the_vendor_has_none_for_it(desk: ReviewService) -> None:
    create(desk, due_date="2026-11-23T13:00:00Z")
    desk.clock.advance(timedelta(hours=2))
    assert desk.get_review("rev_1")["status"] == "expired"
    assert words(desk) == ["review.created"]


def test_a_changed_template_is_an_event(desk: ReviewService) -> None:
    template = desk.update_template("template_123", {"version": "2"})
    event = desk.outbox.events_after(0, 1)[0]
    assert event.payload == {
        "event": "template.updated",
        "template": {
            "id": "template_123",
            "name": template["name"],
            "version": "2",
            "updated_at": "2026-11-23T12:00:00.000000Z",
        },
        "timestamp": "2026-11-23T12:00:00.000000Z",
    }


def test_what_is_refused_leaves_no_event(desk: ReviewService) -> None:
    create(desk)
    with pytest.raises(ApiError):
        desk.complete("rev_1", {"approved": "perhaps"}, ANN)
    with pytest.raises(ApiError):
        create(desk, template_id="nobody_made_this")
    assert words(desk) == ["review.created"]


def test_an_event_is_delivered_to_each_enabled_subscription_to_it(desk: ReviewService) -> None:
    both = subscribe(desk, "review.created", "review.completed", "review.created")
    subscribe(desk, "review.completed")
    subscribe(desk, "review.created", enabled=False)
    other = subscribe(desk, "review.created")
    create(desk)
    found = deliveries(desk)
    assert [each["webhook_id"] for each in found] == [other, both]
    assert {each["event"] for each in found} == {"review.created"}
    assert len({each["id"] for each in found}) == 2


def test_a_callback_gets_the_events_body_or_one_of_its_own(desk: ReviewService) -> None:
    with desk.database.transaction():
        desk.outbox.emit(
            "request.completed", "req_1", {"event": "request.completed"}, at=NOON, callback_url="http://127.0.0.1:9/a"
        )
        desk.outbox.call_back("http://127.0.0.1:9/b", "request.completed", "req_1", {"own": True}, at=NOON)
    found = deliveries(desk)
    assert [(each["url"][-1], each["payload"]) for each in found] == [
        ("b", {"own": True}),
        ("a", {"event": "request.completed"}),
    ]
    assert {each["webhook_id"] for each in found} == {None}
    assert words(desk) == ["request.completed"]


def test_events_are_read_on_from_where_one_was(desk: ReviewService) -> None:
    for _ in range(3):
        create(desk)
    assert [event.subject_id for event in desk.outbox.events_after(1, 1)] == ["rev_2"]
    assert [event.number for event in desk.outbox.events_after(1, 10)] == [2, 3]
    assert desk.outbox.events_after(3, 10) == []


def test_those_who_listen_are_woken_until_they_stop(desk: ReviewService) -> None:
    woken: list[int] = []
    stop = desk.outbox.on_change(lambda: woken.append(1))
    create(desk)
    stop()
    create(desk)
    assert woken == [1]


def test_events_survive_a_restart_and_their_numbers_go_on(tmp_path: Path) -> None:
    with closing(ReviewService(tmp_path / "sandbox.db")) as desk:
        subscribe(desk, "review.created")
        create(desk)
        before = deliveries(desk)
    with closing(ReviewService(tmp_path / "sandbox.db")) as desk:
        assert deliveries(desk) == before
        create(desk)
        assert [event.number for event in desk.outbox.events_after(0, 10)] == [1, 2]
