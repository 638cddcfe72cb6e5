"""Which events the server writes down, and whom the outbox writes a delivery for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest
from fake_clock import NOON
from server_calls import create_review as create

from hitl.server.primitives.errors import ApiError
from hitl.server.review_server import ReviewServer

ANN = "ann@example.com"


def subscribe(server: ReviewServer, *events: str, **more: Any) -> str:
    subscriptions = server.subscriptions
    body = {"url": "http://127.0.0.1:9/", "events": list(events), **more}

    async def ask() -> str:
        webhook_id: str = (await subscriptions.create(body)).document["id"]
        return webhook_id

    return anyio.run(ask)


def words(server: ReviewServer) -> list[str]:
    return [event.event for event in server.outbox.events_after(0, 100)]


def deliveries(server: ReviewServer) -> list[dict[str, Any]]:
    return server.deliveries.page().items


def test_the_event_of_an_answer_carries_the_answer_as_the_vendor_shows_it(server: ReviewServer) -> None:
    create(server)
    done = server.reviews.complete("rev_1", {"approved": True}, ANN)
    event = server.outbox.events_after(1, 1)[0]
    assert (event.number, event.subject_id, event.at) == (2, "rev_1", "2026-11-23T12:00:00.000000Z")
    names = ("id", "template_id", "status", "result", "reviewer", "completed_at")
    assert event.payload == {
        "event": "review.completed",
        "review": {name: done[name] for name in names},
        "timestamp": "2026-11-23T12:00:00.000000Z",
    }


def test_a_rejection_is_a_completion_whose_status_says_rejected(server: ReviewServer) -> None:
    create(server)
    server.reviews.reject("rev_1", None, ANN)
    event = server.outbox.events_after(1, 1)[0]
    assert (event.event, event.payload["review"]["status"]) == ("review.completed", "rejected")


def test_a_review_for_somebody_is_assigned_at_once_and_whenever_it_goes_to_others(server: ReviewServer) -> None:
    create(server, assignees=[ANN])
    server.reviews.update_review("rev_1", {"priority": "high"})
    server.reviews.update_review("rev_1", {"assignees": ["bob@example.com"]})
    server.reviews.update_review("rev_1", {"assignees": []})
    assert words(server) == ["review.created", "review.assigned", "review.assigned"]


def test_a_cancellation_is_one_event_however_often_it_is_asked_for(server: ReviewServer) -> None:
    create(server)
    server.reviews.cancel_review("rev_1")
    server.reviews.cancel_review("rev_1")
    assert words(server) == ["review.created", "review.cancelled"]


def test_an_expiry_is_no_event_as_the_vendor_has_none_for_it(server: ReviewServer) -> None:
    create(server, due_date="2026-11-23T13:00:00Z")
    server.clock.advance(timedelta(hours=2))
    assert server.reviews.get_review("rev_1")["status"] == "expired"
    assert words(server) == ["review.created"]


def test_a_changed_template_is_an_event(server: ReviewServer) -> None:
    template = server.reviews.update_template("template_123", {"version": "2"})
    event = server.outbox.events_after(0, 1)[0]
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


def test_what_is_refused_leaves_no_event(server: ReviewServer) -> None:
    create(server)
    with pytest.raises(ApiError):
        server.reviews.complete("rev_1", {"approved": "perhaps"}, ANN)
    with pytest.raises(ApiError):
        create(server, template_id="nobody_made_this")
    assert words(server) == ["review.created"]


def test_an_event_is_delivered_to_each_enabled_subscription_to_it(server: ReviewServer) -> None:
    both = subscribe(server, "review.created", "review.completed", "review.created")
    subscribe(server, "review.completed")
    subscribe(server, "review.created", enabled=False)
    other = subscribe(server, "review.created")
    create(server)
    found = deliveries(server)
    assert [each["webhook_id"] for each in found] == [other, both]
    assert {each["event"] for each in found} == {"review.created"}
    assert len({each["id"] for each in found}) == 2


def test_a_callback_gets_a_body_of_its_own_and_is_no_event(server: ReviewServer) -> None:
    with server.database.transaction():
        server.outbox.call_back("http://127.0.0.1:9/b", "request.completed", "req_1", {"own": True}, at=NOON)
    (found,) = deliveries(server)
    assert (found["url"][-1], found["payload"], found["webhook_id"]) == ("b", {"own": True}, None)
    assert words(server) == []


def test_events_are_read_on_from_where_one_was(server: ReviewServer) -> None:
    for _ in range(3):
        create(server)
    assert [event.subject_id for event in server.outbox.events_after(1, 1)] == ["rev_2"]
    assert [event.number for event in server.outbox.events_after(1, 10)] == [2, 3]
    assert server.outbox.events_after(3, 10) == []


def test_those_who_listen_are_woken_until_they_stop(server: ReviewServer) -> None:
    woken: list[int] = []
    stop = server.outbox.on_event(lambda: woken.append(1))
    create(server)
    stop()
    create(server)
    assert woken == [1]


def test_who_delivers_is_woken_by_what_somebody_has_subscribed_to(server: ReviewServer) -> None:
    woken: list[int] = []
    server.outbox.on_delivery(lambda: woken.append(1))
    create(server)
    assert woken == []
    subscribe(server, "review.created")
    create(server)
    assert woken == [1]
