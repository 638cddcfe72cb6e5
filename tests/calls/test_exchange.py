from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_call import create, exchange, get
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, review, reviewed

from hitl._api import PageRequest, operations
from hitl._calls import Backoff, Exchange
from hitl._engine import Response
from hitl.exceptions import (
    APIStatusError,
    AuthenticationError,
    ConflictError,
    HITLError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ReviewNotFoundError,
    ServerError,
    TemplateNotFoundError,
    UnexpectedResponseError,
)


@pytest.mark.parametrize("fault", [BROKEN, SILENT, UNREACHABLE, refused(429), refused(503), refused(502), refused(529)])
def test_a_passing_fault_is_tried_again_and_forgotten(fault):
    script = Script([fault, fault, reviewed("completed")])
    assert script.play(exchange()(get())).status == "completed"
    assert script.sleeps == [1.0, 2.0]


def test_the_pauses_double_up_to_eight_seconds():
    script = Script([refused(503)])
    with pytest.raises(ServerError) as caught:
        script.play(exchange(max_retries=6)(get()))
    assert script.sleeps == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert caught.value.attempts == 7


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, ReviewNotFoundError),
        (409, ConflictError),
        (418, APIStatusError),
        (422, InvalidRequestError),
        (301, APIStatusError),
        (501, ServerError),
        (505, ServerError),
        (600, ServerError),
    ],
)
def test_a_refusal_is_raised_at_once_as_its_class(status, error):
    script = Script([refused(status, message="Because.")])
    with pytest.raises(error, match="Because") as caught:
        script.play(exchange()(get()))
    assert type(caught.value) is error
    assert len(script.calls) == 1
    assert (caught.value.status_code, caught.value.code, caught.value.retryable) == (status, "some_code", False)


LOOPS = {"error": True, "msg": "Validation failed", "data": "name is required"}
FIELD = {"code": "validation_error", "message": "Too long.", "details": {"field": "name"}}


@pytest.mark.parametrize(
    ("response", "error", "says", "details"),
    [
        (refused(404, "template_not_found"), TemplateNotFoundError, "404 template_not_found", None),
        (answer(404, b"<html>"), NotFoundError, "404", None),
        (answer(400, LOOPS), InvalidRequestError, "Validation failed", "name is required"),
        (answer(400, {"error": FIELD}), InvalidRequestError, r"Too long\. .* Field: name\.", {"field": "name"}),
        # The problem details of a gateway (RFC 9457).
        (answer(501, {"title": "Upstream is away"}), ServerError, "Upstream is away", None),
    ],
)
def test_each_form_of_an_error_response_is_understood(response, error, says, details):
    with pytest.raises(error, match=says) as caught:
        Script([response]).play(exchange()(create()))
    assert type(caught.value) is error
    assert caught.value.details == details


def test_the_error_tells_the_attempts_the_request_and_what_to_do():
    script = Script([refused(401, message="Unknown key.", x_request_id="req_7")])
    with pytest.raises(
        AuthenticationError, match=r"get_review: .*401 some_code: Unknown key\. \(1 attempt\)\. Check the key"
    ) as caught:
        script.play(exchange()(get()))
    assert caught.value.request_id == "req_7"
    assert caught.value.sent == "yes"


def test_a_servers_words_are_cut_and_cleaned():
    with pytest.raises(InvalidRequestError) as caught:
        Script([refused(400, message="a\x1b[31m\r\n" + "b" * 5000)]).play(exchange()(get()))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


class TestCreating:
    """Creating twice is worse than not creating: a repetition needs a server that is known to recognise it."""

    @pytest.mark.parametrize("fault", [BROKEN, SILENT, refused(500), refused(502), refused(504)])
    def test_an_ambiguous_fault_is_not_repeated_on_a_server_that_may_not_recognise_it(self, fault):
        script = Script([fault])
        with pytest.raises(HITLError, match="idempotency_key='job-1'") as caught:
            script.play(exchange()(create("job-1")))
        assert len(script.calls) == 1
        assert (caught.value.outcome_unknown, caught.value.retryable) == (True, False)
        assert caught.value.idempotency_key == "job-1"

    @pytest.mark.parametrize(
        "shown",
        [
            {"idempotency_key": "shown"},
            *({"idempotent_replayed": word} for word in ("true", "True", " true ", "?1", "1")),
            {"idempotency_key": "shown", "idempotent_replayed": "false"},
        ],
        ids=str,
    )
    def test_a_server_that_has_shown_that_it_honours_keys_is_sent_the_same_key_again(self, shown):
        patient = exchange()
        Script([reviewed(code=201, **shown)]).play(patient(create("shown")))
        script = Script([BROKEN, refused(502), reviewed(code=201)])
        assert script.play(patient(create())).id == "rev_1"
        keys = {call.request.headers["Idempotency-Key"] for call in script.calls}
        assert len(script.calls) == 3
        assert len(keys) == 1

    @pytest.mark.parametrize("word", ["false", "False", "FALSE", "0", "?0", "no", "", " ", "null", "none", "shown"])
    def test_a_server_that_says_that_it_replayed_nothing_has_shown_nothing(self, word):
        patient = exchange()
        Script([reviewed(code=201, idempotent_replayed=word)]).play(patient(create("shown")))
        script = Script([BROKEN])
        with pytest.raises(HITLError):
            script.play(patient(create()))
        assert len(script.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 200_000),
        b'{"success": true, "data": null}',
        b'{"success": true, "data": {"id": "rev_1"}}',
        b'{"success": true, "data": NaN}',
        b'{"success": true, "data": {"id": 7, "template_id": "t", "content": {}, "status": "x", "created_at": "2026-01-01T00:00:00Z"}}',
        b'{"success": true, "data": {"id": "rev_1", "template_id": "t", "content": [], "status": "x", "created_at": "2026-01-01T00:00:00Z"}}',
        b'{"success": true, "data": {"id": "rev_1", "template_id": "t", "content": {}, "status": "x", "created_at": "today"}}',
    ],
)
def test_an_answer_that_does_not_fit_is_one_kind_of_error(body):
    with pytest.raises(UnexpectedResponseError) as caught:
        Script([answer(200, body)]).play(exchange()(get()))
    assert caught.value.status_code == 200
    assert len(caught.value.excerpt) <= 200


def test_any_2xx_is_a_success():
    assert Script([reviewed(code=200)]).play(exchange()(create())).id == "rev_1"
    assert Script([reviewed(code=202)]).play(exchange()(get())).id == "rev_1"


# Values near those of the wire, in every place where one of them stands.
near = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.sampled_from(["rev_1", "completed", "2026-01-15T10:30:00Z", "high", "2026-99-99", "review_not_found"]),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
documents = st.one_of(
    near,
    st.fixed_dictionaries(
        {},
        optional={
            "success": near,
            "error": near | st.fixed_dictionaries({}, optional={"code": near, "message": near, "details": near}),
            "msg": near,
            "meta": near | st.fixed_dictionaries({}, optional={"request_id": near, "pagination": near}),
            "data": near
            | st.fixed_dictionaries({}, optional=dict.fromkeys(review("x", result={}, assignees=[], version=1), near))
            | st.just(review("completed", result={"approved": True})),
        },
    ),
)
bodies = st.binary(max_size=50) | documents.map(lambda document: json.dumps(document).encode())
headers = st.dictionaries(
    st.sampled_from(
        ["retry-after", "date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "preference-applied"]
    ),
    st.text(max_size=30),
)


@given(status=st.integers(100, 999) | st.sampled_from([200, 201, 404, 429]), headers=headers, body=bodies)
@settings(max_examples=500)
def test_whatever_a_server_answers_it_is_a_result_or_one_of_our_errors(status, headers, body):
    for call in (get(), create(), operations.cancel_review("rev_1"), operations.list_reviews({}, PageRequest(100))):
        script = Script([Response(status, headers, body)])
        try:
            script.play(exchange(max_retries=1)(call))
        except HITLError as raised:
            error = raised
        else:
            continue
        assert error.attempts == len(script.calls)
        assert call.is_repeatable <= (not error.outcome_unknown)
        assert error.idempotency_key is None or not (error.retryable and error.outcome_unknown)
        assert pickle.loads(pickle.dumps(error)).message == error.message


class Admission:
    """A limiter that admits after these pauses, and records what it observes."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = list(pauses)
        self.in_progress = 0
        self.observed: list[tuple[int, float]] = []

    def acquire(self) -> float:
        if self.pauses:
            return self.pauses.pop(0)
        self.in_progress += 1
        return 0.0

    def observe(self, response: Response, began: float) -> None:
        assert self.in_progress == 1
        self.observed.append((response.status_code, began))

    def release(self) -> None:
        self.in_progress -= 1


class TestLimiter:
    def limited(self, script: Script, limiter: Admission, **settings: float):
        backoff = Backoff(3, 1.0, uniform=lambda low, high: high)
        return Exchange(backoff, clock=script.clock, **settings)(get(), limiter=limiter)

    def test_each_attempt_is_admitted_observed_and_released(self):
        script, limiter = Script([refused(503), BROKEN, reviewed()]), Admission()
        began = script.now
        assert script.play(self.limited(script, limiter)).id == "rev_1"
        assert limiter.observed == [(503, began), (200, began + 3.0)]  # a broken connection is no response
        assert limiter.in_progress == 0

    def test_waiting_for_it_does_not_count_against_the_time_of_the_call(self):
        script, limiter = Script([refused(503), reviewed()]), Admission(50.0, 50.0)
        script.play(self.limited(script, limiter, timeout=30.0))
        assert script.sleeps == [50.0, 50.0, 1.0]
        assert [call.timeout for call in script.calls] == [pytest.approx(20.0), pytest.approx(29.0 * 2 / 3)]

    def test_it_is_released_by_a_flow_that_is_closed(self):
        limiter = Admission()
        flow = self.limited(Script([]), limiter)
        next(flow)
        assert limiter.in_progress == 1
        flow.close()
        assert limiter.in_progress == 0
