from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
import time

import httpx
import pytest
from starlette.types import Message, Receive

from hitl.server.http.api_guard import new_api_key
from hitl.server.http.listeners import Listener
from hitl.server.http.requests import MAX_BODY
from hitl.server.http.server import BackgroundServer
from hitl.server.primitives.errors import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.storage.changes import ChangeNotifier


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", ""])
def test_only_this_machine_is_listened_on(host: str) -> None:
    with pytest.raises(SetupError, match="this machine only"):
        Listener(host)


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    first = Listener()
    with pytest.raises(SetupError, match=rf"{first.port} \(Address already in use\); stop what uses it"):
        Listener(port=first.port)
    first.close()


def test_a_port_that_is_no_port_is_refused() -> None:
    with pytest.raises(SetupError, match="from 0 to 65535"):
        Listener(port=70_000)


def test_a_listener_knows_its_url_before_anything_runs() -> None:
    listener = Listener("localhost")
    assert listener.url == f"http://localhost:{listener.port}"
    listener.close()


def test_answers_are_not_held_back_for_an_acknowledgement() -> None:
    listener = Listener()
    with socket.create_connection(("127.0.0.1", listener.port)):
        connection, _ = listener.socket.accept()
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()
    listener.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets() -> None:
    with ReviewServer(host="::1") as site:
        assert site.url.startswith("http://[::1]:")
        background = BackgroundServer(site.server())
        background.start()
        assert httpx.get(f"{site.url}/healthz").json() == {"status": "ok"}
        background.stop()


@pytest.mark.parametrize("key", ["", "two words", "café", "a\nb"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(SetupError, match="visible ASCII"):
        ReviewServer(api_keys=[key])


def test_a_fresh_key_has_the_form_of_the_vendors_test_keys() -> None:
    key = new_api_key()
    assert key.startswith("hitl_test_")
    assert len(key) == len("hitl_test_") + 48


def test_a_site_that_cannot_be_set_up_gives_its_port_back() -> None:
    listener = Listener()
    listener.close()
    with pytest.raises(SetupError):
        ReviewServer(port=listener.port, templates=[{"id": "mine"}])
    Listener(port=listener.port).close()


def test_a_server_with_nothing_in_flight_stops_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted_sleep(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(seconds)

    with ReviewServer() as site, httpx.Client() as http:
        background = BackgroundServer(site.server())
        background.start()
        assert http.get(site.url).is_redirect  # and its connection stays open
        monkeypatch.setattr(asyncio, "sleep", noted_sleep)
        background.stop()
    assert not any(pauses)


def test_the_second_signal_does_not_wait_for_requests_in_flight() -> None:
    with ReviewServer() as site:
        server = site.server()
        server._stop_on(signal.SIGINT, None)
        assert (server.should_exit, server.force_exit) == (True, False)
        server._stop_on(signal.SIGINT, None)
        assert server.force_exit


async def post(receive: Receive) -> list[Message]:
    """Send a body piece by piece, and return what the application sends back."""
    server = ReviewServer(api_keys=["hitl_test_key"])
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "localhost", "authorization": "Bearer hitl_test_key", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/reviews",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await server.app(scope, receive, send)
    server.close()
    return sent


@pytest.mark.anyio
async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 2**20
        return {"type": "http.request", "body": bytes(2**20), "more_body": True}

    start, _ = await post(receive)
    assert start["status"] == 413
    assert received < 5 * MAX_BODY


@pytest.mark.anyio
async def test_a_client_that_goes_away_in_the_middle_is_not_answered() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    assert await post(receive) == []


async def call(server: ReviewServer, path: str) -> httpx.Response:
    app = server.app
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await http.get(path, headers={"Authorization": "Bearer hitl_test_key"})


@pytest.mark.anyio
async def test_what_nobody_foresaw_is_logged_and_answered_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    server = ReviewServer(api_keys=["hitl_test_key"])
    server.close()
    with caplog.at_level(logging.ERROR, "hitl.server"):
        answer = await call(server, "/v1/reviews")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "database" not in answer.text
    request_id = answer.headers["X-Request-Id"]
    assert request_id in answer.text
    assert request_id in caplog.text
    assert "closed database" in caplog.text
    assert "hitl_test_key" not in caplog.text


@pytest.mark.anyio
async def test_a_change_wakes_only_those_who_watch_that_review() -> None:
    changes = ChangeNotifier()
    with changes.watch("rev_1") as watch, changes.watch("rev_2") as other:
        thread = threading.Thread(target=changes.publish, args=(["rev_1"],))
        thread.start()
        thread.join()
        begun = time.monotonic()
        await watch.change(50)
        assert time.monotonic() - begun < 20
        await other.change(0.01)  # nothing happens; the time is up


def test_a_listening_site_can_be_called_before_its_server_runs() -> None:
    with ReviewServer() as site, socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2]))):
        pass
