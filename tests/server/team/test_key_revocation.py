"""A revoked key ends what is held open for it, at a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from team_server import MakeServer

from hitl.server.http.open_exchanges import EndedError, OpenExchanges
from hitl.server.http.server import BackgroundServer
from hitl.server.review_server import ReviewServer

STREAMS = 100


@pytest.fixture
def running(make_server: MakeServer) -> Iterator[ReviewServer]:
    server = make_server()
    background = BackgroundServer(server.server())
    background.start()
    yield server
    background.stop()


def until(true: Callable[[], bool]) -> None:
    """Wait for what other threads do; the time limit only ends a test that has failed."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def client(server: ReviewServer, text: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {text}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60)


def read_stream(server: ReviewServer, text: str) -> str:
    with client(server, text) as http, http.stream("GET", "/v1/events") as stream:
        return "".join(stream.iter_text())


def test_a_hundred_streams_end_with_their_key_and_others_go_on(running: ReviewServer) -> None:
    key, text = running.keys.create("mine", owner=None)
    other, other_text = running.keys.create("other", owner=None)
    with ThreadPoolExecutor(STREAMS + 1) as pool:
        streams = [pool.submit(read_stream, running, text) for _ in range(STREAMS)]
        going_on = pool.submit(read_stream, running, other_text)
        until(lambda: running.exchanges.count(key.id) == STREAMS and running.exchanges.count(other.id) == 1)
        began = time.monotonic()
        running.keys.revoke(key.id)
        read = [each.result(30) for each in streams]
        took = time.monotonic() - began
        assert running.exchanges.count(key.id) == 0
        assert not going_on.done()
        running.keys.revoke(other.id)
        going_on.result(30)
    assert all(each.endswith("event: signed-out\ndata: {}\n\n") for each in read)
    assert took < 10  # at the next heartbeat, it would be 15 seconds
    with client(running, text) as http:
        assert http.get("/v1/reviews").status_code == 401


def test_a_long_poll_is_refused_at_once(running: ReviewServer) -> None:
    key, text = running.keys.create("mine", owner=None)
    with client(running, text) as http, ThreadPoolExecutor(3) as pool:
        made = http.post("/v1/reviews", json={"template_id": "tpl_ok", "content": {"text": "hi"}}).json()["data"]
        wait = {"Prefer": "wait=60"}
        polls = [
            pool.submit(http.get, f"/v1/reviews/{made['id']}", headers=wait),
            pool.submit(http.get, "/v1/reviews?changes_after=1000", headers=wait),
        ]
        until(lambda: running.exchanges.count(key.id) == len(polls))
        running.keys.revoke(key.id)
        answers = [each.result(30) for each in polls]
    assert [each.status_code for each in answers] == [401, 401]
    assert {each.json()["error"]["code"] for each in answers} == {"unauthorized"}


def test_a_stream_ends_when_its_key_expires(running: ReviewServer) -> None:
    # The clock of the server stands still, so that the stream begins in time.
    _, text = running.keys.create("mine", owner=None, expires=timedelta(seconds=0.2))
    assert read_stream(running, text) == ": the stream begins\n\nevent: signed-out\ndata: {}\n\n"


def test_a_stream_tells_a_key_of_its_own_reviews_only(running: ReviewServer) -> None:
    key, text = running.keys.create("mine", owner=None)
    admin, admin_text = running.keys.create("admin", owner=None, scopes=["admin"])
    with client(running, admin_text) as http, client(running, text) as other:
        for asking in (http, other):
            asking.post("/v1/reviews", json={"template_id": "tpl_ok", "content": {"text": "hi"}}).raise_for_status()

    def read_all(text: str) -> str:
        with client(running, text) as http, http.stream("GET", "/v1/events?after=0") as stream:
            return "".join(stream.iter_text())

    with ThreadPoolExecutor(2) as pool:
        streams = [pool.submit(read_all, each) for each in (text, admin_text)]
        until(lambda: running.exchanges.count(key.id) + running.exchanges.count(admin.id) == 2)
        last = running.reviews.create_review({"template_id": "tpl_ok", "content": {}}).document["id"]
        running.reviews.cancel_review(last)
        running.keys.revoke(key.id)
        running.keys.revoke(admin.id)
        mine, all_of_them = (each.result(30) for each in streams)
    assert mine.count("event: review.created") == 1
    assert '"rev_2"' in mine
    assert "rev_1" not in mine
    assert "rev_1" in all_of_them


def test_what_begins_after_the_revocation_is_refused(running: ReviewServer) -> None:
    async def begin() -> None:
        exchanges = OpenExchanges()
        exchanges.end("key_1")

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError

        with pytest.raises(EndedError):
            await exchanges.run("key_1", app, {}, app, app)

    anyio.run(begin)
