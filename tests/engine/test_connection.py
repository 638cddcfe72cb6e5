"""Connections and their pool, over real sockets on this machine, with both drivers."""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import pytest

from hitl._engine import TransportFailure, drive, drive_async
from hitl._engine import connection as _connection
from hitl._engine.connection import (
    DeadlineExceededError,
    IOSteps,
    Route,
    UnknownHostError,
    UnreachableError,
    WaitFor,
    connect,
)
from hitl._engine.http1 import RawResponse, request_head
from hitl._engine.pool import Pool
from hitl._secret import Secret

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REQUEST = memoryview(request_head("GET", "/", "Host: here\r\n", (), None))

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(*each: Serve) -> Generator[tuple[str, int], None, None]:
    """Answer one connection after another with one function each; the last one serves all that follow."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def run() -> None:
        for turn in range(1000):
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with sock, suppress(ConnectionError):
                sock.settimeout(10)
                each[min(turn, len(each) - 1)](sock)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def answering(answer: bytes = ANSWER, times: int = 1000) -> Serve:
    def serve(sock: socket.socket) -> None:
        for _ in range(times):
            if not sock.recv(65536):
                return
            sock.sendall(answer)

    return serve


def silent(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def closing(sock: socket.socket) -> None:
    sock.recv(65536)


def pool_of(address: tuple[str, int]) -> Pool:
    return Pool(Route(*address, tls=None), "http://here")


def drive_on_asyncio(flow: IOSteps[Any], deadline: float) -> Any:
    return anyio.run(drive_async, flow, deadline)


def drive_on_trio(flow: IOSteps[Any], deadline: float) -> Any:
    return anyio.run(drive_async, flow, deadline, backend="trio")


@pytest.fixture(params=[drive, drive_on_asyncio, drive_on_trio], ids=["blocking", "asyncio", "trio"])
def driver(request: pytest.FixtureRequest) -> Callable[[IOSteps[Any], float], Any]:
    found: Callable[[IOSteps[Any], float], Any] = request.param
    return found


def fetch(pool: Pool, driver: Callable[..., Any] = drive, *, seconds: float = 10.0, fresh: bool = False) -> Any:
    deadline = time.monotonic() + seconds
    return driver(pool.fetch("GET", REQUEST, deadline, fresh=fresh), deadline)


def test_a_connection_is_used_by_one_exchange_after_another_whatever_drives_it(driver: Any) -> None:
    connections: list[int] = []

    def serve(sock: socket.socket) -> None:
        connections.append(sock.fileno())
        answering()(sock)

    with serving(serve) as address:
        pool = pool_of(address)
        for _ in range(3):
            answer = fetch(pool, driver)
            assert isinstance(answer, RawResponse)
            assert answer.body == b"{}"
        pool.close()
    assert len(connections) == 1


def test_bytes_that_nobody_asked_for_end_a_connection(driver: Any) -> None:
    with serving(answering(ANSWER + ANSWER.replace(b"{}", b"[]")), answering()) as address:
        pool = pool_of(address)
        assert [fetch(pool, driver).body for _ in range(3)] == [b"{}"] * 3
        pool.close()


def test_bytes_that_come_while_a_connection_is_idle_end_it() -> None:
    came = threading.Event()

    def late(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(ANSWER)
        sock.sendall(ANSWER.replace(b"{}", b"[]"))
        came.set()
        silent(sock)

    with serving(late, answering()) as address:
        pool = pool_of(address)
        fetch(pool)
        assert came.wait(10)
        assert fetch(pool).body == b"{}"
        pool.close()


def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(driver: Any) -> None:
    with serving(answering(times=1)) as address:
        pool = pool_of(address)
        for _ in range(3):
            assert fetch(pool, driver).status_code == 200
            (kept,) = pool._idle
            assert select.select([kept.sock], [], [], 10)[0]  # the end of it has arrived
        pool.close()


def test_the_end_of_a_used_connection_is_told_apart_from_that_of_a_new_one() -> None:
    def once_and_gone(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(ANSWER)
        sock.recv(65536)

    with serving(once_and_gone, closing) as address:
        pool = pool_of(address)
        fetch(pool)
        assert fetch(pool) == TransportFailure(
            "the connection to http://here broke before an answer came", "maybe", "stale"
        )
        assert fetch(pool) == TransportFailure(
            "the connection to http://here broke before an answer came", "maybe", "broken"
        )


def test_silence_ends_with_the_deadline(driver: Any) -> None:
    with serving(silent) as address:
        pool = pool_of(address)
        assert fetch(pool, driver, seconds=0.1) == TransportFailure(
            "http://here did not answer in time", "maybe", "timeout"
        )
        assert not pool.holds_connections


def test_an_answer_that_never_ends_ends_with_the_deadline(driver: Any) -> None:
    def dripping(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(ANSWER[:-1])
        silent(sock)

    with serving(dripping) as address:
        failure = fetch(pool_of(address), driver, seconds=0.1)
    assert (failure.sent, failure.kind) == ("yes", "timeout")


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
        flow = _connection.exchange(ours, REQUEST, reader, deadline=time.monotonic() - 1)
        with pytest.raises(DeadlineExceededError):
            drive(flow, time.monotonic() + 10)


def test_a_refusal_that_comes_before_the_whole_request_was_read_is_the_answer(driver: Any) -> None:
    answered = threading.Event()

    def refuse(sock: socket.socket) -> None:
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        answered.wait(10)

    with serving(refuse) as address:
        pool = pool_of(address)
        deadline = time.monotonic() + 10
        body = request_head("POST", "/", "", (), 20_000_000) + b"x" * 20_000_000
        answer = driver(pool.fetch("POST", memoryview(body), deadline, fresh=False), deadline)
        answered.set()
        assert (answer.status_code, answer.may_reuse) == (413, False)
        assert not pool.holds_connections


def test_nobody_listening_is_told_as_such(driver: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    failure = fetch(pool_of(address), driver)
    assert (failure.sent, failure.kind) == ("no", "refused")
    assert "Connection refused" in failure.message


def resolving(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    def getaddrinfo(host: str, port: int, *_: Any, **given: Any) -> Any:
        if given.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "not an address")
        if isinstance(found, Exception):
            raise found
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found(port)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "unknown_host"),
        (UnicodeError("label too long"), "unknown_host"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "refused"),
    ],
)
def test_a_name_that_cannot_be_looked_up_is_told_as_such(
    driver: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    resolving(monkeypatch, error)
    failure = fetch(pool_of(("server.test", 80)), driver)
    assert (failure.sent, failure.kind) == ("no", kind)


def test_a_resolver_that_does_not_answer_keeps_nobody_beyond_the_deadline(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def stuck(port: int) -> list[Any]:
        go_on.wait(10)
        return []

    resolving(monkeypatch, stuck)
    failure = fetch(pool_of(("server.test", 80)), driver, seconds=0.1)
    go_on.set()
    assert (failure.sent, failure.kind) == ("no", "timeout")


def test_a_dead_address_does_not_hold_up_the_one_after_it(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connection, "STAGGER", 0.01)
    full = socket.create_server(("127.0.0.1", 0), backlog=0)  # accepts nobody: what fills its queue hangs
    filling = [socket.socket() for _ in range(4)]
    for each in filling:
        each.setblocking(False)
        each.connect_ex(full.getsockname())
    with serving(answering()) as address:
        resolving(monkeypatch, lambda _: [full.getsockname(), ("127.0.0.1", 1), address])
        pool = pool_of(("server.test", address[1]))
        assert fetch(pool, driver).status_code == 200
        pool.close()
    for each in [full, *filling]:
        each.close()


@pytest.mark.parametrize("lacking", ["socket", "socketpair"])
def test_a_process_that_may_open_nothing_more_has_sent_nothing(
    driver: Any, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    used_up = OSError(errno.EMFILE, "Too many open files")
    flow = pool_of(("127.0.0.1" if lacking == "socket" else "localhost", 80)).fetch(
        "GET", REQUEST, math.inf, fresh=False
    )

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
        pool = pool_of(("server.test", address[1]))
        assert fetch(pool, driver).status_code == 200
        pool.close()


def test_families_of_addresses_take_turns() -> None:
    four, six = int(socket.AF_INET), int(socket.AF_INET6)
    given = [(six, ("a",)), (six, ("b",)), (four, ("c",)), (six, ("d",))]
    assert [address for _, (address,) in _connection._alternating(given)] == ["a", "c", "b", "d"]


def test_a_name_without_addresses_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, lambda _: [])
    with pytest.raises(UnreachableError, match="no address"):
        drive(connect(Route("server.test", 80, tls=None)), time.monotonic() + 10)


def test_an_unknown_name_raises_from_the_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, socket.gaierror(socket.EAI_NONAME, "unknown"))
    with pytest.raises(UnknownHostError):
        drive(connect(Route("server.test", 80, tls=None)), time.monotonic() + 10)


def test_a_proxy_is_shown_the_login_and_opens_the_way() -> None:
    seen: list[bytes] = []

    def proxy(sock: socket.socket) -> None:
        seen.append(sock.recv(65536))
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        seen.append(sock.recv(65536))

    with serving(proxy) as address:
        route = Route("server.test", 443, ssl.create_default_context, address, Secret("dXNlcjpwYXNz"))
        with pytest.raises(UnreachableError, match="TLS failed"):
            drive(connect(route), time.monotonic() + 10)
    assert seen[0].startswith(b"CONNECT server.test:443 HTTP/1.1\r\nHost: server.test:443\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in seen[0]
    assert seen[1][:1] == b"\x16"  # the handshake begins inside the tunnel


@pytest.mark.parametrize(
    ("answer", "told"), [(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "answered 407"), (b"", "broke off")]
)
def test_a_proxy_that_refuses_is_told_as_such(answer: bytes, told: str) -> None:
    with serving(answering(answer, times=1)) as address:
        route = Route("server.test", 443, ssl.create_default_context, address)
        with pytest.raises(UnreachableError, match=told):
            drive(connect(route), time.monotonic() + 10)


def test_an_interrupted_exchange_comes_back_as_broken() -> None:
    begun = threading.Event()

    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        begun.set()
        silent(sock)

    with serving(serve) as address:
        pool = pool_of(address)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(fetch(pool)))
        thread.start()
        assert begun.wait(10)
        pool.interrupt({threading.get_ident()})  # not this one
        assert thread.is_alive()
        pool.interrupt({thread.ident})
        thread.join(10)
    assert [each.kind for each in results] == ["broken"]


def test_a_forked_child_leaves_the_connections_of_its_parent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering()) as address:
        pool = pool_of(address)
        fetch(pool)
        (connection,) = pool._idle
        parent = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: parent + 1)
        assert not connection.is_quiet()
        connection.interrupt()
        monkeypatch.setattr(os, "getpid", lambda: parent)
        assert connection.is_quiet()
        pool.close()


def test_a_pool_keeps_no_connection_that_is_too_old() -> None:
    with serving(answering()) as address:
        pool = pool_of(address)
        fetch(pool)
        (first,) = pool._idle
        first.idle_since -= 100
        fetch(pool)
        assert list(pool._idle) != [first]
        assert first.sock.fileno() == -1
        pool.close()


def test_a_fresh_connection_is_used_where_one_is_asked_for() -> None:
    with serving(answering(times=1), answering()) as address:
        pool = pool_of(address)
        fetch(pool)
        (first,) = pool._idle
        fetch(pool, fresh=True)
        assert len(pool._idle) == 2
        assert first in pool._idle
        pool.close()


def test_a_closed_pool_keeps_nothing_that_is_given_back() -> None:
    with serving(answering()) as address:
        pool = pool_of(address)
        pool.close()
        fetch(pool)
        assert not pool.holds_connections


def test_a_dropped_flow_closes_its_connection() -> None:
    with serving(silent) as address:
        pool = pool_of(address)
        flow = pool.fetch("GET", REQUEST, time.monotonic() + 10, fresh=False)
        wait = next(flow)
        while not wait.reading:
            drive(_just(wait), time.monotonic() + 10)
            wait = flow.send(wait.writing)
        flow.close()
        assert not pool.holds_connections
        assert wait.reading[0].fileno() == -1


def _just(wait: WaitFor) -> Iterator[Any]:
    return (yield wait)
