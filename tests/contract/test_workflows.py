"""Workflows, through both clients: started, answered, and waited for."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from both_clients import Clock, Connect
from requests_fit import Recorder

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, InvalidRequestError, NotFoundError, RequestCancelledError
from hitl.models import Execution
from hitl.testing import Sandbox
from hitl.webhooks import ActionReceiver, CorrelationStore, MemoryCorrelations


@pytest.fixture
def correlations() -> MemoryCorrelations:
    return MemoryCorrelations()


@pytest.fixture
def action_url(correlations: CorrelationStore) -> Iterator[str]:
    """Run a program with the receiver."""
    receiver = ActionReceiver(correlations)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.dispatch(self.headers, body))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/action"
        server.shutdown()
        thread.join()


@pytest.fixture
def sandbox(clock: Clock, action_url: str) -> Iterator[Sandbox]:
    workflows = {"refund": action_url, "quiet": None, "unfinished": "draft"}
    with Sandbox(clock=clock, rate_limit=(1_000_000, 60.0), workflows=workflows) as sandbox:
        yield sandbox


def answer(sandbox: Sandbox, execution: Execution, yes: bool = True) -> None:
    assert execution.request_id is not None
    sandbox.reviewer.respond(execution.request_id, yes, "ann@example.com")


def test_a_run_ends_with_what_a_person_said_and_what_the_action_node_sent(
    client: HITLClient, sandbox: Sandbox, correlations: MemoryCorrelations
) -> None:
    execution = client.workflows.trigger("refund", {"amount": 129, "hitl": {"x": 1}}, correlation=correlations)
    assert execution.id.startswith("exec_")
    answer(sandbox, execution)
    result = client.workflows.wait(execution, timeout=60)
    assert result.request is not None
    assert (result.request.answer, result.request.by, result.request.verdict) == (True, "ann@example.com", "approved")
    assert result.output is not None
    assert result.output["trigger"] == {"amount": 129}
    assert result.output["execution_id"] == execution.id


def test_a_run_whose_request_nobody_named_ends_with_the_call(
    client: HITLClient, sandbox: Sandbox, correlations: MemoryCorrelations, recorder: Recorder
) -> None:
    execution = client.workflows.trigger_webhook("refund", {}, correlation=correlations)
    answer(sandbox, execution, yes=False)
    asked = len(recorder.exchanges)
    unnamed = Execution(execution.id, None, execution.correlation, correlations)
    result = client.workflows.wait(unnamed, timeout=60)
    assert result.request is None
    assert result.output is not None
    assert result.output["response_data"]["boolean"] is False
    assert len(recorder.exchanges) == asked  # no request was spent


def test_without_a_store_the_request_is_waited_for(client: HITLClient, sandbox: Sandbox) -> None:
    execution = client.workflows.trigger("quiet", {"amount": 129})
    assert (execution.correlation, execution.correlations) == (None, None)
    answer(sandbox, execution)
    result = client.workflows.wait(execution)
    assert (result.output, result.request and result.request.answer) == (None, True)


def test_the_default_counts_when_nobody_answers(client: HITLClient, sandbox: Sandbox, clock: Clock) -> None:
    execution = client.workflows.trigger("quiet", {"timeout_seconds": 60})
    clock.advance(seconds=61)
    request = client.workflows.wait(execution, timeout=60).request
    assert request is not None
    assert (request.answer, request.timed_out, request.verdict) == (False, True, "expired")


def test_a_cancelled_run_has_no_result(client: HITLClient, correlations: MemoryCorrelations) -> None:
    execution = client.workflows.trigger("refund", {}, correlation=correlations)
    assert execution.request_id is not None
    client.requests.cancel(execution.request_id)
    with pytest.raises(RequestCancelledError):
        client.workflows.wait(execution, timeout=60)


def test_the_payload_arrives_as_it_was_with_the_correlation_beside_it(
    client: HITLClient, sandbox: Sandbox, recorder: Recorder, correlations: MemoryCorrelations
) -> None:
    import json

    payload = {"a": [1, {"b": None}], "hitl": {"mine": 1}}
    execution = client.workflows.trigger("refund", payload, correlation=correlations)
    assert payload == {"a": [1, {"b": None}], "hitl": {"mine": 1}}
    sent = json.loads(recorder.exchanges[-1].request.content)
    assert sent == {"a": [1, {"b": None}], "hitl": {"mine": 1, "correlation": execution.correlation}}
    assert execution.correlation is not None
    assert len(execution.correlation) == 43
    assert execution.correlation not in repr(execution)


def test_a_program_that_runs_again_finds_its_run_and_what_came(
    connect: Connect, sandbox: Sandbox, correlations: MemoryCorrelations
) -> None:
    def start() -> Execution:
        client = connect(sandbox)
        with client.idempotency_scope("order-7"):
            return client.workflows.trigger("refund", {"amount": 129}, correlation=correlations)

    first = start()
    answer(sandbox, first)
    assert connect(sandbox).workflows.wait(first, timeout=60).output is not None
    again = start()
    assert (again.id, again.correlation) == (first.id, first.correlation)
    assert connect(sandbox).workflows.wait(again, timeout=60).output is not None


def test_a_trigger_that_is_repeated_with_its_key_starts_once(
    client: HITLClient, correlations: MemoryCorrelations
) -> None:
    first, second = (
        client.workflows.trigger("refund", {"a": 1}, correlation=correlations, idempotency_key="order-7")
        for _ in range(2)
    )
    assert first == second
    other = client.workflows.trigger("refund", {"a": 1}, correlation=correlations)
    assert other.correlation != first.correlation


def test_what_is_not_there_and_a_draft_are_refused(client: HITLClient) -> None:
    for trigger in (client.workflows.trigger, client.workflows.trigger_webhook):
        with pytest.raises(NotFoundError, match="Workflow not found"):
            trigger("nothing", {})
        with pytest.raises(InvalidRequestError, match="not active"):
            trigger("unfinished", {})


def test_arguments_are_checked_before_anything_is_sent() -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    store = MemoryCorrelations()
    run = Execution("exec_1")
    bad: Any = "x"
    for act, words in (
        (lambda: client.workflows.trigger("a/b", {}), "must be an id"),
        (lambda: client.workflows.trigger("a", bad), "payload must be a dict"),
        (lambda: client.workflows.trigger("a", {"x": object()}), r"payload\['x'\] is of type object"),
        (lambda: client.workflows.trigger("a", {}, idempotency_key="a b"), "idempotency_key must be"),
        (lambda: client.workflows.trigger("a", {}, correlation=bad), "correlation must be a store"),
        (lambda: client.workflows.trigger("a", {"hitl": 1}, correlation=store), "hitl.correlation is where"),
        (
            lambda: client.workflows.trigger("a", {"hitl": {"correlation": 1}}, correlation=store),
            "name what stands there otherwise",
        ),
        (lambda: client.workflows.wait(bad), "execution must be what trigger returned"),
        (lambda: client.workflows.wait(run), "the server named no request; give trigger a correlation"),
        (lambda: client.workflows.wait(Execution("e", "r"), timeout=-1), "timeout"),
        (lambda: client.workflows.wait(Execution("e", "a/b")), "must be an id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            act()
