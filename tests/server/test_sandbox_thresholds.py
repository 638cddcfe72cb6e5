from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import refusal_of

from hitl.server.review_server import ReviewServer

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
APPROVED = {"name": "approved", "type": "boolean", "required": True}
NOTE = {"name": "note", "type": "text"}
YES, NO = {"approved": True}, {"approved": False}


@pytest.fixture
def server(clock: FakeClock) -> Iterator[ReviewServer]:
    """Return a server with one review that two people must approve."""
    server = ReviewServer(clock=clock)
    ask(server, {"name": "Two pairs of eyes", "fields": [APPROVED, NOTE], "settings": {"approval_threshold": 2}})
    yield server
    server.close()


def ask(server: ReviewServer, template: dict[str, Any], **body: Any) -> None:
    template_id = server.reviews.create_template(template).document["id"]
    server.reviews.create_review({"template_id": template_id, "content": {"text": "A draft"}, **body})


def test_a_review_is_completed_when_enough_people_have_approved_it(server: ReviewServer) -> None:
    after_one = server.reviews.complete("rev_1", {**YES, "note": "Fine"}, ANN)
    assert (after_one["status"], after_one["result"], after_one["reviewer"]) == ("in_progress", None, None)
    assert (after_one["version"], after_one["completed_at"]) == (2, None)
    assert server.reviews.get_review("rev_1") == after_one
    after_two = server.reviews.complete("rev_1", {**YES, "note": "Fine, too"}, BOB)
    assert (after_two["status"], after_two["result"]) == ("completed", {**YES, "note": "Fine, too"})
    assert (after_two["reviewer"], after_two["version"]) == (BOB, 3)


def test_the_history_tells_who_approved(server: ReviewServer, clock: FakeClock) -> None:
    server.reviews.complete("rev_1", {**YES, "note": "Fine"}, ANN)
    clock.now += timedelta(minutes=5)
    server.reviews.complete("rev_1", YES, BOB)
    told = [(entry["version"], entry["event"], entry["actor"]) for entry in server.reviews.history("rev_1")]
    assert told == [(1, "created", None), (2, "approved", ANN), (3, "completed", BOB)]
    assert server.reviews.approvals("rev_1") == [
        {"reviewer": ANN, "result": {**YES, "note": "Fine"}, "at": "2026-11-23T12:00:00.000000Z"},
        {"reviewer": BOB, "result": YES, "at": "2026-11-23T12:05:00.000000Z"},
    ]


def test_those_who_wait_are_told_of_each_approval(server: ReviewServer) -> None:
    told: list[str] = []
    server.changes.on_change(told.extend)
    server.reviews.complete("rev_1", YES, ANN)
    assert told == ["rev_1"]


def test_an_approval_is_the_start_of_the_work_on_a_review(server: ReviewServer) -> None:
    server.reviews.update_review("rev_1", {"assignees": [ANN, BOB]})
    server.reviews.complete("rev_1", YES, ANN)
    events = [event.event for event in server.outbox.events_after(0, 100)]
    assert events == ["review.created", "review.assigned", "review.started"]


@pytest.mark.parametrize("again", [ANN, "Ann@Example.com"])
def test_nobody_approves_twice(server: ReviewServer, again: str) -> None:
    before = server.reviews.complete("rev_1", YES, ANN)
    refusal = refusal_of(server.reviews.complete, "rev_1", YES, again)
    assert (refusal.status, refusal.code) == (409, "conflict")
    assert refusal.message == f"{again} has approved review rev_1 already; 1 more must approve it"
    assert server.reviews.get_review("rev_1") == before


def test_an_approval_must_satisfy_the_template(server: ReviewServer) -> None:
    assert refusal_of(server.reviews.complete, "rev_1", {}, ANN).status == 400
    assert server.reviews.approvals("rev_1") == []


@pytest.mark.parametrize("reviewer", [ANN, BOB])
def test_one_no_is_enough_even_from_somebody_who_had_approved(server: ReviewServer, reviewer: str) -> None:
    server.reviews.complete("rev_1", YES, ANN)
    done = server.reviews.complete("rev_1", NO, reviewer)
    assert (done["status"], done["result"], done["reviewer"]) == ("completed", NO, reviewer)


@pytest.mark.parametrize("reviewer", [ANN, BOB])
def test_one_rejection_is_enough(server: ReviewServer, reviewer: str) -> None:
    server.reviews.complete("rev_1", YES, ANN)
    done = server.reviews.reject("rev_1", {"note": "Changed my mind"}, reviewer)
    assert (done["status"], done["reviewer"]) == ("rejected", reviewer)


def test_new_content_must_be_approved_by_everybody_again(server: ReviewServer) -> None:
    server.reviews.complete("rev_1", YES, ANN)
    server.reviews.update_review("rev_1", {"content": {"text": "Another draft"}})
    assert server.reviews.approvals("rev_1") == []
    assert server.reviews.complete("rev_1", YES, ANN)["status"] == "in_progress"
    assert server.reviews.complete("rev_1", YES, BOB)["status"] == "completed"


REFUND = {"name": "refund", "type": "code_display", "editable": True}


def ask_for_refund(server: ReviewServer) -> None:
    ask(
        server,
        {"name": "Refund", "fields": [APPROVED, REFUND], "settings": {"approval_threshold": 2}},
        content={"refund": {"amount": 100}},
    )


def test_who_approves_with_other_changes_is_the_first_to_approve_that(server: ReviewServer) -> None:
    ask_for_refund(server)
    half, third = {**YES, "refund": {"amount": 50}}, {**YES, "refund": {"amount": 30}}
    server.reviews.complete("rev_2", half, ANN)
    assert server.reviews.complete("rev_2", YES, BOB)["status"] == "in_progress", "Ann has not approved 100"
    assert [each["reviewer"] for each in server.reviews.approvals("rev_2")] == [BOB]
    assert server.reviews.complete("rev_2", third, BOB)["status"] == "in_progress", "he may change his mind"
    done = server.reviews.complete("rev_2", third, ANN)
    assert (done["status"], done["result"]) == ("completed", third)
    assert [each["reviewer"] for each in server.reviews.approvals("rev_2")] == [BOB, ANN]


def test_the_content_that_is_sent_back_as_it_was_is_no_change(server: ReviewServer) -> None:
    ask_for_refund(server)
    server.reviews.complete("rev_2", YES, ANN)
    assert server.reviews.complete("rev_2", {**YES, "refund": {"amount": 100.0}}, BOB)["status"] == "completed"


def test_other_changes_leave_the_approvals_alone(server: ReviewServer) -> None:
    server.reviews.complete("rev_1", YES, ANN)
    server.reviews.update_review("rev_1", {"priority": "high", "assignees": [BOB], "content": {"text": "A draft"}})
    assert server.reviews.complete("rev_1", YES, BOB)["status"] == "completed"


def test_the_threshold_is_that_of_the_template_as_it_stands(server: ReviewServer) -> None:
    server.reviews.complete("rev_1", YES, ANN)
    server.reviews.update_template("tpl_1", {"settings": {"approval_threshold": 3}})
    assert server.reviews.complete("rev_1", YES, BOB)["status"] == "in_progress"
    assert server.reviews.complete("rev_1", YES, CAT)["status"] == "completed"


def test_a_threshold_of_one_is_none(server: ReviewServer) -> None:
    ask(server, {"name": "One pair", "fields": [APPROVED], "settings": {"approval_threshold": 1}})
    assert server.reviews.complete("rev_2", YES, ANN)["status"] == "completed"
    assert server.reviews.approvals("rev_2") == []


def test_without_a_yes_or_no_every_completed_answer_approves(server: ReviewServer) -> None:
    ask(server, {"name": "Notes", "fields": [NOTE], "settings": {"approval_threshold": 2}})
    assert server.reviews.complete("rev_2", {"note": "No!"}, ANN)["status"] == "in_progress"
    assert server.reviews.complete("rev_2", {}, BOB)["status"] == "completed"


def test_a_review_that_lacks_an_approval_expires_in_time(server: ReviewServer, clock: FakeClock) -> None:
    server.reviews.update_review("rev_1", {"due_date": "2026-11-24T12:00:00Z"})
    server.reviews.complete("rev_1", YES, ANN)
    clock.now += timedelta(days=1)
    assert server.reviews.get_review("rev_1")["status"] == "expired"


# Versions


@pytest.mark.parametrize("answer", ["complete", "reject"])
def test_an_answer_to_an_older_version_is_refused(server: ReviewServer, answer: str) -> None:
    server.reviews.update_review("rev_1", {"content": {"text": "Another draft"}})
    refusal = refusal_of(getattr(server.reviews, answer), "rev_1", YES, ANN, version=1)
    assert (refusal.status, refusal.code) == (409, "version_conflict")
    assert refusal.message == "review rev_1 has changed: it has version 2 and not 1; read it again"
    assert getattr(server.reviews, answer)("rev_1", YES, ANN, version=2)["version"] == 3


def test_a_finished_review_is_finished_whatever_the_version(server: ReviewServer) -> None:
    server.reviews.cancel_review("rev_1")
    assert refusal_of(server.reviews.complete, "rev_1", YES, ANN, version=1).code == "conflict"


def test_a_comment_may_be_asked_for_with_a_rejection(server: ReviewServer) -> None:
    ask(server, {"name": "Explained", "fields": [APPROVED, NOTE], "settings": {"require_comments": True}})
    refusal = refusal_of(server.reviews.reject, "rev_2", None, ANN)
    assert refusal.details is not None
    assert refusal.details["field"] == "note"
    assert server.reviews.reject("rev_2", {"note": "Too long"}, ANN)["status"] == "rejected"


def test_a_changed_template_is_checked_as_a_whole(server: ReviewServer) -> None:
    rules = {"rules": [{"condition": "field('approved') == false", "required_fields": ["note"]}]}
    server.reviews.update_template("tpl_1", {"validation": rules})
    refusal = refusal_of(server.reviews.update_template, "tpl_1", {"fields": [APPROVED]})
    assert refusal.details is not None
    assert refusal.details["field"] == "validation.rules[0].required_fields[0]"
    assert server.reviews.get_template("tpl_1")["fields"] == [APPROVED, NOTE]
