"""How much at a time, from where, and how often."""

from __future__ import annotations

import asyncio
import http.client
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from hitl.server.http import connections, server
from hitl.server.http.host_check import HostGuard
from hitl.server.http.listeners import Listener
from hitl.server.http.long_poll import Limits, LongPollSlots, limits_of_process
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, NO_RATE_LIMIT, RateLimit, rate_limit
from hitl.server.http.requests import MAX_BODY, MAX_DEPTH, MAX_WAIT
from hitl.server.http.server import BackgroundServer
from hitl.server.inbox.sessions import SESSION_DAYS
from hitl.server.primitives.errors import ApiError, SetupError
from hitl.server.review_server import ReviewServer

KEY = {"Authorization": "Bearer hitl_test_key"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-security.md"


@contextmanager
def site(limits: Limits) -> Iterator[ReviewServer]:
    with ReviewServer(api_keys=["hitl_test_key"], limits=limits) as site:
        background = BackgroundServer(site.server())
        background.start()
        try:
            yield site
        finally:
            background.stop()


# Connections


@pytest.fixture(params=["h11", "httptools"], autouse=True)
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the protocol with or without the extra `sandbox-speed`."""
    fast = request.param == "httptools"
    monkeypatch.setattr(connections, "IS_FAST", fast)
    monkeypatch.setattr(server, "limited", partial(connections.limited, fast=fast))


HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = (
    b"POST /v1/reviews HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer hitl_test_key\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize(
    ("begin", "repeated"),
    [
        (b"GET /", b"x" * 1000),
        (HEAD + b"X-Name: ", b"x" * 1000),
        (HEAD, b"X-Name: 1\r\n" * 100),
        (CHUNKED + b"1;", b"x" * 1000),
        (CHUNKED + b"1\r\n{\r\n0\r\n", b"X-Name: 1\r\n" * 100),
        (CHUNKED + b"1\r\n{\r\n0\r\nX-Name: ", b"x" * 1000),
    ],
)
def test_what_never_ends_is_not_kept(begin: bytes, repeated: bytes) -> None:
    with site(Limits()) as running:
        port = httpx.URL(running.url).port
        hostile = socket.create_connection(("127.0.0.1", port or 0), timeout=60)
        with hostile, suppress(BrokenPipeError, ConnectionResetError):
            hostile.sendall(begin)
            for _ in range(1_000_000 // len(repeated)):
                hostile.sendall(repeated)
            while hostile.recv(65536):
                continue
        assert httpx.get(f"{running.url}/healthz").status_code == 200


def test_the_longest_head_that_is_sensible_is_read() -> None:
    with site(Limits()) as running:
        headers = {f"X-Name-{number}": "x" * 4_000 for number in range(10)}
        assert httpx.get(f"{running.url}/healthz", headers=headers).status_code == 200


@pytest.mark.anyio
async def test_what_is_written_in_one_turn_is_sent_at_once_and_before_the_end() -> None:
    sent: list[bytes] = []

    class Transport(asyncio.Transport):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            sent.append(bytes(data))

        def close(self) -> None:
            sent.append(b"closed")

    joined = connections._JoinedWrites(Transport(), asyncio.get_running_loop())
    joined.write(b"head ")
    joined.write(b"body")
    assert sent == []
    await asyncio.sleep(0)
    joined.write(b"more")
    joined.close()
    await asyncio.sleep(0)
    assert sent == [b"head body", b"more", b"closed"]


def test_one_connection_too_many_is_refused_and_there_is_room_again_when_one_closes() -> None:
    with site(Limits(connections=2)) as running, httpx.Client(base_url=running.url) as third:
        with httpx.Client(base_url=running.url) as first, httpx.Client(base_url=running.url) as second:
            assert [first.get("/healthz").status_code, second.get("/healthz").status_code] == [200, 200]
            refused = third.get("/healthz")
            assert refused.status_code == 503
            assert (refused.headers["Retry-After"], refused.headers["Connection"]) == ("1", "close")
            assert "as many connections as it takes" in refused.text
            assert first.get("/healthz").status_code == 200
        # That a connection is closed is noticed in the server's own time.
        while third.get("/healthz").status_code == 503:
            continue


def test_a_connection_that_says_nothing_is_closed() -> None:
    with site(Limits(head_seconds=0.05)) as running:
        port = httpx.URL(running.url).port
        with socket.create_connection(("127.0.0.1", port or 0), timeout=60) as silent:
            silent.sendall(b"GET /healthz HTTP/1.1\r\n")  # and never the end of it
            assert silent.recv(1) == b""


def test_a_connection_too_many_that_says_nothing_is_closed_long_before() -> None:
    with site(Limits(connections=0, head_seconds=3600.0)) as running:
        port = httpx.URL(running.url).port
        with socket.create_connection(("127.0.0.1", port or 0), timeout=60) as silent:
            assert silent.recv(1) == b""


def test_a_connection_that_has_asked_once_may_be_silent() -> None:
    with site(Limits(head_seconds=1.0)) as running:
        address = httpx.URL(running.url)
        busy = http.client.HTTPConnection(address.host, address.port)
        for _ in range(2):
            busy.request("GET", "/healthz")
            assert busy.getresponse().read() == b'{"status":"ok"}'
            with socket.create_connection((address.host, address.port or 0), timeout=60) as silent:
                assert silent.recv(1) == b""  # so the time is up for the older one, too
        busy.close()


# Waiting


def test_places_are_given_back() -> None:
    places = LongPollSlots(1)
    for _ in range(2):
        with places.take():
            assert places.is_full
            with pytest.raises(ApiError, match="1 requests wait here already") as caught, places.take():
                pass
            assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})
        assert not places.is_full


def test_when_all_places_are_taken_reads_are_answered_at_once_and_streams_refused() -> None:
    with site(Limits(held=0)) as running, httpx.Client(base_url=running.url, headers=KEY) as client:
        review = {"template_id": "template_123", "content": {}}
        review_id = client.post("/v1/reviews", json=review).json()["data"]["id"]
        read = client.get(f"/v1/reviews/{review_id}", headers={"Prefer": "wait=50"})
        assert read.status_code == 200
        assert "Preference-Applied" not in read.headers
        refused = client.get("/v1/events")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json()["error"]["code"] == "service_unavailable"


# Rate limits


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1/second", RateLimit(1, 1.0)),
        ("1000/minute", DEFAULT_RATE_LIMIT),
        ("100/hour", RateLimit(100, 3600.0)),
        ("5/day", RateLimit(5, 86_400.0)),
        ("none", NO_RATE_LIMIT),
    ],
)
def test_a_rate_limit_is_a_number_per_unit_of_time(text: str, limit: RateLimit) -> None:
    assert rate_limit(text) == limit


@pytest.mark.parametrize("text", ["", "100", "0/hour", "-1/hour", "1/week", "1 / hour", "٣/hour", "1e3/hour", "None"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SetupError, match="such as 100/hour"):
        rate_limit(text)


# Names and interfaces


def test_other_machines_are_let_in_only_when_that_is_allowed() -> None:
    with pytest.raises(SetupError, match="--allow-remote"):
        Listener("0.0.0.0")
    listener = Listener("0.0.0.0", allow_remote=True)
    assert listener.url == f"http://127.0.0.1:{listener.port}"
    listener.close()
    with pytest.raises(SetupError):
        Listener("", allow_remote=True)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_every_interface_of_ipv6_is_called_by_loopback() -> None:
    listener = Listener("::", allow_remote=True)
    assert listener.url == f"http://[::1]:{listener.port}"
    listener.close()


async def status(guard: ASGIApp, host: str) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://localhost") as client:
        return (await client.get("/", headers={"Host": host})).status_code


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.7:4010", 200),
        ("[2001:db8::7]:4010", 200),
        ("localhost", 200),
        ("Reviews.Example:4010", 200),
        ("evil.example", 400),
        ("192.0.2.7.evil.example", 400),
        ("", 400),
    ],
)
async def test_open_to_others_it_answers_to_addresses_and_to_names_it_was_given(host: str, expected: int) -> None:
    guard = HostGuard(PlainTextResponse("ok"), host="0.0.0.0", names=["reviews.example"])
    assert await status(guard, host) == expected


@pytest.mark.anyio
async def test_open_to_others_it_answers_to_the_name_of_its_machine() -> None:
    guard = HostGuard(PlainTextResponse("ok"), host="0.0.0.0")
    assert await status(guard, socket.gethostname()) == 200


@pytest.mark.anyio
async def test_on_loopback_an_address_of_this_machine_is_a_strange_name() -> None:
    assert await status(HostGuard(PlainTextResponse("ok"), host="127.0.0.1"), "192.0.2.7") == 400


# What is written about it


def test_the_documented_limits_are_the_real_ones() -> None:
    text = DOCUMENT.read_text()
    limits = Limits()
    for told in (
        f"{MAX_BODY // 2**20} MiB",
        f"{MAX_DEPTH} levels",
        f"{limits.connections} connections",
        f"{limits.held} waiting",
        f"{limits.head_seconds:g} s",
        f"{MAX_WAIT} s",
        f"{SESSION_DAYS} days",
        f"{DEFAULT_RATE_LIMIT.requests} requests",
    ):
        assert told in text, told


def test_a_server_for_a_team_takes_what_fits_into_the_files_that_it_may_open() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_100, before[1]))
        assert (limits_of_process().connections, limits_of_process().held) == (900, 800)
        resource.setrlimit(resource.RLIMIT_NOFILE, (220, before[1]))
        assert limits_of_process().connections == 50
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
