from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from hitl import HITLClient
from hitl.exceptions import APIConnectionError, APITimeoutError, ConflictError, RateLimitError, ServerError
from hitl.server.http.faults import Faults, FaultyApi
from hitl.server.storage.changes import ChangeNotifier
from hitl.testing import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client(max_retries=0)


def test_the_next_requests_are_answered_with_an_error_and_do_nothing(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.faults.next(status=503, times=2)
    for _ in range(2):
        with pytest.raises(ServerError) as caught:
            client.create_review("template_123", {})
        assert (caught.value.status_code, caught.value.code) == (503, "service_unavailable")
    assert sandbox.reviewer.pending() == []
    assert client.create_review("template_123", {}).id == "rev_1"


def test_a_client_that_tries_again_gets_over_it(sandbox: Sandbox) -> None:
    client = sandbox.client(retry_delay=0.001)
    client.create_review("template_123", {})  # which tells the client that keys are honoured here
    sandbox.faults.next(times=2)
    sandbox.faults.drop_connection(after_handling=True)
    review = client.create_review("template_123", {})
    assert [each.id for each in sandbox.reviewer.pending()] == ["rev_1", review.id]
    assert sandbox.faults.unmet() == []


@pytest.mark.parametrize(
    ("status", "code"), [(400, "validation_error"), (418, "i'm_a_teapot"), (500, "internal_error"), (599, "status_599")]
)
def test_every_error_comes_in_the_envelope_with_the_usual_headers(
    sandbox: Sandbox, http: httpx.Client, status: int, code: str
) -> None:
    sandbox.faults.next(status)
    answer = http.get("/v1/reviews")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["X-Request-Id"] == answer.json()["meta"]["request_id"]
    assert "X-RateLimit-Remaining" in answer.headers
    assert "Retry-After" not in answer.headers


def test_the_word_and_the_time_to_wait_can_be_chosen(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.faults.next(409, code="review_locked", retry_after="1.5s")
    with pytest.raises(ConflictError) as caught:
        client.get_review("rev_1")
    assert (caught.value.code, caught.value.retry_after) == ("review_locked", 2.0)


def test_a_rate_limit_is_met_without_spending_it(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.faults.rate_limited(retry_after="1m")
    with pytest.raises(RateLimitError) as caught:
        client.list_reviews()[:1]
    assert (caught.value.code, caught.value.retry_after) == ("rate_limit_exceeded", 60.0)


def test_a_dropped_connection_ends_without_a_single_byte(sandbox: Sandbox) -> None:
    sandbox.faults.drop_connection()
    address = urlsplit(sandbox.base_url)
    request = f"GET /v1/reviews HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {sandbox.api_key}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(request.encode())
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_a_connection_can_be_dropped_before_or_after_the_work_was_done(sandbox: Sandbox, client: HITLClient) -> None:
    sandbox.faults.drop_connection(method="post")
    sandbox.faults.drop_connection(after_handling=True, path="/v1/reviews")
    for expected in (0, 1):
        with pytest.raises(APIConnectionError):
            client.create_review("template_123", {})
        assert len(sandbox.reviewer.pending()) == expected


def test_other_connections_stay_when_one_is_dropped(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.get("/v1/reviews").status_code == 200
    sandbox.faults.drop_connection()
    with pytest.raises(APIConnectionError), sandbox.client(max_retries=0) as other:
        other.get_review("rev_1")
    assert http.get("/v1/reviews").status_code == 200


@pytest.mark.anyio
async def test_what_is_asked_is_done_late_even_if_the_client_has_gone_by_then() -> None:
    faults = Faults(ChangeNotifier())
    faults.delay("0.001s")
    parts = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.request", "body": b"}"}]
    messages: Iterator[Message] = iter([*parts, {"type": "http.disconnect"}])
    received: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive() for _ in range(3)])

    async def send(message: Message) -> None:
        raise AssertionError("nothing is to be sent")

    await FaultyApi(app, faults=faults)({"type": "http", "method": "POST", "path": "/v1/reviews"}, receive, send)
    assert received == [*parts, {"type": "http.disconnect"}]


def test_a_long_delay_does_not_keep_the_sandbox_from_closing() -> None:
    with Sandbox() as sandbox, sandbox.client(max_retries=0, timeout=0.05) as client:
        sandbox.faults.delay("1w")
        with pytest.raises(APITimeoutError):
            client.get_review("rev_1")


def test_faults_concern_the_requests_that_they_name_and_the_first_comes_first(
    sandbox: Sandbox, http: httpx.Client
) -> None:
    sandbox.faults.next(500, path="/v1/templates/*", method="GET")
    sandbox.faults.next(501, path="/v1/reviews")
    sandbox.faults.next(502)
    assert http.get("/v1/reviews").status_code == 501
    assert http.get("/v1/templates").status_code == 502
    assert http.delete("/v1/templates/template_123").status_code == 200
    assert http.get("/v1/templates/data_qa").status_code == 500
    assert http.get("/v1/templates/data_qa").status_code == 200


def test_neither_the_inbox_nor_a_wrong_key_meets_a_fault(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.faults.next()
    assert http.get("/inbox").status_code != 503
    assert http.get("/healthz").status_code == 200
    assert http.get("/v1/reviews", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert sandbox.faults.unmet() == ["status 503 (any request), 1 more time"]


def test_what_is_planned_is_told_and_can_be_forgotten() -> None:
    faults = Faults(ChangeNotifier())
    faults.next(status=500, times=2, path="/v1/reviews", method="post")
    faults.drop_connection()
    faults.delay("3s")
    assert faults.unmet() == [
        "status 500 (POST /v1/reviews), 2 more times",
        "a dropped connection (any request), 1 more time",
        "a delay of 3s (any request), 1 more time",
    ]
    faults.clear()
    assert faults.unmet() == []
    assert faults.take("GET", "/v1/reviews") is None


@pytest.mark.parametrize("settings", [{"status": 200}, {"status": 600}, {"times": 0}, {"retry_after": "soon"}])
def test_a_fault_that_cannot_happen_is_refused_where_it_is_planned(settings: dict[str, int]) -> None:
    faults = Faults(ChangeNotifier())
    with pytest.raises(ValueError, match=r"status|at least once|length of time"):
        faults.next(**settings)
    assert faults.unmet() == []
