from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import httpx
import pytest
from pytest_httpserver import HTTPServer

from hitl.cli.failures import CommandError
from hitl.cli.forwarding import Forwarder
from hitl.cli.receiver import Arrival, Receiver
from hitl.webhooks import construct_event, signature_headers

SECRET = "whsec_c2VjcmV0"
BODY = json.dumps({"event": "review.completed", "review": {"id": "rev_1"}}).encode()


def signed() -> dict[str, str]:
    return signature_headers(BODY, SECRET, webhook_id="dlv_1")


@contextmanager
def receiving(forwarder: Forwarder, tell: Callable[[Arrival], None]) -> Iterator[Receiver]:
    with forwarder, Receiver(0, SECRET, forwarder.forward, tell) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


def test_a_genuine_delivery_is_told_and_thanked_for() -> None:
    arrivals: list[Arrival] = []
    with receiving(Forwarder(None), arrivals.append) as receiver:
        answer = httpx.post(receiver.url, content=BODY, headers=signed())
    assert answer.status_code == 200
    (arrival,) = arrivals
    assert arrival.event is not None
    assert (arrival.event.event, arrival.subject_id, arrival.delivery_id) == ("review.completed", "rev_1", "dlv_1")


def test_a_forged_delivery_is_refused_and_not_forwarded(httpserver: HTTPServer) -> None:
    arrivals: list[Arrival] = []
    with receiving(Forwarder(httpserver.url_for("/")), arrivals.append) as receiver:
        answer = httpx.post(receiver.url, content=BODY + b" ", headers=signed())
    assert answer.status_code == 401
    assert [(arrival.event, arrival.subject_id) for arrival in arrivals] == [(None, "")]
    assert "signature_mismatch" in (arrivals[0].trouble or "")
    assert httpserver.log == []


@pytest.mark.parametrize("status", [204, 400, 503, 307])
def test_what_the_handler_answers_is_what_the_server_is_answered(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/webhook").respond_with_data(status=status)
    arrivals: list[Arrival] = []
    with receiving(Forwarder(httpserver.url_for("/webhook")), arrivals.append) as receiver:
        assert httpx.post(receiver.url, content=BODY, headers=signed()).status_code == status
    request, _ = httpserver.log[0]
    assert construct_event(request.headers, request.get_data(), SECRET).review_id == "rev_1"
    assert request.headers["webhook-id"] == "dlv_1"
    assert request.headers["Host"] == f"localhost:{httpserver.port}"
    assert [arrival.forwarded for arrival in arrivals] == [status]


def test_a_handler_that_is_not_there_is_told_to_both_sides(httpserver: HTTPServer) -> None:
    arrivals: list[Arrival] = []
    with Receiver(0, SECRET, lambda *_: (200, None), arrivals.append) as closed:
        nobody = closed.url
    with receiving(Forwarder(nobody), arrivals.append) as receiver:
        assert httpx.post(receiver.url, content=BODY, headers=signed()).status_code == 502
    assert [arrival.forwarded for arrival in arrivals] == [None]
    assert f"{nobody} cannot be reached" in (arrivals[0].trouble or "")


def test_a_body_without_length_or_of_too_much_is_not_read() -> None:
    arrivals: list[Arrival] = []
    with receiving(Forwarder(None), arrivals.append) as receiver:
        assert httpx.post(receiver.url, content=iter([BODY]), headers=signed()).status_code == 411
        with closing(HTTPConnection("127.0.0.1", receiver.server_port)) as connection:
            connection.request("POST", "/", headers={**signed(), "Content-Length": str(10**9)})
            assert connection.getresponse().status == 413
    assert arrivals == []


def test_a_taken_port_and_a_bad_address_are_told() -> None:
    with (
        Receiver(0, SECRET, lambda *_: (None, None), lambda _: None) as receiver,
        pytest.raises(CommandError, match="choose another with --port"),
    ):
        Receiver(receiver.server_port, SECRET, lambda *_: (None, None), lambda _: None)
    for url in ("ftp://127.0.0.1/", "localhost:8000", "http://", "/webhook"):
        with pytest.raises(CommandError, match="is no"):
            Forwarder(url)
