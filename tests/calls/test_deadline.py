"""A call's time: how it is shared out among attempts, and that it is never overstepped."""

from __future__ import annotations

import pytest
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, reviewed

from hitl._api import operations
from hitl._calls import Backoff, Exchange, Key, Server, random_key
from hitl._calls.exchange import SHARE
from hitl._engine import TransportResult
from hitl._flows import ApiCall, Clock
from hitl._methods import Methods
from hitl.exceptions import APITimeoutError, HITLError, RateLimitError, ServerError


def exchange(script: Script, *, max_retries: int = 3, **settings) -> Exchange:
    return Exchange(
        Backoff(max_retries, 1.0, uniform=lambda low, high: high), clock=script.clock, **{"timeout": 30.0, **settings}
    )


def get() -> operations.Call:
    return operations.get_review("rev_1")


def create(key: str | None = None) -> operations.Call:
    made = random_key() if key is None else Key(key, is_lasting=True)
    return operations.create_review({"template_id": "template_123", "content": {}}).with_key(made)


class Hanging(Script):
    """A server that answers nothing, so that each exchange takes the time that it is given."""

    def __init__(self, outcome: TransportResult = SILENT) -> None:
        def hang(call: ApiCall) -> TransportResult:
            self.now += call.timeout
            return outcome

        super().__init__([hang])


def timeouts(script: Script) -> list[float]:
    return [call.timeout for call in script.calls]


def test_an_attempt_that_others_may_follow_gets_two_thirds_of_what_is_left():
    script = Hanging()
    with pytest.raises(APITimeoutError) as caught:
        script.play(exchange(script, max_retries=1)(get()))
    assert timeouts(script) == [pytest.approx(20.0), pytest.approx(30 - 20 - 1)]
    assert caught.value.attempts == 2


@pytest.mark.parametrize("max_retries", [0, 1, 2, 3, 10, 1000])
@pytest.mark.parametrize("timeout", [0.05, 1.0, 30.0])
def test_a_call_to_a_silent_server_ends_with_its_time(max_retries, timeout):
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script, max_retries=max_retries, timeout=timeout)(get()))
    assert script.now - 1000.0 <= timeout + 1e-9


def test_the_only_attempt_gets_all_of_the_time():
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script, max_retries=0)(get()))
    assert timeouts(script) == [30.0]


def test_a_creation_that_could_not_be_repeated_gets_all_of_the_time():
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script)(create()))
    assert timeouts(script) == [30.0]


def test_a_creation_whose_key_is_recognised_shares_its_time_out():
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script, server=Server(honours_keys=True))(create()))
    assert timeouts(script)[0] == pytest.approx(30.0 * SHARE)


def test_one_exchange_may_be_given_less():
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script, request_timeout=5.0)(get()))
    assert timeouts(script) == [5.0, 5.0, 5.0, 5.0]


def test_a_request_timeout_longer_than_the_call_gives_no_more_time_than_there_is():
    script = Hanging()
    with pytest.raises(APITimeoutError):
        script.play(exchange(script, max_retries=0, request_timeout=300.0)(get()))
    assert timeouts(script) == [30.0]


@pytest.mark.parametrize("fault", [refused(503), BROKEN, UNREACHABLE])
def test_a_pause_that_would_end_after_the_deadline_is_not_begun(fault):
    script = Script([fault], each_takes=0.5)
    with pytest.raises(HITLError, match="Another attempt would not fit into the call's timeout") as caught:
        script.play(exchange(script, timeout=3.0)(get()))
    assert (script.sleeps, caught.value.attempts) == ([1.0], 2)


def test_a_retry_after_longer_than_the_time_left_is_raised_at_once():
    script = Script([refused(429, retry_after="20")])
    with pytest.raises(RateLimitError) as caught:
        script.play(exchange(script, timeout=15.0)(get()))
    assert (script.sleeps, caught.value.retry_after, caught.value.retryable) == ([], 20.0, True)


def test_time_that_a_clock_jumps_over_ends_the_call():
    script = Script([refused(503)], each_takes=3600.0)
    with pytest.raises(ServerError) as caught:
        script.play(exchange(script)(get()))
    assert caught.value.attempts == 1


def test_one_attempt_of_a_wait_keeps_the_time_that_it_was_given():
    script = Script([reviewed()])
    script.play(exchange(script, request_timeout=2.0).once(operations.get_review("rev_1", timeout=90.0)))
    assert timeouts(script) == [90.0]


def test_one_attempt_without_a_time_of_its_own_gets_that_of_a_call():
    script = Script([reviewed()])
    script.play(exchange(script).once(get()))
    script.play(exchange(script, request_timeout=2.0).once(get()))
    assert timeouts(script) == [30.0, 2.0]


def test_without_a_limit_an_exchange_is_timed_by_the_client():
    script = Script([reviewed()])
    script.play(Exchange(Backoff(0, 1.0))(get()))
    assert timeouts(script) == [None]


class TestCallsOfTwoExchanges:
    """What is one call to a caller has one timeout, however many exchanges it takes."""

    @pytest.fixture
    def core(self) -> Methods:
        return Methods({"api_key": "key", "timeout": 10, "max_retries": 0})

    def played_on(self, script: Script, core: Methods) -> None:
        core.exchange.clock = Clock(lambda: script.now, lambda: script.now)

    def test_cancelling_and_reading_share_one_deadline(self, core):
        script = Script([answer(204, b""), reviewed("cancelled")], each_takes=4.0)
        self.played_on(script, core)
        script.play(core.cancel_review("rev_1"))
        assert timeouts(script) == [10.0, 6.0]

    def test_reading_and_changing_a_template_share_one_deadline(self, core):
        field = {"name": "approved", "type": "boolean"}
        template = answer(200, {"success": True, "data": {"id": "tpl_1", "name": "T", "fields": [field]}})
        script = Script([template], each_takes=4.0)
        self.played_on(script, core)
        script.play(core.update_template("tpl_1", None, [..., {**field, "name": "again"}]))
        assert timeouts(script) == [10.0, 6.0]
