"""Scripted reviewers, through the client as a test of one's own would have them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from hitl import HITLClient
from hitl.exceptions import ConflictError, ContentError, NotFoundError, ReviewExpiredError
from hitl.models import Review
from hitl.testing import Sandbox, after, approve, complete, edit, never, reject

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
TWO_BOOLEANS = {
    "id": "two_booleans",
    "name": "Two booleans",
    "fields": [
        {"name": "urgent", "type": "boolean", "required": True},
        {"name": "approval", "type": "boolean", "validation": {"required": True}},
    ],
}
NO_BOOLEAN = {"id": "no_boolean", "name": "No boolean", "fields": [{"name": "note", "type": "text"}]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(templates=[TWO_BOOLEANS, NO_BOOLEAN], clock=lambda: START) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


def answer_to(client: HITLClient, template_id: str = "template_123", **fields: Any) -> Review:
    """Ask, and return how the review stands right after that."""
    content = fields.pop("content", {"text": "A draft"})
    return client.get_review(client.create_review(template_id, content, **fields).id)


@pytest.mark.parametrize(
    ("answer", "template_id", "status", "result"),
    [
        (approve(feedback="Fine"), "template_123", "completed", {"approved": True, "feedback": "Fine"}),
        (approve(urgent=False), "two_booleans", "completed", {"urgent": False, "approval": True}),
        (approve(note="Seen"), "no_boolean", "completed", {"note": "Seen"}),
        (reject(feedback="Too long"), "template_123", "rejected", {"feedback": "Too long"}),
        (complete({"approved": False}), "template_123", "completed", {"approved": False}),
        (edit(text="A better draft"), "template_123", "completed", {"approved": True, "text": "A better draft"}),
    ],
)
def test_an_answer_fits_its_template(
    sandbox: Sandbox, client: HITLClient, answer: Any, template_id: str, status: str, result: dict[str, Any]
) -> None:
    sandbox.reviewer.on(template_id=template_id).in_turn([answer])
    review = answer_to(client, template_id)
    assert (review.status, review.result) == (status, result)


@pytest.mark.parametrize(
    ("answer", "template_id", "report"),
    [
        (complete({"approved": "yes"}), "template_123", "could not complete: approved: must be"),
        (
            edit(draft="A better draft"),
            "initial_review",
            "could not edit: draft: is not an editable field of template initial_review",
        ),
    ],
)
def test_an_answer_that_does_not_fit_its_template_is_reported(
    sandbox: Sandbox, client: HITLClient, answer: Any, template_id: str, report: str
) -> None:
    sandbox.reviewer.on().in_turn([answer])
    assert answer_to(client, template_id).status == "created"
    with pytest.raises(AssertionError, match=rf"(?s)rev_1 \({template_id}.*{report}"):
        sandbox.reviewer.verify()


def test_the_first_assignee_answers(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on().approve()
    assert answer_to(client, assignees=["ann@example.com", "bob@example.com"]).reviewer == "ann@example.com"
    assert answer_to(client).reviewer == "reviewer@example.com"


def test_the_first_rule_that_fits_answers_and_goes_on_doing_so(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on(template_id="content_review").reject()
    sandbox.reviewer.on(assignee="ann@example.com").complete({"approved": False})
    sandbox.reviewer.on(content={"meta": {"lang": "de"}}).edit(text="Entwurf")
    sandbox.reviewer.on(content=lambda content: content["text"] == "secret").never()
    sandbox.reviewer.on().approve()
    for _ in range(2):
        assert answer_to(client, "content_review", assignees=["ann@example.com"]).status == "rejected"
        assert answer_to(client, assignees=["ann@example.com"]).result == {"approved": False}
        german = {"text": "", "meta": {"lang": "de", "words": 0}}
        assert answer_to(client, content=german).result == {"approved": True, "text": "Entwurf"}
        assert answer_to(client, content={"text": "secret"}).status == "created"
        assert answer_to(client, content={}).result == {"approved": True}
    sandbox.reviewer.verify()


def test_answers_in_turn_are_given_once_each_and_then_the_next_rule_has_its_say(
    sandbox: Sandbox, client: HITLClient
) -> None:
    sandbox.reviewer.on().in_turn([reject(), approve(), complete({"approved": False}), edit(text="!"), never()])
    sandbox.reviewer.on().approve(feedback="As always")
    answers = [answer_to(client) for _ in range(7)]
    assert [each.status for each in answers[:5]] == ["rejected", "completed", "completed", "completed", "created"]
    assert [each.result.get("feedback") for each in answers[5:]] == ["As always"] * 2


def test_a_rule_answers_what_waits_already(sandbox: Sandbox, client: HITLClient) -> None:
    first, second = (client.create_review("template_123", {"text": text}) for text in "ab")
    sandbox.reviewer.on().in_turn([approve(), reject()])
    assert [client.get_review(each.id).status for each in (first, second)] == ["completed", "rejected"]


def test_a_review_that_fits_only_after_an_update_is_answered_then(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on(assignee="ann@example.com").approve()
    review = client.create_review("template_123", {})
    assert client.update_review(review.id, assignees=["ann@example.com"]).status == "assigned"
    assert client.get_review(review.id).status == "completed"


def test_a_later_answer_comes_when_the_clock_has_come_so_far_unless_it_was_given_by_hand(
    sandbox: Sandbox, client: HITLClient
) -> None:
    sandbox.reviewer.on().after("2h").approve()
    by_hand, review = (client.create_review("template_123", {}) for _ in range(2))
    sandbox.reviewer.reject(by_hand)
    sandbox.clock.advance("1h59m")
    assert not client.get_review(review.id).is_final
    with pytest.raises(AssertionError, match=r"will approve after 2:00:00: due in 0:01:00"):
        sandbox.reviewer.verify()
    sandbox.clock.advance("1d")
    answer = client.get_review(review.id)
    assert (answer.status, answer.completed_at) == ("completed", START + timedelta(hours=2))
    assert client.get_review(by_hand.id).status == "rejected"
    sandbox.reviewer.verify()


def test_later_answers_and_expiries_come_in_the_order_of_their_times(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on().in_turn([after("3h").approve(), after("1h").after("30m").reject()])
    hour = timedelta(hours=1)
    expiring, answered = (client.create_review("template_123", {}, due_date=START + 2 * hour) for _ in range(2))
    sandbox.clock.advance("1w")
    assert client.get_review(answered.id).completed_at == START + 1.5 * hour
    with pytest.raises(ReviewExpiredError):
        client.wait_for_review(expiring.id)
    sandbox.reviewer.verify()


def test_a_wait_wakes_up_when_the_clock_is_moved(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on().after("72h").approve()
    review = client.create_review("template_123", {})
    changes = sandbox._site.changes
    held = threading.Event()
    changes.on_watch(held.set)
    mover = threading.Thread(target=lambda: held.wait() and sandbox.clock.advance("72h"))
    mover.start()
    assert client.wait_for_review(review.id).completed_at == START + timedelta(hours=72)
    mover.join()


def test_real_time_passes_too() -> None:
    with Sandbox() as sandbox:
        sandbox.reviewer.on().in_turn([after(0.03).approve(), after(0.01).reject(), after(0.02).reject()])
        client = sandbox.client()
        for review in [client.create_review("template_123", {}) for _ in range(3)]:
            assert client.wait_for_review(review.id).is_answered


def test_a_sandbox_closes_before_its_later_answers_come() -> None:
    with Sandbox() as sandbox:
        sandbox.reviewer.on().after("52w").approve()
        sandbox.client().create_review("template_123", {})
    assert "hitl-script" not in {thread.name for thread in threading.enumerate()}


def test_an_answer_with_something_that_has_no_json_form_is_refused_where_it_is_written(sandbox: Sandbox) -> None:
    with pytest.raises(ContentError, match="no JSON form"):
        sandbox.reviewer.on().approve(feedback=object())


def test_the_list_of_open_reviews_tells_why_no_rule_spoke(sandbox: Sandbox, client: HITLClient) -> None:
    client.create_review("template_123", {"text": "A draft"})
    with pytest.raises(AssertionError, match="no rules"):
        sandbox.reviewer.verify()
    sandbox.reviewer.on(template_id="code_review", content={"text": "Another"}).approve()
    sandbox.reviewer.on(content={"language": "de"}, assignee="ann@example.com").approve()
    sandbox.reviewer.on(content=lambda content: content["draft"]).approve()
    with pytest.raises(AssertionError) as caught:
        sandbox.reviewer.verify()
    assert (
        str(caught.value)
        == """\
questions without an answer: 1
  rev_1 (template_123, created) {'text': 'A draft'}
    on(template_id='code_review', content={'text': 'Another'}) does not apply: template_id is 'template_123', not 'code_review'; \
content['text'] is 'A draft', not 'Another'
    on(content={'language': 'de'}, assignee='ann@example.com') does not apply: assignees are [], without 'ann@example.com'; \
content['language'] is missing
    on(content=<lambda>) does not apply: content makes <lambda> raise KeyError: 'draft'
Answer them with reviewer.on(...) and reviewer.on_request(...), expect them with never(), or cancel them."""
    )


# What was asked


def test_what_was_asked_comes_back_oldest_first(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.reviewer.on().approve()
    for text in ("one", "two"):
        client.create_review("template_123", {"text": text})
    client.create_review("code_review", {"code": "1"})
    assert [each.content["text"] for each in sandbox.reviewer.asked(template_id="template_123")] == ["one", "two"]
    assert len(sandbox.reviewer.asked(times=3)) == 3
    assert sandbox.reviewer.asked(content={"text": "two"}, times=1)[0].is_answered
    assert sandbox.reviewer.asked(assignee="ann@example.com", times=0) == []


def test_what_was_not_asked_is_told_beside_what_was(sandbox: Sandbox, client: HITLClient) -> None:
    with pytest.raises(AssertionError, match=r"expected at least once, was 0; all reviews:\n  none"):
        sandbox.reviewer.asked()
    client.create_review("template_123", {"text": "one"})
    client.create_review("code_review", {"text": "two"}, assignees=["ann@example.com"])
    with pytest.raises(AssertionError) as caught:
        sandbox.reviewer.asked(template_id="code_review", content={"text": "two"}, times=2)
    assert (
        str(caught.value)
        == """\
asked for template_id='code_review', content={'text': 'two'}: expected 2 times, was 1; all reviews:
  rev_1 template_id is 'template_123', not 'code_review'; content['text'] is 'one', not 'two'
  rev_2 matches"""
    )
    with pytest.raises(AssertionError, match=r"asked for any review: expected 1 time, was 2"):
        sandbox.reviewer.asked(times=1)
    with pytest.raises(AssertionError, match=r"content is rejected by nothing_suits"):
        sandbox.reviewer.asked(content=nothing_suits)


def nothing_suits(content: dict[str, Any]) -> bool:
    return False


# Several reviewers, and loops


def test_an_approval_is_given_by_as_many_people_as_must_agree() -> None:
    several = {**TWO_BOOLEANS, "id": "several", "settings": {"approval_threshold": 3}}
    with Sandbox(templates=[several]) as sandbox:
        sandbox.reviewer.on().approve(urgent=True)
        answer = answer_to(sandbox.client(), "several", assignees=["ann@example.com"])
        assert (answer.status, answer.reviewer) == ("completed", "reviewer-3@example.com")
        sandbox.reviewer.verify()


def test_requests_of_loops_are_answered_by_hand(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers) as http:
        loop = http.post("/v1/api/loops", json={"name": "Ops", "description": "Operations", "icon": "bell"}).json()
        question = {
            "processing_type": "time-sensitive",
            "type": "markdown",
            "priority": "high",
            "request_text": "Deploy?",
            "response_type": "boolean",
            "response_config": {"true_label": "Yes", "false_label": "No"},
            "default_response": False,
            "timeout_seconds": 3600,
            "platform": "api",
        }
        loop_id = loop["data"]["loop"]["id"]

        def ask() -> str:
            return str(http.post(f"/v1/api/loops/{loop_id}/requests", json=question).json()["data"]["request_id"])

        first, late = ask(), ask()
        assert sandbox.reviewer.respond(first, True)["status"] == "completed"
        sandbox.clock.advance("1h")
        for request_id, error, reason in (
            (first, ConflictError, None),
            ("0" * 24, NotFoundError, None),
            (late, ConflictError, "already timeout"),
        ):
            with pytest.raises(error, match=reason):
                sandbox.reviewer.respond(request_id, False)
