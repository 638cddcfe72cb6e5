from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import create_review as create
from server_calls import refusal_of

from hitl.server.primitives.errors import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.reviews.lifecycle import FINAL
from hitl.server.reviews.list_query import ReviewQuery
from hitl.server.reviews.sample_templates import SAMPLE_TEMPLATES

REVIEWER = "ann@example.com"
FIELDS = [{"name": "approved", "type": "boolean", "required": True}]


# Creation


def test_a_new_review_holds_what_was_asked_and_nothing_else_yet(server: ReviewServer) -> None:
    assert create(server) == {
        "id": "rev_1",
        "template_id": "template_123",
        "content": {"text": "A draft"},
        "metadata": {},
        "verdict_field": None,
        "assignees": [],
        "priority": "medium",
        "due_date": None,
        "assignment_strategy": None,
        "status": "created",
        "result": None,
        "reviewer": None,
        "created_at": "2026-11-23T12:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
        "completed_at": None,
        "version": 1,
    }


def test_a_refused_review_uses_up_no_number(server: ReviewServer) -> None:
    refusal_of(create, server, template_id="nobody_made_this")
    assert create(server)["id"] == "rev_1"


def test_a_faulty_body_is_refused_with_every_fault_named(server: ReviewServer) -> None:
    refusal = refusal_of(server.reviews.create_review, {"content": "text", "priority": "urgent"})
    assert (refusal.status, refusal.code) == (400, "validation_error")
    assert refusal.message == "template_id: is required (and 2 more, see details.errors)"
    assert refusal.details == {
        "field": "template_id",
        "issue": "is required",
        "errors": [
            {"field": "template_id", "issue": "is required"},
            {"field": "content", "issue": "must be an object, not a string"},
            {"field": "priority", "issue": "must be one of low, medium, high, normal"},
        ],
    }


# Idempotency


# Changes


def test_assigning_and_unassigning_move_the_review(server: ReviewServer) -> None:
    create(server)
    assert server.reviews.update_review("rev_1", {"assignees": [REVIEWER]})["status"] == "assigned"
    assert server.reviews.update_review("rev_1", {"assignees": []})["status"] == "created"


def test_new_people_have_not_begun_but_the_same_people_have(server: ReviewServer) -> None:
    create(server, assignees=[REVIEWER])
    server.reviews.start("rev_1", REVIEWER)
    assert server.reviews.update_review("rev_1", {"assignees": [REVIEWER]})["status"] == "in_progress"
    assert server.reviews.update_review("rev_1", {"assignees": ["bob@example.com"]})["status"] == "assigned"


def test_starting_twice_is_the_same_as_once(server: ReviewServer) -> None:
    create(server)
    started = server.reviews.start("rev_1", REVIEWER)
    assert (started["status"], started["version"]) == ("in_progress", 2)
    assert server.reviews.start("rev_1", REVIEWER) == started


def test_a_wrong_result_is_refused_with_the_field_named_and_changes_nothing(server: ReviewServer) -> None:
    before = create(server)
    refusal = refusal_of(server.reviews.complete, "rev_1", {"feedback": 5}, REVIEWER)
    assert refusal.details is not None
    assert [error["field"] for error in refusal.details["errors"]] == ["approved", "feedback"]
    assert server.reviews.get_review("rev_1") == before


@pytest.mark.parametrize("result", [None, [], "yes"])
def test_a_result_is_an_object(server: ReviewServer, result: Any) -> None:
    create(server)
    assert refusal_of(server.reviews.complete, "rev_1", result, REVIEWER).status == 400


def test_whoever_answers_has_a_name(server: ReviewServer) -> None:
    create(server)
    for call in (
        lambda: server.reviews.start("rev_1", ""),
        lambda: server.reviews.complete("rev_1", {"approved": True}, ""),
    ):
        refusal = refusal_of(call)
        assert refusal.details is not None
        assert refusal.details["field"] == "reviewer"


def finish(server: ReviewServer, clock: FakeClock, status: str) -> None:
    ways: dict[str, Callable[[], object]] = {
        "completed": lambda: server.reviews.complete("rev_1", {"approved": True}, REVIEWER),
        "rejected": lambda: server.reviews.reject("rev_1", {}, REVIEWER),
        "cancelled": lambda: server.reviews.cancel_review("rev_1"),
        "expired": lambda: clock.advance(days=2),
    }
    ways[status]()


@pytest.mark.parametrize("status", FINAL)
def test_a_finished_review_refuses_everything_and_says_why(server: ReviewServer, clock: FakeClock, status: str) -> None:
    create(server, due_date="2026-11-24T12:00:00Z")
    finish(server, clock, status)
    finished = server.reviews.get_review("rev_1")
    assert finished["status"] == status
    for call in (
        lambda: server.reviews.update_review("rev_1", {"priority": "low"}),
        lambda: server.reviews.start("rev_1", REVIEWER),
        lambda: server.reviews.complete("rev_1", {}, REVIEWER),
        lambda: server.reviews.reject("rev_1", {}, REVIEWER),
    ):
        refusal = refusal_of(call)
        assert (refusal.status, refusal.code) == (409, "conflict")
        assert f"already {status}" in refusal.message
    assert server.reviews.get_review("rev_1") == finished


def test_the_history_tells_who_did_what_and_when(server: ReviewServer, clock: FakeClock) -> None:
    create(server)
    clock.advance(seconds=1)
    server.reviews.start("rev_1", REVIEWER)
    server.reviews.start("rev_1", REVIEWER)
    server.reviews.complete("rev_1", {"approved": True}, REVIEWER)
    assert [(entry["version"], entry["event"], entry["actor"]) for entry in server.reviews.history("rev_1")] == [
        (1, "created", None),
        (2, "started", REVIEWER),
        (3, "completed", REVIEWER),
    ]
    assert server.reviews.history("rev_1")[1]["at"] == "2026-11-23T12:00:01.000000Z"


# Expiry


def test_a_review_expires_at_its_due_date_and_not_before(server: ReviewServer, clock: FakeClock) -> None:
    create(server, due_date="2026-11-24T12:00:00Z")
    clock.advance(hours=23, minutes=59)
    assert server.reviews.get_review("rev_1")["status"] == "created"
    assert server.reviews.seconds_to_expiry("rev_1") == 60
    clock.advance(hours=5)
    expired = server.reviews.get_review("rev_1")
    assert (expired["status"], expired["version"], expired["result"]) == ("expired", 2, None)
    # It tells the moment at which it expired, not the one at which somebody looked.
    assert expired["updated_at"] == "2026-11-24T12:00:00.000000Z"
    assert server.reviews.seconds_to_expiry("rev_1") is None


def test_a_date_in_the_past_makes_a_review_overdue_but_not_expired(server: ReviewServer) -> None:
    create(server, due_date="2024-01-20T18:00:00Z")
    server.reviews.update_review("rev_1", {"content": {"additional_context": "More"}})
    server.reviews.update_review("rev_1", {"due_date": "2024-01-21T18:00:00Z"})
    assert server.reviews.get_review("rev_1")["status"] == "created"
    assert server.reviews.cancel_review("rev_1")["status"] == "cancelled"


def test_a_new_due_date_replaces_the_old_one(server: ReviewServer, clock: FakeClock) -> None:
    create(server, due_date="2026-11-24T12:00:00Z")
    server.reviews.start("rev_1", REVIEWER)
    server.reviews.update_review("rev_1", {"due_date": "2026-11-25T12:00:00Z"})
    clock.advance(days=1, hours=1)
    assert server.reviews.get_review("rev_1")["status"] == "in_progress"
    clock.advance(days=1)
    assert server.reviews.get_review("rev_1")["status"] == "expired"


def test_the_timeout_of_the_template_counts_from_the_creation(server: ReviewServer, clock: FakeClock) -> None:
    body = {"name": "Urgent", "fields": FIELDS, "settings": {"timeout_hours": 0.5}}
    template_id = server.reviews.create_template(body).document["id"]
    create(server, template_id=template_id, due_date="2026-11-30T12:00:00Z")
    clock.advance(minutes=30)
    assert server.reviews.list_reviews(ReviewQuery(status="expired")).total == 1


def test_a_timeout_beyond_the_calendar_never_comes(server: ReviewServer) -> None:
    body = {"name": "Patient", "fields": FIELDS, "settings": {"timeout_hours": 1e300}}
    create(server, template_id=server.reviews.create_template(body).document["id"])
    assert server.reviews.seconds_to_expiry("rev_1") is None


def test_an_answered_review_does_not_expire(server: ReviewServer, clock: FakeClock) -> None:
    create(server, due_date="2026-11-24T12:00:00Z")
    server.reviews.complete("rev_1", {"approved": True}, REVIEWER)
    clock.advance(days=2)
    assert server.reviews.get_review("rev_1")["status"] == "completed"


# Lists


def ids(server: ReviewServer, **query: Any) -> list[str]:
    return [review["id"] for review in server.reviews.list_reviews(ReviewQuery(**query)).items]


def test_lists_begin_with_the_newest_and_are_cut_into_pages(server: ReviewServer) -> None:
    for _ in range(3):
        create(server)
    assert ids(server) == ["rev_3", "rev_2", "rev_1"]
    assert ids(server, oldest_first=True) == ["rev_1", "rev_2", "rev_3"]
    assert ids(server, limit=1, offset=1) == ["rev_2"]
    assert ids(server, limit=None, offset=2) == ["rev_1"]
    assert ids(server, offset=10**30) == []
    assert server.reviews.list_reviews(ReviewQuery(limit=1)).total == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "created"}, ["rev_3"]),
        ({"status": ["created", "cancelled"]}, ["rev_3", "rev_1"]),
        ({"status": []}, []),
        ({"priority": "high"}, ["rev_2"]),
        ({"assignee": REVIEWER}, ["rev_2", "rev_1"]),
        ({"assignee": "ann"}, []),
        ({"template_id": "code_review"}, ["rev_3"]),
        ({"created_after": "2026-11-23T12:00:00.000000Z"}, ["rev_3", "rev_2"]),
        ({"created_before": "2026-11-23T14:00:00.000000Z"}, ["rev_2", "rev_1"]),
        ({"updated_after": "2026-11-23T14:30:00.000000Z"}, ["rev_1"]),
        ({"ids": ["rev_1", "rev_3", "rev_9"]}, ["rev_3", "rev_1"]),
        ({"assignee": REVIEWER, "status": "assigned"}, ["rev_2"]),
    ],
)
def test_filters_narrow_the_list_together(
    server: ReviewServer, clock: FakeClock, query: dict[str, Any], expected: list[str]
) -> None:
    create(server, assignees=[REVIEWER, "bob@example.com"])
    clock.advance(hours=1)
    create(server, assignees=[REVIEWER], priority="high")
    clock.advance(hours=1)
    create(server, template_id="code_review")
    clock.advance(hours=1)
    server.reviews.cancel_review("rev_1")
    assert ids(server, **query) == expected


def test_counts_name_every_status(server: ReviewServer) -> None:
    create(server), create(server, assignees=[REVIEWER]), create(server)
    server.reviews.cancel_review("rev_1")
    assert server.reviews.counts() == {
        "created": 1,
        "assigned": 1,
        "in_progress": 0,
        "completed": 0,
        "rejected": 0,
        "expired": 0,
        "cancelled": 1,
    }


# Templates


@pytest.mark.parametrize("template_id", SAMPLE_TEMPLATES)
def test_every_starter_is_completed_by_an_approval_alone(server: ReviewServer, template_id: str) -> None:
    create(server, template_id=template_id)
    assert server.reviews.complete("rev_1", {"approved": True}, REVIEWER)["status"] == "completed"


@pytest.mark.parametrize("template_id", SAMPLE_TEMPLATES)
def test_every_starter_is_a_template_that_the_api_would_accept(server: ReviewServer, template_id: str) -> None:
    assert (
        server.reviews.create_template(SAMPLE_TEMPLATES[template_id]).document["fields"]
        == SAMPLE_TEMPLATES[template_id]["fields"]
    )


def test_the_id_of_a_deleted_template_is_not_used_again(server: ReviewServer) -> None:
    form = {"name": "A form", "fields": FIELDS}
    assert server.reviews.create_template(form).document["id"] == "tpl_1"
    server.reviews.delete_template("tpl_1")
    assert server.reviews.create_template(form).document["id"] == "tpl_2"


def test_given_templates_are_added_and_replace_those_with_their_id(clock: FakeClock) -> None:
    mine = [{"id": "tpl_1", "name": "Mine", "fields": FIELDS}, {"id": "data_qa", "name": "QA", "fields": FIELDS}]
    server = ReviewServer(clock=clock, templates=mine)
    assert server.reviews.get_template("tpl_1")["name"] == "Mine"
    assert server.reviews.get_template("data_qa")["name"] == "QA"
    assert server.reviews.create_template({"name": "A form", "fields": FIELDS}).document["id"] == "tpl_2"
    server.close()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("data_qa", "must be an object"),
        ({"name": "Mine", "fields": FIELDS}, "id: must be a string"),
        ({"id": "mine", "name": "Mine"}, "fields: is required"),
    ],
)
def test_a_faulty_given_template_is_refused_before_anything_is_opened_for_use(template: Any, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        ReviewServer(templates=[template])
