"""What may be tried again: the table of situations, and which outcome is which."""

from __future__ import annotations

from typing import get_args

import pytest
from script import answer, refused, reviewed

from hitl._calls.retry_policy import RULES, TRANSIENT_STATUSES, AttemptResult, decide, situation, unreadable_situation
from hitl._engine import Response, TransportFailure

PAGE = b"<html><h1>Welcome to the proxy</h1></html>"


def test_there_is_a_rule_for_each_situation():
    assert set(RULES) == set(get_args(AttemptResult))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (TransportFailure("x", "no", "refused"), "no connection"),
        (TransportFailure("x", "no", "unknown_host"), "unknown host"),
        (TransportFailure("x", "no", "tls"), "not trusted"),
        (TransportFailure("x", "no", "timeout"), "not sent"),
        (TransportFailure("x", "no", "broken"), "not sent"),
        (TransportFailure("x", "maybe", "timeout"), "no answer"),
        (TransportFailure("x", "yes", "timeout"), "no answer"),
        (TransportFailure("x", "maybe", "broken"), "no answer"),
        (TransportFailure("x", "maybe", "stale"), "stale connection"),
        (reviewed(), "answered"),
        (Response(200, {}, b"", fault="its gzip encoding ends too early"), "unreadable"),
        (Response(503, {}, b"", fault="its gzip encoding ends too early"), "failing"),
        (refused(429), "rate limited"),
        (refused(409, "idempotency_in_progress"), "in progress"),
        (answer(409, {"code": "idempotency_in_progress"}), "in progress"),
        (refused(409, "review_is_final"), "refused"),
        (answer(409, b"idempotency_in_progress"), "refused"),
        (answer(501), "refused"),
        (answer(505), "refused"),
        (answer(507), "failed"),
        (answer(599), "failed"),
        (answer(302), "refused"),
        (answer(410), "refused"),
        (answer(101), "refused"),
    ],
)
def test_each_outcome_is_one_situation(outcome, expected):
    assert situation(outcome) == expected


def test_the_statuses_that_pass_are_these():
    passing = {status for status in range(100, 1000) if situation(answer(status)) in ("failing", "rate limited")}
    assert passing == TRANSIENT_STATUSES == {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}


@pytest.mark.parametrize(
    ("found", "is_mismatched", "expected"),
    [
        (answer(200, PAGE, content_type="text/html; charset=utf-8"), False, "unreadable"),
        (answer(201, b"{}", content_type="text/plain"), False, "unreadable"),
        (answer(200, b""), False, "unreadable"),
        (answer(200, b" \r\n", content_type="application/json"), False, "unreadable"),
        (Response(200, {}, b'{"success": tr', is_framed=False), False, "unreadable"),
        (reviewed(), True, "unreadable"),
        (Response(200, {}, b"{}", is_framed=False), False, "misfit"),
        (answer(200, b'{"success": tr', content_type="application/json"), False, "misfit"),
        (answer(200, {}, content_type="application/json"), False, "misfit"),
        (answer(200, {}, content_type="Application/Problem+JSON; charset=utf-8"), False, "misfit"),
        (answer(200, PAGE), False, "misfit"),
    ],
)
def test_a_success_that_cannot_be_read_may_be_a_page_from_in_between(found, is_mismatched, expected):
    assert unreadable_situation(found, is_mismatched=is_mismatched) == expected


@pytest.mark.parametrize("which", sorted(RULES))
def test_a_creation_is_only_repeated_where_nothing_was_made_or_its_key_is_recognised(which):
    creation = decide(which, is_repeatable=False, honours_keys=False)
    assert not (creation.may_repeat and creation.outcome_unknown)
    repeatable = decide(which, is_repeatable=True, honours_keys=False)
    assert not repeatable.outcome_unknown
    assert repeatable.may_repeat >= creation.may_repeat
    assert repeatable.may_repeat == decide(which, is_repeatable=False, honours_keys=True).may_repeat
