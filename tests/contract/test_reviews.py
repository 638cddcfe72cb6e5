"""Reviews from creation to their end, through both clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from both_clients import Clock, Connect
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import ConflictError
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
ASSIGNEES = ["ann@example.com", "bob@example.com"]


def test_a_review_is_created_with_everything_that_was_given(client: HITLClient, clock: Clock) -> None:
    review = client.create_review(
        template_id="code_review",
        content={"code": "def process_data(data):...", "complexity": "medium"},
        assignees=ASSIGNEES,
        priority="high",
        due_date="2124-01-20T18:00:00Z",
        assignment_strategy="round_robin",
    )
    assert review.template_id == "code_review"
    assert review.content == {"code": "def process_data(data):...", "complexity": "medium"}
    assert review.assignees == ASSIGNEES
    assert (review.priority, review.assignment_strategy) == ("high", "round_robin")
    assert review.due_date == datetime(2124, 1, 20, 18, tzinfo=UTC)
    assert abs(review.created_at - clock.now) < timedelta(milliseconds=1)
    assert (review.status, review.result, review.is_final) == ("assigned", {}, False)


def test_a_due_date_may_be_a_datetime_of_any_zone(client: HITLClient) -> None:
    due = datetime.fromisoformat("2124-01-20T18:00:00+05:30")
    assert client.create_review(**ASKED, due_date=due).due_date == due


@pytest.mark.parametrize(("assignees", "status"), [(None, "created"), ([], "created"), (ASSIGNEES, "assigned")])
def test_a_review_begins_as_created_or_as_assigned(
    client: HITLClient, assignees: list[str] | None, status: str
) -> None:
    review = client.create_review(**ASKED, assignees=assignees)
    assert review.status == review.state == status


def test_a_completed_review_tells_the_answer_who_gave_it_and_when(
    client: HITLClient, sandbox: Sandbox, clock: Clock
) -> None:
    review = client.create_review(**ASKED)
    clock.advance(hours=2)
    sandbox.reviewer.complete(review, {"approved": True, "text": "A better draft"}, "ann@example.com")
    answered = client.get_review(review.id)
    assert (answered.status, answered.is_final, answered.is_answered) == ("completed", True, True)
    assert answered.result == {"approved": True, "text": "A better draft"}
    assert answered.result.get("feedback") is None
    assert answered.reviewer == "ann@example.com"
    assert answered.completed_at == answered.updated_at == review.created_at + timedelta(hours=2)


def test_a_rejected_review_is_an_answered_one(client: HITLClient, sandbox: Sandbox) -> None:
    review = client.create_review(**ASKED)
    sandbox.reviewer.reject(review, {"feedback": "Not like this"})
    rejected = client.get_review(review.id)
    assert (rejected.status, rejected.is_answered, rejected.result) == ("rejected", True, {"feedback": "Not like this"})


def test_a_review_expires_at_its_due_date(client: HITLClient, clock: Clock) -> None:
    review = client.create_review(**ASKED, due_date=clock.now + timedelta(minutes=10))
    clock.advance(minutes=9)
    assert client.get_review(review.id).status == "created"
    clock.advance(minutes=1)
    expired = client.get_review(review.id)
    assert (expired.status, expired.is_final, expired.is_answered) == ("expired", True, False)


def test_a_cancelled_review_stays_readable_and_may_be_cancelled_again(client: HITLClient) -> None:
    review = client.create_review(**ASKED)
    cancelled = client.cancel_review(review.id)
    assert (cancelled.status, cancelled.is_final, cancelled.is_answered) == ("cancelled", True, False)
    assert client.cancel_review(review.id) == client.get_review(review.id) == cancelled


def test_an_update_adds_to_the_content_and_leaves_what_it_does_not_name(client: HITLClient) -> None:
    review = client.create_review(**ASKED, assignees=ASSIGNEES, priority="low")
    updated = client.update_review(review.id, content={"text": "A second draft", "score": float("nan")})
    assert updated.content == {"text": "A second draft", "score": None}
    assert (updated.assignees, updated.priority) == (ASSIGNEES, "low")
    assert client.get_review(review.id) == updated
    assert review.version is not None
    assert updated.version == review.version + 1


def test_an_update_replaces_everything_else(client: HITLClient) -> None:
    review = client.create_review(**ASKED, assignees=ASSIGNEES, priority="low", due_date="2124-01-20T18:00:00Z")
    updated = client.update_review(
        review.id,
        assignees=["cem@example.com"],
        priority="high",
        due_date="2125-01-01T00:00:00Z",
        assignment_strategy="load_balanced",
    )
    assert (updated.assignees, updated.priority, updated.assignment_strategy) == (
        ["cem@example.com"],
        "high",
        "load_balanced",
    )
    assert updated.due_date == datetime(2125, 1, 1, tzinfo=UTC)
    assert updated.content == ASKED["content"]


def test_a_reassigned_review_starts_anew_with_the_others(client: HITLClient, sandbox: Sandbox) -> None:
    review = client.create_review(**ASKED, assignees=ASSIGNEES)
    sandbox.reviewer.start(review)
    reassigned = client.reassign_review(review.id, assignees=["new_reviewer@company.com"])
    assert (reassigned.status, reassigned.assignees) == ("assigned", ["new_reviewer@company.com"])


@pytest.mark.parametrize("status", ["completed", "rejected", "cancelled", "expired"])
def test_a_finished_review_is_not_changed_any_more(
    client: HITLClient, sandbox: Sandbox, clock: Clock, status: str
) -> None:
    review = client.create_review(**ASKED, due_date=clock.now + timedelta(minutes=1))
    {
        "completed": lambda: sandbox.reviewer.complete(review, {"approved": True}),
        "rejected": lambda: sandbox.reviewer.reject(review),
        "cancelled": lambda: client.cancel_review(review.id),
        "expired": lambda: clock.advance(minutes=1),
    }[status]()
    with pytest.raises(ConflictError, match=f"already {status}") as caught:
        client.update_review(review.id, priority="low")
    assert (caught.value.status_code, caught.value.code) == (409, "conflict")
    with pytest.raises(ConflictError):
        client.reassign_review(review.id, assignees=ASSIGNEES)
    if status != "cancelled":
        with pytest.raises(ConflictError, match=f"already {status}"):
            client.cancel_review(review.id)
    assert client.get_review(review.id).status == status


def test_the_same_idempotency_key_makes_one_review(client: HITLClient, recorder: Recorder) -> None:
    first = client.create_review(**ASKED, idempotency_key="article-7")
    client.update_review(first.id, priority="high")
    again = client.create_review(**ASKED, idempotency_key="article-7")
    assert again == first  # the first answer is repeated, whatever happened since
    assert len(client.list_reviews()) == 1
    assert "Idempotent-Replayed" not in recorder.exchanges[0].response.headers
    assert recorder.exchanges[2].response.headers["Idempotent-Replayed"] == "true"


def test_two_accounts_may_use_the_same_idempotency_key(connect: Connect) -> None:
    with Sandbox(["one_key", "other_key"]) as sandbox:
        one, other = connect(sandbox), connect(sandbox, api_key="other_key")
        first = one.create_review(**ASKED, idempotency_key="article-7")
        assert other.create_review(**ASKED, idempotency_key="article-7").id != first.id
