"""Requests to loops in a test: scripted answers, time that passes, waits that nobody would end."""

from __future__ import annotations

from typing import Any

import pytest

from hitl import HITLClient, Rating, SingleSelect
from hitl.exceptions import APIStatusError, ConfigurationError
from hitl.testing import Reviewer, Sandbox, after, approve, never, respond
from hitl.testing import patience as patience_module


@pytest.fixture
def loop_id(hitl_client: HITLClient) -> str:
    return hitl_client.loops.create(name="Moderators").id


def moderated(client: HITLClient, loop_id: str, text: str = "May this picture be shown?", **more: Any) -> Any:
    asked = client.requests.create(
        loop_id, text, response=SingleSelect(["yes", "no"]), timeout=86400, default="no", **more
    )
    return client.requests.wait(asked.id)


def test_a_rule_answers_the_requests_that_match(hitl_client: HITLClient, loop_id: str, reviewer: Reviewer) -> None:
    other = hitl_client.loops.create(name="Others").id
    reviewer.on_request(text="picture", context={"album": {"public": True}}).respond("yes")
    reviewer.on_request(loop_id=other.upper()).respond("no")
    reviewer.on_request(context=lambda context: context["size"] > 3).respond("yes")
    reviewer.on_request().respond("no")
    answers = [
        moderated(hitl_client, loop_id, context={"album": {"public": True, "owner": 7}}),
        moderated(hitl_client, other),
        moderated(hitl_client, loop_id, context={"size": 4}),
        moderated(hitl_client, loop_id),
    ]
    assert [each.answer for each in answers] == ["yes", "no", "yes", "no"]
    assert answers[0].by == "reviewer@example.com"


def test_rules_for_reviews_and_for_requests_keep_apart(
    hitl_client: HITLClient, loop_id: str, reviewer: Reviewer
) -> None:
    reviewer.on().approve()
    reviewer.on_request().respond("yes")
    review = hitl_client.create_review("content_review", {"text": "Refund?"})
    assert moderated(hitl_client, loop_id).answer == "yes"
    assert hitl_client.wait_for_review(review.id).result == {"approved": True}


def test_days_pass_at_once_until_the_answer_and_until_the_default(
    hitl_sandbox: Sandbox, hitl_client: HITLClient, loop_id: str, reviewer: Reviewer
) -> None:
    hitl_sandbox.fast_forward()
    reviewer.on_request(text="picture").in_turn([respond("no"), after("3h").respond("yes")])
    first, second, third = (moderated(hitl_client, loop_id) for _ in range(3))
    assert (first.answer, second.answer, third.answer) == ("no", "yes", "no")
    assert (second.response_at - second.created_at).seconds == 3 * 3600
    assert third.timed_out
    reviewer.asked_requests(text="picture", loop_id=loop_id, times=3)


def test_what_waits_already_is_answered_by_a_new_rule(
    hitl_client: HITLClient, loop_id: str, reviewer: Reviewer
) -> None:
    asked = hitl_client.requests.create(loop_id, "How good is it?", response=Rating(1, 5), default=1)
    assert [each.id for each in reviewer.pending_requests()] == [asked.id]
    reviewer.on_request().after("2h").in_turn([after("1h").respond(4)])
    assert [each.id for each in reviewer.pending_requests()] == [asked.id]
    reviewer.respond(asked, 5)
    assert reviewer.pending_requests() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (respond("perhaps"), "could not respond"),
        (never(), "stays open on purpose"),
        (after("3h").respond("yes"), "due in"),
        (None, r"on_request\(text='video'\) does not apply: text is 'May this picture be shown\?', without 'video'"),
    ],
)
def test_a_wait_that_nobody_would_end_fails_and_says_why(
    hitl_client: HITLClient, loop_id: str, hitl_sandbox: Sandbox, answer: Any, reason: str
) -> None:
    if answer is None:
        hitl_sandbox.reviewer.on_request(text="video").respond("yes")
    else:
        hitl_sandbox.reviewer.on_request().in_turn([answer])
    with pytest.raises(APIStatusError, match=reason) as caught:
        moderated(hitl_client, loop_id)
    assert caught.value.status_code == 424


def test_of_many_requests_only_those_fail_that_nobody_answers(
    hitl_client: HITLClient, loop_id: str, hitl_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience_module, "_IN_ANY_CASE", 0.2)
    hitl_sandbox.reviewer.on_request(text="1").respond(True)
    ids = [hitl_client.requests.create(loop_id, text).id for text in ("1", "2", "3")]
    ended = {outcome.id: outcome for outcome in hitl_client.requests.as_completed(ids[:1])}
    assert ended[ids[0]].answer is True
    with pytest.raises(Exception, match="2 of 3 requests ended without an answer") as caught:
        hitl_client.requests.wait_many(ids, poll_interval=0.1)
    outcomes = getattr(caught.value, "outcomes")  # noqa: B009 - of a BatchError
    assert [getattr(each, "status_code", None) for each in outcomes] == [None, 424, 424]


def test_an_open_request_fails_the_check_and_never_allows_it(
    hitl_client: HITLClient, loop_id: str, hitl_sandbox: Sandbox
) -> None:
    asked = hitl_client.requests.create(loop_id, "May it?")
    with pytest.raises(AssertionError, match=rf"without an answer: 1\n  {asked.id} \(boolean, pending\) 'May it\?'"):
        hitl_sandbox.reviewer.verify()
    hitl_sandbox.reviewer.on_request(text="May").never()
    hitl_sandbox.reviewer.verify()


def test_what_was_not_asked_is_told_beside_what_was(
    hitl_client: HITLClient, loop_id: str, hitl_sandbox: Sandbox
) -> None:
    asked = hitl_client.requests.create(loop_id, "May it?")
    with pytest.raises(AssertionError) as caught:
        hitl_sandbox.reviewer.asked_requests(text="picture", times=1)
    assert str(caught.value).splitlines() == [
        "asked for text='picture': expected 1 time, was 0; all requests:",
        f"  {asked.id} text is 'May it?', without 'picture'",
    ]


def test_an_answer_of_the_other_kind_is_refused_where_it_is_written(reviewer: Reviewer) -> None:
    with pytest.raises(ConfigurationError, match="a request is answered with one of never, respond; got approve"):
        reviewer.on_request().in_turn([approve()])
    with pytest.raises(ConfigurationError, match=r"a review is answered with one of .*; got respond"):
        reviewer.on().in_turn([respond(True)])
