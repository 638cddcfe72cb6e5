from __future__ import annotations

import pickle
import warnings

import pytest
from script import BROKEN, UNREACHABLE, Script, answer, refused, review, reviewed
from world import wait_registry

from hitl._engine import TransportFailure
from hitl._waiting import REVIEWS, WaitBudgetWarning, WaitOptions, wait_for_one
from hitl._waiting.rate_limit import FLOOR, MARGIN, PRIOR_SHARE
from hitl._waiting.timing import OVERSHOOT
from hitl.exceptions import (
    APIConnectionError,
    AuthenticationError,
    PermissionDeniedError,
    ReviewCancelledError,
    ReviewExpiredError,
    ReviewNotFoundError,
    WaitTimeoutError,
)

HELD = {"preference_applied": "wait=25"}


def wait(script: Script, *, timeout: float | None = None, poll_interval: float = 1.0, review_id: str = "rev_1"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WaitBudgetWarning)
        return script.play(
            wait_for_one(wait_registry(script.clock), review_id, None, WaitOptions(timeout, poll_interval), REVIEWS)
        )


@pytest.mark.parametrize("status", ["completed", "rejected"])
def test_an_answer_for_or_against_is_returned_without_a_pause(status):
    script = Script([reviewed(status)])
    assert wait(script).status == status
    assert script.sleeps == []


def test_an_unknown_status_is_one_that_is_not_finished_yet():
    assert wait(Script([reviewed("pondering"), reviewed("escalated"), reviewed("completed")])).status == "completed"


@pytest.mark.parametrize(("status", "error"), [("expired", ReviewExpiredError), ("cancelled", ReviewCancelledError)])
def test_the_absence_of_an_answer_is_raised_with_the_review_and_the_requests_it_took(status, error):
    with pytest.raises(error) as caught:
        wait(Script([reviewed(), refused(503), reviewed(status)]))
    assert caught.value.review.status == status
    assert (caught.value.attempts, caught.value.sent, caught.value.retryable) == (3, "yes", False)


@pytest.mark.parametrize(
    ("interval", "pauses"), [(1.0, [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0]), (60.0, [60.0, 60.0, 60.0])]
)
def test_pauses_grow_to_ten_seconds_and_a_longer_interval_is_kept(interval, pauses):
    script = Script([*[reviewed()] * len(pauses), reviewed("completed")])
    wait(script, poll_interval=interval)
    assert script.sleeps == pauses


def test_a_wait_never_sleeps_past_its_deadline():
    script = Script([reviewed("in_progress")])
    with pytest.raises(WaitTimeoutError, match=r"rev_1 is still in_progress after 7 s; call again") as caught:
        wait(script, timeout=7.0)
    assert script.now - 1000.0 == pytest.approx(7.0)
    assert caught.value.review.status == "in_progress"
    assert isinstance(caught.value, TimeoutError)
    assert pickle.loads(pickle.dumps(caught.value)).review == caught.value.review


def test_an_exchange_of_a_wait_is_given_no_more_time_than_the_wait_has_left():
    script = Script([reviewed()])
    with pytest.raises(WaitTimeoutError):
        wait(script, timeout=3.0)
    assert max(call.timeout for call in script.calls) <= 3.25
    assert script.calls[-1].timeout == OVERSHOOT


def test_a_wait_of_three_days_is_waited_in_no_time():
    script = Script([lambda call: reviewed("completed" if script.now > 1000.0 + 3 * 86400 else "assigned")])
    assert wait(script).status == "completed"
    assert 25_000 < len(script.calls) < 26_500


@pytest.mark.parametrize(
    "fault",
    [BROKEN, UNREACHABLE, answer(200, b"<html>"), *map(refused, (429, 500, 503, 507, 511, 525, 530, 599))],
)
def test_a_transient_error_uses_up_time_and_ends_no_wait(fault):
    script = Script([*[fault] * 50, reviewed("completed")])
    assert wait(script, timeout=3600.0).status == "completed"


def test_a_wait_that_times_out_reports_the_last_error():
    with pytest.raises(WaitTimeoutError, match="not seen yet after 5 s.*no connection could be made") as caught:
        wait(Script([UNREACHABLE]), timeout=5.0)
    assert caught.value.last_error.sent == "no"


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError), (404, ReviewNotFoundError)]
)
def test_a_permanent_error_is_raised_at_once(status, error):
    script = Script([reviewed(), refused(status)])
    with pytest.raises(error):
        wait(script, timeout=3600.0)
    assert len(script.calls) == 2


def test_a_name_that_was_known_once_is_waited_for_and_one_that_never_was_is_not():
    unknown = TransportFailure("its name is unknown", "no", "unknown_host")
    assert wait(Script([reviewed(), unknown, unknown, reviewed("completed")])).status == "completed"
    with pytest.raises(APIConnectionError, match="its name is unknown"):
        wait(Script([unknown, reviewed("completed")]))


@pytest.mark.parametrize("version", ["4", [4], {}, 1.5, None])
def test_a_response_with_a_version_that_is_no_number_does_not_end_a_wait(version):
    def told(status, version):
        return answer(200, {"success": True, "data": review(status, version=version)})

    script = Script([told("created", 3), told("assigned", version), told("in_progress", 5), told("completed", None)])
    assert wait(script).status == "completed"


@pytest.mark.parametrize(
    ("outcomes", "sent"),
    [([reviewed()], "yes"), ([UNREACHABLE], "no"), ([BROKEN], "maybe"), ([reviewed(), UNREACHABLE], "yes")],
)
def test_a_wait_that_is_up_tells_what_it_took(outcomes, sent):
    script = Script(outcomes)
    with pytest.raises(WaitTimeoutError) as caught:
        wait(script, timeout=7.0)
    assert (caught.value.attempts, caught.value.sent) == (len(script.calls), sent)


def test_a_wait_that_is_up_tells_what_the_server_asked_for_last():
    with pytest.raises(WaitTimeoutError) as caught:
        wait(Script([refused(429, retry_after="3600", x_request_id="req_7")]), timeout=7.0)
    assert (caught.value.retry_after, caught.value.request_id) == (3600.0, "req_7")


def test_retry_after_stretches_the_pause():
    script = Script([refused(429, retry_after="45"), reviewed("completed")])
    wait(script)
    assert script.sleeps == [45.0]


def test_an_answer_about_another_review_does_not_end_the_wait():
    script = Script([reviewed("completed", "rev_EVIL"), reviewed("completed")])
    assert wait(script).id == "rev_1"


class TestHolding:
    @pytest.mark.parametrize(("timeout", "preference"), [(None, "wait=25"), (8.4, "wait=8"), (0.9, None)])
    def test_the_server_is_asked_to_hold_the_read_open_for_whole_seconds_within_the_timeout(self, timeout, preference):
        script = Script([reviewed("completed")])
        wait(script, timeout=timeout)
        assert script.calls[0].request.headers.get("Prefer") == preference

    def test_a_server_that_holds_is_asked_again_without_a_pause(self):
        script = Script([*[reviewed(**HELD)] * 20, reviewed("completed", **HELD)], each_takes=25.0)
        wait(script)
        assert script.sleeps == pytest.approx([0.03] * 20)

    def test_a_read_that_came_back_early_with_news_was_held(self):
        news = [reviewed(status, **HELD) for status in ("created", "assigned", "in_progress", "completed")]
        script = Script(news, each_takes=0.2)
        wait(script)
        assert script.sleeps == pytest.approx([0.03] * 3)

    def test_after_a_held_read_intervals_start_anew(self):
        def held_open(call):
            script.now += 25.0
            return reviewed(**HELD)

        quick = [reviewed(**HELD)] * 4
        script = Script([*quick, held_open, *quick, reviewed("completed", **HELD)])
        wait(script)
        first, then = [1.0, 1.5, 2.25], [1.0, 1.5, 2.25, 3.375]
        assert script.sleeps == pytest.approx([0.03, *first, 0.03, *then], abs=0.1)

    def test_a_server_that_only_says_that_it_holds_is_not_hammered(self):
        script = Script([*[reviewed(**HELD)] * 5, reviewed("completed", **HELD)], each_takes=0.001)
        wait(script)
        assert script.sleeps == pytest.approx([0.03, 1.0, 1.5, 2.25, 3.375], abs=0.1)

    def test_a_held_read_is_given_the_time_to_be_held(self):
        script = Script([reviewed(**HELD), reviewed("completed")], each_takes=25.0)
        wait(script)
        assert script.calls[1].timeout == 55.0


class TestRateLimit:
    def test_the_rest_of_the_window_is_spread_over_what_is_left_of_it(self):
        limits = {"x_ratelimit_limit": "100", "x_ratelimit_remaining": "50", "x_ratelimit_reset": "4600"}
        reserve = FLOOR + MARGIN * PRIOR_SHARE * 100
        script = Script([reviewed(**limits), reviewed("completed")])
        wait(script)
        assert script.sleeps == [pytest.approx(3600 / (50 - reserve))]

    @pytest.mark.parametrize(
        ("remaining", "reset"),
        [("990", "1060"), ("1", "900"), *((bad, bad) for bad in ("", "-1", "1.5", "soon", "٣", "9" * 30))],
    )
    def test_a_generous_limit_a_past_window_and_malformed_headers_slow_nothing_down(self, remaining, reset):
        script = Script([reviewed(x_ratelimit_remaining=remaining, x_ratelimit_reset=reset), reviewed("completed")])
        wait(script)
        assert script.sleeps == [1.0]
