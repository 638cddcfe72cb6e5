"""Waits for runs of workflows, before a scripted server: a call is a hint where there is a request to read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from script import UNREACHABLE, answer, refused
from scripted import scripted

from hitl.exceptions import HITLError, RequestNotFoundError, UnexpectedResponseError, WaitTimeoutError
from hitl.models import Execution
from hitl.webhooks import ActionReceiver, MemoryCorrelations
from hitl.webhooks._correlations import correlation_name

ID = "65f1234567890abcdef12348"
SECRET = "correlation-1"


def told(status: str = "pending", **more: Any) -> Any:
    request = {
        "id": ID,
        "loop_id": "65f1234567890abcdef12345",
        "request_text": "Refund?",
        "response_type": "boolean",
        "default_response": False,
        "status": status,
        "created_at": "2027-01-15T08:00:00Z",
        **more,
    }
    return answer(200, {"error": False, "msg": "Request retrieved successfully", "data": {"request": request}})


def done() -> Any:
    return told("completed", response_data={"boolean": True}, response_at="2027-01-15T08:01:00Z")


def expecting() -> MemoryCorrelations:
    store = MemoryCorrelations()
    store.expect(correlation_name(SECRET))
    return store


def call(store: MemoryCorrelations, correlation: str = SECRET, **more: Any) -> int:
    return int(ActionReceiver(store).dispatch({}, json.dumps({"hitl": {"correlation": correlation}, **more})))


def run(store: MemoryCorrelations | None, request_id: str | None = ID) -> Execution:
    return Execution("exec_1", request_id, SECRET, store)


def test_a_call_alone_is_not_believed_where_there_is_a_request():
    store = expecting()
    assert call(store, answer="yes") == 200
    client = scripted(told())
    with pytest.raises(WaitTimeoutError, match=f"request {ID} is still pending after 600 s"):
        client.workflows.wait(run(store), timeout=600)


def test_a_call_has_the_request_read_at_once():
    store = expecting()
    pending = [told()] * 30
    calm = scripted(*pending, done())
    calm.workflows.wait(run(MemoryCorrelations()), timeout=3600)

    def called(_: Any) -> Any:
        call(store, n=1)
        return told()

    client = scripted(*pending[:-1], called, done())
    result = client.workflows.wait(run(store), timeout=3600)
    assert (result.request and result.request.answer, result.output) == (
        True,
        {"hitl": {"correlation": SECRET}, "n": 1},
    )
    assert client.sleeps[-1] <= 1.0  # instead of the ten seconds of a wait that has lasted
    assert len(client.sent) == len(calm.sent)


def test_the_call_may_follow_the_end_of_the_request_by_a_moment():
    client = scripted(done())
    result = client.workflows.wait(run(expecting()), timeout=3600)
    assert result.output is None
    assert client.now - client.began == 3.0


def test_no_moment_is_waited_beyond_the_timeout():
    client = scripted(done())
    assert client.workflows.wait(run(expecting()), timeout=2).output is None
    assert client.now - client.began == 2.0


def test_forged_and_late_calls_end_no_wait():
    store = expecting()
    assert call(store, "correlation-2") == 401
    client = scripted()
    with pytest.raises(
        WaitTimeoutError, match="the action node of execution exec_1 has not called after 60 s"
    ) as caught:
        client.workflows.wait(run(store, None), timeout=60)
    assert (caught.value.pending, caught.value.retryable) == (["exec_1"], True)
    assert (client.now - client.began, client.sent) == (60.0, [])


def test_a_call_that_has_come_ends_the_wait_at_once():
    store = expecting()
    call(store, answer="yes")
    client = scripted()
    result = client.workflows.wait(run(store, None), timeout=1)
    assert (result.request, result.output) == (None, {"hitl": {"correlation": SECRET}, "answer": "yes"})
    assert client.sleeps == []


def test_transient_faults_do_not_end_a_wait_and_others_do():
    client = scripted(UNREACHABLE, refused(503), told(), done())
    assert client.workflows.wait(run(None), timeout=3600).output is None
    missing = answer(404, {"error": True, "msg": "Request not found"})
    for store in (None, expecting()):
        with pytest.raises(RequestNotFoundError):
            scripted(missing).workflows.wait(run(store), timeout=3600)


def test_a_store_that_fails_is_not_hidden():
    class Broken(MemoryCorrelations):
        def received(self, name: str) -> str | None:
            raise HITLError("the store of correlations cannot use x.db")

    with pytest.raises(HITLError, match="cannot use x.db"):
        scripted(told()).workflows.wait(run(Broken()), timeout=3600)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"error": False, "data": {"execution_id": "e", "request_id": "r"}}, ("e", "r")),
        ({"error": False, "msg": "ok", "data": {"execution_id": "e", "request_id": None}}, ("e", None)),
        ({"error": False, "execution_id": "e", "request_id": "r"}, ("e", "r")),
        ({"error": False, "data": {"execution_id": "e"}, "request_id": "r"}, ("e", "r")),
        ({"error": False, "data": {"execution_id": "e", "request_id": ""}}, ("e", None)),
    ],
)
def test_a_run_is_read_wherever_the_server_names_it(document: Any, found: tuple[str, str | None]):
    execution = scripted(answer(202, document)).workflows.trigger("wf_1", {})
    assert (execution.id, execution.request_id) == found


def test_what_the_server_says_besides_is_kept():
    said = {"error": False, "data": {"execution_id": "e", "state": "running"}, "meta": {"x": 1}}
    assert scripted(answer(200, said)).workflows.trigger("wf_1", {}).extra == {"state": "running", "meta": {"x": 1}}


@pytest.mark.parametrize(
    "document", [{"error": False}, {"error": False, "data": {"execution_id": 7}}, {"error": False, "data": None}]
)
def test_an_answer_that_names_no_run_is_unexpected(document: Any):
    with pytest.raises(UnexpectedResponseError):
        scripted(answer(200, document)).workflows.trigger("wf_1", {})


def test_the_call_is_expected_before_the_trigger_is_sent():
    store = MemoryCorrelations()

    def at_once(call_: Any) -> Any:
        sent = json.loads(call_.request.body)["hitl"]["correlation"]
        assert call(store, sent) == 200
        return answer(201, {"error": False, "data": {"execution_id": "e"}})

    client = scripted(at_once)
    execution = client.workflows.trigger("wf_1", {}, correlation=store)
    assert client.workflows.wait(execution, timeout=1).output is not None
