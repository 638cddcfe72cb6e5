"""A call's time: how it is shared out among attempts, and that it is never overstepped."""

from __future__ import annotations

from typing import Any

import pytest
from script import BROKEN, SILENT, UNREACHABLE, Script, answer, refused, reviewed
from scripted import ScriptedClient, scripted

from hitl._calls import Backoff, Exchange
from hitl.exceptions import APITimeoutError, HITLError, RateLimitError, ServerError


def hanging(**settings: Any) -> ScriptedClient:
    """Return the client of a server that answers nothing, so that each attempt takes the time that it is given."""

    def hang(call: Any) -> Any:
        client.script.now += call.timeout
        return SILENT

    client = scripted(hang, **{"timeout": 30.0, **settings})
    return client


def timeouts(client: ScriptedClient) -> list[float]:
    return [call.timeout for call in client.calls]


@pytest.mark.parametrize(
    ("is_creation", "settings", "shares"),
    [
        pytest.param(False, {"max_retries": 1}, [20.0, 30 - 20 - 1], id="two thirds if others may follow"),
        pytest.param(False, {"max_retries": 0}, [30.0], id="all for the only attempt"),
        pytest.param(True, {}, [30.0], id="all for a creation that could not be repeated"),
        pytest.param(True, {"idempotency": "trust", "max_retries": 1}, [20.0, 9.0], id="shared if its key is known"),
        pytest.param(False, {"request_timeout": 5.0}, [5.0] * 4, id="less if one attempt is to have less"),
        pytest.param(False, {"max_retries": 0, "request_timeout": 300.0}, [30.0], id="never more than the call has"),
    ],
)
def test_the_time_of_a_call_is_shared_out_among_its_attempts(is_creation, settings, shares):
    client = hanging(**settings)
    with pytest.raises(APITimeoutError) as caught:
        client.create_review("template_123", {}) if is_creation else client.get_review("rev_1")
    assert timeouts(client) == pytest.approx(shares)
    assert caught.value.attempts == len(shares)


@pytest.mark.parametrize("max_retries", [0, 1, 2, 3, 10, 1000])
@pytest.mark.parametrize("timeout", [0.05, 1.0, 30.0])
def test_a_call_to_a_silent_server_ends_with_its_time(max_retries, timeout):
    client = hanging(max_retries=max_retries, timeout=timeout)
    with pytest.raises(APITimeoutError):
        client.get_review("rev_1")
    assert client.now - client.began <= timeout + 1e-9


@pytest.mark.parametrize("fault", [refused(503), BROKEN, UNREACHABLE])
def test_a_pause_that_would_end_after_the_deadline_is_not_begun(fault):
    client = scripted(fault, each_takes=0.5, timeout=3.0)
    with pytest.raises(HITLError, match="Another attempt would not fit into the call's timeout") as caught:
        client.get_review("rev_1")
    assert (client.sleeps, caught.value.attempts) == ([1.0], 2)


def test_a_retry_after_longer_than_the_time_left_is_raised_at_once():
    client = scripted(refused(429, retry_after="20"), timeout=15.0)
    with pytest.raises(RateLimitError) as caught:
        client.get_review("rev_1")
    assert (client.sleeps, caught.value.retry_after, caught.value.retryable) == ([], 20.0, True)


def test_time_that_a_clock_jumps_over_ends_the_call():
    with pytest.raises(ServerError) as caught:
        scripted(refused(503), each_takes=3600.0).get_review("rev_1")
    assert caught.value.attempts == 1


def test_one_attempt_of_a_wait_has_its_own_time_or_else_that_of_a_call():
    client = scripted(reviewed(), timeout=30.0)
    client.get_review("rev_1")
    read = client.calls[0]
    whole, short = (
        Exchange(Backoff(3, 1.0), clock=client.script.clock, timeout=30.0, request_timeout=t) for t in (None, 2)
    )
    for flow in (
        short.once(read._replace(timeout=90.0)),
        *(each.once(read._replace(timeout=None)) for each in (whole, short)),
    ):
        client.script.play(flow)
    assert timeouts(client)[1:] == [90.0, 30.0, 2.0]


def test_without_a_limit_an_attempt_is_timed_by_the_client():
    client, script = scripted(reviewed()), Script([reviewed()])
    client.get_review("rev_1")
    script.play(Exchange(Backoff(0, 1.0))(client.calls[0]._replace(timeout=None)))
    assert [call.timeout for call in script.calls] == [None]


FIELD = {"name": "approved", "type": "boolean"}
TEMPLATE = answer(200, {"success": True, "data": {"id": "tpl_1", "name": "T", "fields": [FIELD]}})


@pytest.mark.parametrize(
    ("answers", "use"),
    [
        ([answer(204, b""), reviewed("cancelled")], lambda client: client.cancel_review("rev_1")),
        ([TEMPLATE], lambda client: client.update_template("tpl_1", fields=[..., {**FIELD, "name": "again"}])),
    ],
    ids=["cancel and read", "read and change a template"],
)
def test_a_method_of_two_calls_has_one_timeout(answers, use):
    client = scripted(*answers, each_takes=4.0, timeout=10, max_retries=0)
    use(client)
    assert timeouts(client) == [10.0, 6.0]
