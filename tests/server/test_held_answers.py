"""Answers that can be taken back for some seconds: nobody reads them before, and one transaction decides every race."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_clock import NOON, FakeClock

from hitl.server.primitives import ApiError, SetupError
from hitl.server.review_server import ReviewServer

KIM, LEE = "kim@example.com", "lee@example.com"
FIELDS = [
    {"name": "approved", "type": "boolean", "required": True},
    {"name": "note", "type": "text"},
]


@pytest.fixture
def templates() -> Any:
    return [
        {"id": "one", "name": "One", "fields": FIELDS},
        {"id": "two", "name": "Two", "fields": FIELDS, "settings": {"approval_threshold": 2}},
    ]


def ask(server: ReviewServer, template: str = "one", **body: Any) -> str:
    asked = {"template_id": template, "content": {"text": "A draft"}, **body}
    return str(server.reviews.create_review(asked).document["id"])


def hold(server: ReviewServer, review_id: str, reviewer: str = KIM, *, batch: str = "b", **result: Any) -> None:
    server.reviews.hold(review_id, "completed", {"approved": True, **result}, reviewer, seconds=10, batch=batch)


def later(clock: FakeClock, seconds: float) -> None:
    clock.now += timedelta(seconds=seconds)


def test_a_held_answer_is_read_by_nobody_before_its_time(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server)
    before = server.reviews.get_review(review_id)
    hold(server, review_id)
    later(clock, 9)
    assert server.reviews.get_review(review_id) == before
    assert [step["event"] for step in server.reviews.history(review_id)] == ["created"]
    later(clock, 1)
    review = server.reviews.get_review(review_id)
    assert (review["status"], review["reviewer"], review["result"]) == ("completed", KIM, {"approved": True})
    assert [event.event for event in server.outbox.events_after(0, 10)] == ["review.created", "review.completed"]
    assert server.reviews.held_answer(review_id, KIM) is None


def test_without_seconds_an_answer_is_given_at_once(server: ReviewServer) -> None:
    review_id = ask(server)
    server.reviews.hold(review_id, "rejected", {}, KIM, seconds=0, batch="b")
    assert server.reviews.get_review(review_id)["status"] == "rejected"


def test_an_answer_that_was_taken_back_is_kept_for_the_page(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server)
    hold(server, review_id, note="Mine")
    (taken,) = server.reviews.undo("b")
    later(clock, 60)
    assert server.reviews.get_review(review_id)["status"] == "created"
    kept = server.reviews.held_answer(review_id, KIM)
    assert kept is not None
    assert (kept.state, kept.result, taken.review_id) == ("undone", {"approved": True, "note": "Mine"}, review_id)
    hold(server, review_id, batch="again")
    later(clock, 10)
    assert server.reviews.get_review(review_id)["result"] == {"approved": True}


def test_it_is_too_late_to_undo_what_was_given(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server)
    hold(server, review_id)
    later(clock, 10)
    with pytest.raises(ApiError, match="too late"):
        server.reviews.undo("b")
    assert server.reviews.get_review(review_id)["status"] == "completed"


def test_a_batch_is_taken_back_and_given_as_one(server: ReviewServer, clock: FakeClock) -> None:
    ids = [ask(server) for _ in range(3)]
    for review_id in ids[:2]:
        hold(server, review_id, batch="both")
    hold(server, ids[2], batch="other")
    assert [each.review_id for each in server.reviews.undo("both")] == ids[:2]
    later(clock, 10)
    assert [server.reviews.get_review(each)["status"] for each in ids] == ["created", "created", "completed"]


def test_what_complete_refuses_is_refused_before_it_is_held(server: ReviewServer) -> None:
    review_id = ask(server)
    with pytest.raises(ApiError, match="approved"):
        server.reviews.hold(review_id, "completed", {}, KIM, seconds=10, batch="b")
    with pytest.raises(ApiError, match="changed"):
        server.reviews.hold(review_id, "completed", {"approved": True}, KIM, seconds=10, batch="b", version=7)
    assert server.reviews.held_answer(review_id, KIM) is None


def test_an_answer_that_is_sent_twice_is_held_once_and_another_one_is_refused(server: ReviewServer) -> None:
    review_id = ask(server)
    hold(server, review_id, batch="first")
    hold(server, review_id, batch="second")
    assert len(server.reviews.held_batch("first")) == 1
    with pytest.raises(ApiError, match="undo that answer first"):
        hold(server, review_id, note="Another")


@pytest.mark.parametrize("seconds", [0, 10])
def test_the_second_reviewer_is_told_who_has_answered(server: ReviewServer, seconds: float) -> None:
    review_id = ask(server)
    hold(server, review_id)
    with pytest.raises(ApiError, match=f"{KIM} has answered"):
        server.reviews.hold(review_id, "rejected", {}, LEE, seconds=seconds, batch="c")
    server.reviews.undo("b")
    server.reviews.hold(review_id, "rejected", {}, LEE, seconds=0, batch="c")
    assert server.reviews.get_review(review_id)["reviewer"] == LEE


def test_each_of_two_approvals_is_held_by_itself(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server, "two")
    hold(server, review_id, KIM, batch="kim")
    hold(server, review_id, LEE, batch="lee")
    server.reviews.undo("kim")
    later(clock, 10)
    assert server.reviews.get_review(review_id)["status"] == "in_progress"
    hold(server, review_id, KIM, batch="kim")
    later(clock, 10)
    assert server.reviews.get_review(review_id)["status"] == "completed"


CHANGES: list[Callable[[ReviewServer, str], object]] = [
    lambda server, review_id: server.reviews.cancel_review(review_id),
    lambda server, review_id: server.reviews.update_review(review_id, {"content": {"text": "Changed"}}),
    lambda server, _: server.reviews.update_template("one", {"fields": [{**FIELDS[0], "label": "Destroy?"}]}),
    lambda server, _: server.reviews.update_template("one", {"name": "Destroy"}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_to_what_has_changed_is_never_given(
    server: ReviewServer, clock: FakeClock, change: Callable[[ReviewServer, str], object]
) -> None:
    review_id = ask(server)
    hold(server, review_id, note="Mine")
    change(server, review_id)
    later(clock, 10)
    assert server.reviews.get_review(review_id)["result"] is None
    kept = server.reviews.held_answer(review_id, KIM)
    assert kept is not None
    assert (kept.state, kept.result["note"]) == ("dropped", "Mine")


def test_a_change_beside_what_was_judged_leaves_the_answer(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server)
    hold(server, review_id)
    server.reviews.update_review(review_id, {"priority": "high"})
    later(clock, 10)
    assert server.reviews.get_review(review_id)["status"] == "completed"


def test_an_answer_in_time_is_given_although_the_review_expires_meanwhile(
    server: ReviewServer, clock: FakeClock
) -> None:
    review_id = ask(server, due_date=(NOON + timedelta(seconds=4)).isoformat())
    hold(server, review_id)
    later(clock, 60)
    assert server.reviews.get_review(review_id)["status"] == "completed"


def test_a_held_answer_survives_the_process(clock: FakeClock, templates: Any, tmp_path: Path) -> None:
    file = tmp_path / "data.db"
    with ReviewServer(clock=clock, templates=templates, data=file) as server:
        review_id = ask(server)
        hold(server, review_id)
    with ReviewServer(clock=clock, data=file) as server:
        assert server.reviews.next_due() == NOON + timedelta(seconds=10)
        later(clock, 3600)
        assert server.reviews.get_review(review_id)["status"] == "completed"


def test_a_clock_that_is_set_back_keeps_no_answer_for_longer(server: ReviewServer, clock: FakeClock) -> None:
    review_id = ask(server)
    hold(server, review_id)
    later(clock, -3600)
    server.tick()
    assert server.reviews.get_review(review_id)["status"] == "completed"


def test_the_clock_stops_where_an_answer_is_given(server: ReviewServer) -> None:
    review_id = ask(server)
    hold(server, review_id)
    server.clock.advance("1m")
    assert server.reviews.get_review(review_id)["completed_at"] == "2026-11-23T12:00:10.000000Z"


@pytest.mark.parametrize("seconds", [-1, 3601, float("nan"), float("inf")])
def test_a_time_that_no_answer_can_be_held_for_is_refused(seconds: float) -> None:
    with pytest.raises(SetupError, match="undo_seconds must be from 0 to 3600"):
        ReviewServer(undo_seconds=seconds)
