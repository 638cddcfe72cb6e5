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
from hitl.cli.receiver import ReceivedDelivery, Receiver, forwarding
from hitl.webhooks import construct_event, signature_headers

SECRET = "whsec_c2VjcmV0"
BODY = json.dumps({"event": "review.completed", "review": {"id": "rev_1"}}).encode()


def signed() -> dict[str, str]:
    return signature_headers(BODY, SECRET, webhook_id="dlv_1")


@contextmanager
def receiving(handler: str | None, on_delivery: Callable[[ReceivedDelivery], None]) -> Iterator[Receiver]:
    with forwarding(handler) as forward, Receiver(0, SECRET, forward, on_delivery) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


def test_a_delivery_with_a_valid_signature_is_reported_and_answered_with_200() -> None:
    deliveries: list[ReceivedDelivery] = []
    with receiving(None, deliveries.append) as receiver:
        answer = httpx.post(receiver.url, content=BODY, headers=signed())
    assert answer.status_code == 200
    (delivery,) = deliveries
    assert delivery.event is not None
    assert (delivery.event.event, delivery.subject_id, delivery.delivery_id) == ("review.completed", "rev_1", "dlv_1")


def test_a_delivery_with_an_invalid_signature_is_refused_and_not_forwarded(httpserver: HTTPServer) -> None:
    deliveries: list[ReceivedDelivery] = []
    with receiving(httpserver.url_for("/"), deliveries.append) as receiver:
        answer = httpx.post(receiver.url, content=BODY + b" ", headers=signed())
    assert answer.status_code == 401
    assert [(delivery.event, delivery.subject_id) for delivery in deliveries] == [(None, "")]
    assert "signature_mismatch" in (deliveries[0].error or "")
    assert httpserver.log == []


@pytest.mark.parametrize("status", [204, 400, 503, 307])
def test_the_sender_gets_the_status_of_the_handler(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/webhook").respond_with_data(status=status)
    deliveries: list[ReceivedDelivery] = []
    with receiving(httpserver.url_for("/webhook"), deliveries.append) as receiver:
        assert httpx.post(receiver.url, content=BODY, headers=signed()).status_code == status
    request, _ = httpserver.log[0]
    assert construct_event(request.headers, request.get_data(), SECRET).review_id == "rev_1"
    assert request.headers["webhook-id"] == "dlv_1"
    assert request.headers["Host"] == f"localhost:{httpserver.port}"
    assert [delivery.forwarded for delivery in deliveries] == [status]


def test_an_unreachable_handler_is_reported_to_both_sides(httpserver: HTTPServer) -> None:
    deliveries: list[ReceivedDelivery] = []
    with Receiver(0, SECRET, lambda *_: (200, None), deliveries.append) as closed:
        nobody = closed.url
    with receiving(nobody, deliveries.append) as receiver:
        assert httpx.post(receiver.url, content=BODY, headers=signed()).status_code == 502
    assert [delivery.forwarded for delivery in deliveries] == [None]
    assert f"cannot connect to {nobody}" in (deliveries[0].error or "")


def test_a_body_without_a_length_or_too_large_is_not_read() -> None:
    deliveries: list[ReceivedDelivery] = []
    with receiving(None, deliveries.append) as receiver:
        assert httpx.post(receiver.url, content=iter([BODY]), headers=signed()).status_code == 411
        with closing(HTTPConnection("127.0.0.1", receiver.server_port)) as connection:
            connection.request("POST", "/", headers={**signed(), "Content-Length": str(10**9)})
            assert connection.getresponse().status == 413
    assert deliveries == []


def test_a_port_in_use_and_an_invalid_url_are_errors() -> None:
    with (
        Receiver(0, SECRET, lambda *_: (None, None), lambda _: None) as receiver,
        pytest.raises(CommandError, match="choose another with --port"),
    ):
        Receiver(receiver.server_port, SECRET, lambda *_: (None, None), lambda _: None)
    for url in ("ftp://127.0.0.1/", "localhost:8000", "http://", "/webhook"):
        with pytest.raises(CommandError, match="is not an? "), forwarding(url):
            pass
