"""The clients of the engine and their connections, over real sockets, with both drivers."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from email.utils import formatdate, parsedate_to_datetime
from importlib.metadata import requires
from typing import Any

import anyio
import pytest
from sockets import OK, answering, closing, serving, silent, url_of

from hitl._engine import AsyncClient, Client, Origin, Request, Response, TransportFailure
from hitl._engine import client as _client
from hitl._engine import connection as _connection
from hitl._engine.connection import DeadlineExceededError, IOSteps, NoConnectionError, Route, WaitFor, connect
from hitl._engine.drivers import drive, drive_async
from hitl._secret import Secret


def client_of(address: tuple[str, int], **options: Any) -> Client:
    host, port = address
    return Client(Origin("http://here", False, host, port, "here"), **options)


class UnwatchingLoop(asyncio.SelectorEventLoop):
    """Watches no sockets for others, as asyncio's loop on Windows."""

    def add_reader(self, *_: Any) -> Any:
        raise NotImplementedError

    def add_writer(self, *_: Any) -> Any:
        raise NotImplementedError


@pytest.fixture(params=["blocking", "asyncio", "asyncio that watches no sockets", "trio"])
def driver(request: pytest.FixtureRequest) -> Callable[[IOSteps[Any], float], Any]:
    if request.param == "blocking":
        return drive
    backend, _, is_unwatching = request.param.partition(" ")
    options = {"loop_factory": UnwatchingLoop} if is_unwatching else {}
    return lambda flow, deadline: anyio.run(drive_async, flow, deadline, backend=backend, backend_options=options)


GET = Request("GET", "/")


def test_a_socket_that_was_closed_meanwhile_is_left_to_its_next_use(driver: Any) -> None:
    def steps() -> IOSteps[str]:
        with socket.socket() as sock:
            pass
        ready = yield WaitFor((sock,))
        return "gone on" if list(ready) == [sock] else "waited in vain"

    assert driver(steps(), time.monotonic() + 10) == "gone on"


def fetch(client: Client, driver: Callable[..., Any] = drive, *, seconds: float = 10.0, fresh: bool = False) -> Any:
    deadline = time.monotonic() + seconds
    return driver(client.steps(GET, deadline, is_repeatable=True, fresh=fresh), deadline)


def holds_connections(client: Client) -> bool:
    return bool(client._pool._idle or client._pool._in_use)


class Recording:
    """Answers some requests of each connection, and keeps its first."""

    def __init__(self, response: bytes = OK, times: int = 1) -> None:
        self.response, self.times, self.requests = response, times, list[bytes]()

    def __call__(self, sock: socket.socket) -> None:
        self.requests.append(sock.recv(65536))
        sock.sendall(self.response)
        answering(self.response, self.times - 1)(sock)


def test_a_connection_is_used_by_one_exchange_after_another_whatever_drives_it(driver: Any) -> None:
    server = Recording(times=10)
    with serving(server) as address:
        client = client_of(address)
        for _ in range(3):
            answer = fetch(client, driver)
            assert isinstance(answer, Response)
            assert answer.content == b"{}"
        client.close()
    assert len(server.requests) == 1


def test_the_end_of_a_used_connection_is_told_apart_from_that_of_a_new_one() -> None:
    def once_and_gone(sock: socket.socket) -> None:
        answering(times=1)(sock)
        sock.recv(65536)

    broken = "the connection to http://here broke before an answer came"
    with serving(once_and_gone, closing) as address:
        client = client_of(address)
        fetch(client)
        assert fetch(client) == TransportFailure(broken, "maybe", "stale")
        assert fetch(client) == TransportFailure(broken, "maybe", "broken")


def test_silence_ends_with_the_deadline(driver: Any) -> None:
    with serving(silent) as address:
        client = client_of(address)
        assert fetch(client, driver, seconds=0.1) == TransportFailure(
            "http://here did not answer in time", "maybe", "timeout"
        )
        assert not holds_connections(client)


def test_a_flood_that_needs_no_waiting_ends_with_the_deadline_too() -> None:
    ours, theirs = socket.socketpair()

    class Endless:
        has_begun = True

        def feed(self, data: bytes) -> None:
            theirs.sendall(data)

    with ours, theirs:
        ours.settimeout(0)
        theirs.sendall(b"x")
        reader: Any = Endless()
        flow = _connection.exchange(ours, memoryview(b"GET"), reader, deadline=time.monotonic() - 1)
        with pytest.raises(DeadlineExceededError):
            drive(flow, time.monotonic() + 10)


def resolving(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    def getaddrinfo(host: str, port: int, *_: Any, **given: Any) -> Any:
        if given.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "not an address")
        if isinstance(found, Exception):
            raise found
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found(port)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("lacking", ["socket", "socketpair"])
def test_a_process_that_may_open_nothing_more_has_sent_nothing(
    driver: Any, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    used_up = OSError(errno.EMFILE, "Too many open files")
    flow = client_of(("127.0.0.1" if lacking == "socket" else "localhost", 80)).steps(GET, math.inf)

    def refuse(*_: Any, **__: Any) -> Any:
        raise used_up

    def begin() -> Generator[WaitFor, Any, Any]:
        with monkeypatch.context() as patched:  # not while an event loop opens what it needs itself
            patched.setattr(socket, lacking, refuse)
            failure = yield from flow
        return failure

    failure = driver(begin(), time.monotonic() + 10)
    assert (failure.sent, failure.kind) == ("no", "refused")
    assert "Too many open files" in failure.message


def test_where_no_thread_can_be_started_names_are_looked_up_all_the_same(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving(answering()) as address:
        resolving(monkeypatch, lambda _: [address])
        monkeypatch.setattr(threading.Thread, "start", refuse)
        client = client_of(("server.test", address[1]))
        assert fetch(client, driver).status_code == 200
        client.close()


def test_families_of_addresses_take_turns() -> None:
    four, six = int(socket.AF_INET), int(socket.AF_INET6)
    given = [(six, ("a",)), (six, ("b",)), (four, ("c",)), (six, ("d",))]
    assert [address for _, (address,) in _connection._alternating(given)] == ["a", "c", "b", "d"]


def test_a_name_without_addresses_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, lambda _: [])
    with pytest.raises(NoConnectionError, match="no address"):
        drive(connect(Route("server.test", 80, tls=None)), time.monotonic() + 10)


def test_a_proxy_is_shown_the_login_and_opens_the_way() -> None:
    seen: list[bytes] = []

    def proxy(sock: socket.socket) -> None:
        seen.append(sock.recv(65536))
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        seen.append(sock.recv(65536))

    with serving(proxy) as address:
        route = Route("server.test", 443, ssl.create_default_context, address, Secret("dXNlcjpwYXNz"))
        with pytest.raises(NoConnectionError, match="TLS failed"):
            drive(connect(route), time.monotonic() + 10)
    assert seen[0].startswith(b"CONNECT server.test:443 HTTP/1.1\r\nHost: server.test:443\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in seen[0]
    assert seen[1][:1] == b"\x16"  # the handshake begins inside the tunnel


def test_a_forked_child_leaves_the_connections_of_its_parent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering()) as address:
        client = client_of(address)
        fetch(client)
        (connection,) = client._pool._idle
        parent = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: parent + 1)
        assert not connection.is_idle_and_clean()
        connection.interrupt()
        monkeypatch.setattr(os, "getpid", lambda: parent)
        assert connection.is_idle_and_clean()
        client.close()


def test_a_pool_keeps_no_connection_that_is_too_old() -> None:
    with serving(answering()) as address:
        client = client_of(address)
        fetch(client)
        (first,) = client._pool._idle
        first.idle_since -= 100
        fetch(client)
        assert list(client._pool._idle) != [first]
        assert first.sock.fileno() == -1
        client.close()


def test_a_fresh_connection_is_used_where_one_is_asked_for() -> None:
    with serving(answering(times=1), answering()) as address:
        client = client_of(address)
        fetch(client)
        (first,) = client._pool._idle
        fetch(client, fresh=True)
        assert len(client._pool._idle) == 2
        assert first in client._pool._idle
        client.close()


def test_a_closed_pool_keeps_nothing_that_is_given_back() -> None:
    with serving(answering()) as address:
        client = client_of(address)
        client.close()
        fetch(client)
        assert not holds_connections(client)


def test_a_dropped_flow_closes_its_connection() -> None:
    with serving(silent) as address:
        client = client_of(address)
        flow = client.steps(GET, time.monotonic() + 10)
        wait = next(flow)
        while not wait.reading:
            drive(_just(wait), time.monotonic() + 10)
            wait = flow.send(wait.writing)
        flow.close()
        assert not holds_connections(client)
        assert wait.reading[0].fileno() == -1


def _just(wait: WaitFor) -> Iterator[Any]:
    return (yield wait)


# --- whole exchanges -------------------------------------------------------------------------------------------------

TOKEN = "a-bearer-token"
Send = Callable[..., list[Any]]


def send_blocking(url: str, *requests: Request, **options: Any) -> list[Any]:
    client = Client(Origin.parse(url), token=Secret(TOKEN), **options)
    try:
        return [client.send(each, time.monotonic() + 10) for each in requests or (GET,)]
    finally:
        client.close()


def send_awaiting(url: str, *requests: Request, **options: Any) -> list[Any]:
    async def send() -> list[Any]:
        client = AsyncClient(Origin.parse(url), token=Secret(TOKEN), **options)
        try:
            return [await client.send(each, time.monotonic() + 10) for each in requests or (GET,)]
        finally:
            await client.aclose()

    return anyio.run(send)


@pytest.fixture(params=["blocking", "asyncio"])
def send(request: pytest.FixtureRequest) -> Send:
    return send_blocking if request.param == "blocking" else send_awaiting


def test_a_request_on_the_wire_has_everything_and_nothing_else(send: Send) -> None:
    server = Recording()
    query = {"status": "created", "ids": ["a", "b c"], "deep": True, "none": None}
    with serving(server) as address:
        request = Request("POST", "/v1/reviews", query, {"Idempotency-Key": "k"}, b"{}")
        send(url_of(address) + "/base", request, headers={"User-Agent": "Own/1"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /base/v1/reviews?status=created&ids=a&ids=b%20c&deep=true&none= HTTP/1.1"
    assert sorted(lines) == [
        "Accept-Encoding: gzip",
        f"Authorization: Bearer {TOKEN}",
        "Content-Length: 2",
        f"Host: {address[0]}:{address[1]}",
        "Idempotency-Key: k",
        "User-Agent: Own/1",
    ]
    assert body == b"{}"


def test_headers_that_come_twice_are_joined(send: Send) -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}")) as address:
        (response,) = send(url_of(address))
    assert response.headers["x-a"] == "1, 2"


def test_a_response_with_a_date_in_retry_after_and_no_date_is_dated_now(send: Send) -> None:
    asking = b"HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"
    before = int(time.time())
    with serving(answering(asking % formatdate(before + 3600, usegmt=True).encode())) as address:
        (response,) = send(url_of(address))
    assert before <= parsedate_to_datetime(response.headers["date"]).timestamp() <= time.time()


def test_a_redirect_is_not_followed_and_a_cookie_not_kept(send: Send) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n"
    server = Recording(redirect)
    with serving(server) as address:
        responses = send(url_of(address), GET, GET)
    assert [response.status_code for response in responses] == [302, 302]
    assert b"ookie" not in server.requests[1]


def test_what_cannot_be_repeated_does_not_use_a_connection_that_may_be_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "LONGEST_IDLE_FOR_ONCE", 0.0)
    server = Recording(times=10)
    with serving(server) as address:
        client = client_of(address)
        for is_repeatable in (True, True, False):
            client.send(GET, time.monotonic() + 10, is_repeatable=is_repeatable)
        client.close()
    assert len(server.requests) == 2


def test_an_explicit_address_is_connected_to_and_the_name_stays_in_the_host_header() -> None:
    server = Recording()
    with serving(server) as (ip, port):
        client = Client(Origin("http://nowhere.test", False, "nowhere.test", port, "nowhere.test", ip=ip))
        result = client.send(GET, time.monotonic() + 10)
        client.close()
    assert isinstance(result, Response)
    assert b"\r\nHost: nowhere.test\r\n" in server.requests[0]


def test_an_excerpt_is_the_beginning_of_a_body_and_the_rest_is_not_read(send: Send) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with serving(answering(head + b"x" * 5000, times=1)) as address:
        (response,) = send(url_of(address), excerpt=100)
    assert (response.status_code, response.content) == (200, b"x" * 100)
    assert "larger" in response.fault


def test_a_limited_number_of_exchanges_are_under_way_at_once() -> None:
    async def second_of_two(url: str) -> Any:
        client = AsyncClient(Origin.parse(url), concurrency=1)
        async with anyio.create_task_group() as group:
            group.start_soon(client.send, GET, time.monotonic() + 10)
            await anyio.wait_all_tasks_blocked()
            result = await client.send(GET, time.monotonic() + 0.05)
            group.cancel_scope.cancel()
        client.close()
        return result

    with serving(silent) as address:
        failure = anyio.run(second_of_two, url_of(address))
    assert (failure.kind, failure.sent) == ("timeout", "no")
    assert "start fewer at once" in failure.message


def test_an_interrupted_exchange_shows_no_token_in_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    with serving(answering()) as address:
        monkeypatch.setattr("hitl._engine.http1.ResponseParser.feed", interrupt)
        client = client_of(address, token=Secret(TOKEN))
        with pytest.raises(KeyboardInterrupt) as caught:
            client.send(GET, time.monotonic() + 10)
        monkeypatch.undo()
        shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert "request = <memory at" in shown
        assert TOKEN not in shown
        client.close()


def test_the_parser_and_the_authorities_come_with_httpx() -> None:
    def needs(package: str) -> set[str]:
        return {
            line.split(";")[0].split("=")[0].split(">")[0].split("<")[0].strip() for line in requires(package) or []
        }

    assert "httpcore" in needs("httpx")
    assert "h11" in needs("httpcore")
    assert "certifi" in needs("httpx")
