"""The way to a server: names, addresses, certificates, proxies; each in time, each told as what it is."""

from __future__ import annotations

import base64
import datetime
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest
import trustme
from cases import ASKED, ATTEMPTS, GRACE, KEY, Connect, prepare

from hitl import HITLClient
from hitl._engine import Client, Origin, Request
from hitl._secret import Secret
from hitl.exceptions import APIConnectionError, APITimeoutError, HITLError, TLSError
from hitl.testing import HostileServer, hostile

TOTAL = 0.6
Resolve = Callable[..., list[Any]]
Failure = TypeVar("Failure", bound=HITLError)


def in_time(call: Callable[[], object], kind: type[Failure]) -> Failure:
    """Make a call that must end in time, with an error of this class; a busy machine may make it late, but not always."""
    for _ in range(ATTEMPTS):
        started = time.monotonic()
        with pytest.raises(kind) as caught:
            call()
        took = time.monotonic() - started
        if took <= TOTAL + GRACE:
            return caught.value
    raise AssertionError(f"it took {took:.2f} s")


@pytest.fixture
def connect(connect: Connect) -> Connect:
    return lambda url, **more: connect(**{"base_url": url, "timeout": TOTAL, "retry_delay": 0.01, **more})


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port of all of this machine's loopback addresses that neither accepts nor refuses: its queue is full."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("0.0.0.0", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Callable[[Resolve], None]:
    """Put a function in the place of the resolver, for the one name that the tests use."""
    real = socket.getaddrinfo

    def install(resolve: Resolve) -> None:
        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if host not in ("review.test", b"review.test"):
                return real(host, *args, **kwargs)
            if (kwargs.get("flags") or 0) & socket.AI_NUMERICHOST:
                raise socket.gaierror(socket.EAI_NONAME, "no number")
            return resolve()

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return install


def address(host: str, port: int) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))


def test_a_dead_address_ends_in_time(connect: Connect, dead_port: int) -> None:
    with connect(f"http://127.0.0.1:{dead_port}") as client:
        error = in_time(lambda: client.create_review(**ASKED), APITimeoutError)
    assert (error.sent, error.outcome_unknown) == ("no", False)


def test_many_dead_addresses_end_in_time(connect: Connect, dead_port: int, resolves: Callable[[Resolve], None]) -> None:
    resolves(lambda: [address(f"127.0.0.{number}", dead_port) for number in range(1, 9)])
    with connect(f"http://review.test:{dead_port}") as client:
        assert in_time(lambda: client.get_review("rev_1"), APITimeoutError).sent == "no"


def test_a_living_address_behind_dead_ones_is_found(
    connect: Connect, dead_port: int, resolves: Callable[[Resolve], None]
) -> None:
    with HostileServer() as server, connect(f"http://review.test:{server.port}", timeout=5) as client:
        prepare(server)
        resolves(lambda: [address("127.0.0.9", dead_port), address("127.0.0.8", 1), address("127.0.0.1", server.port)])
        assert client.get_review("rev_1").id == "rev_1"


def test_a_resolver_that_sleeps_ends_in_time_and_holds_up_nothing(
    connect: Connect, resolves: Callable[[Resolve], None]
) -> None:
    awake = threading.Event()
    resolves(lambda: [address("127.0.0.1", 1)] if awake.wait(30) else [])
    try:
        with connect("http://review.test:9") as client:
            assert in_time(lambda: client.get_review("rev_1"), APITimeoutError).sent == "no"
    finally:
        awake.set()


def test_an_unknown_name_is_told_at_once(connect: Connect, resolves: Callable[[Resolve], None]) -> None:
    def unknown() -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolves(unknown)
    with connect("http://review.test:9") as client, pytest.raises(APIConnectionError) as caught:
        client.get_review("rev_1")
    assert (caught.value.attempts, caught.value.sent, caught.value.retryable) == (1, "no", False)


def test_a_resolver_that_is_out_of_order_for_a_moment_is_asked_again(
    connect: Connect, resolves: Callable[[Resolve], None]
) -> None:
    with HostileServer() as server, connect(f"http://review.test:{server.port}", timeout=5) as client:
        prepare(server)
        answers = iter([None, [address("127.0.0.1", server.port)]])

        def resolve() -> list[Any]:
            found = next(answers)
            if found is None:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return found

        resolves(resolve)
        assert client.get_review("rev_1").id == "rev_1"


@pytest.mark.parametrize("host", ["a" * 70 + ".test", "a..b", "x" * 300])
def test_a_name_that_cannot_be_one_is_an_error_of_ours(connect: Connect, host: str) -> None:
    with pytest.raises(HITLError), connect(f"http://{host}:9", timeout=3, max_retries=0) as client:
        client.get_review("rev_1")


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


@pytest.mark.parametrize(
    "issue",
    [
        pytest.param(lambda authority: trustme.CA().issue_cert("127.0.0.1"), id="of an unknown authority"),
        pytest.param(lambda authority: authority.issue_cert("other.test"), id="for another host"),
        pytest.param(lambda authority: authority.issue_cert("127.0.0.1", not_after=YESTERDAY), id="expired"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused_once_and_for_all(
    connect: Connect, authority: trustme.CA, issue: Callable[[trustme.CA], trustme.LeafCert], trusted: None
) -> None:
    with HostileServer(tls=context_of(issue(authority))) as server, connect(server.url, timeout=5) as client:
        for act in (lambda: client.create_review(**ASKED), lambda: client.wait_for_review("rev_1", timeout=3)):
            with pytest.raises(TLSError) as caught:
                act()
            assert (caught.value.attempts, caught.value.sent, caught.value.retryable) == (1, "no", False)
            assert not caught.value.outcome_unknown
        assert server.requests == []


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Let this process trust the authority, as SSL_CERT_FILE does."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


FAULTS = {
    "nothing": hostile.Fault("none"),
    "a reset": hostile.reset(handles=True),
    "a cut": hostile.close(200),
    "a cut without a length": hostile.until_close() | hostile.close(200),
    "silence": hostile.silence(100),
    "a second answer": hostile.surplus(b"HTTP/1.1 200 OK\r\n"),
    "a hang-up": hostile.hang_up(),
    "broken gzip": hostile.gzip(crc="wrong"),
    "chunks": hostile.chunked(),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_is_true_over_tls(connect: Connect, authority: trustme.CA, trusted: None, name: str) -> None:
    with HostileServer(tls=context_of(authority.issue_cert("127.0.0.1"))) as server:
        with connect(server.url, timeout=1.5) as client:
            client.create_review(**ASKED)
            server.next(FAULTS[name])
            assert client.get_review("rev_1").id == "rev_1"
            assert client.create_review(**ASKED).id == "rev_2"
        assert len(server.reviews) == 2


def test_a_handshake_that_never_ends_ends_in_time(connect: Connect) -> None:
    with HostileServer() as server, connect(server.url.replace("http:", "https:")) as client:
        server.next(hostile.silence(), hostile.silence(hears=5), times=math.inf)
        error = in_time(lambda: client.create_review(**ASKED), APIConnectionError)
        assert (error.sent, error.outcome_unknown) == ("no", False)


def test_a_server_that_talks_tls_is_told_from_one_that_does_not(connect: Connect, authority: trustme.CA) -> None:
    with HostileServer(tls=context_of(authority.issue_cert("127.0.0.1"))) as server:
        with connect(server.url.replace("https:", "http:")) as client:
            in_time(lambda: client.get_review("rev_1"), APIConnectionError)
        assert server.requests == []


# --- proxies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_of_the_environment_is_no_way_to_this_machine(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with HostileServer() as proxy, HostileServer() as server:
        prepare(server)
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with connect(f"http://{host}:{server.port}") as client:
            assert client.get_review("rev_1").id == "rev_1"
        assert proxy.connections == 0


def test_a_proxy_that_is_dead_ends_in_time(connect: Connect, monkeypatch: pytest.MonkeyPatch, dead_port: int) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{KEY}@127.0.0.1:{dead_port}")
    with connect("https://review.test") as client:
        error = in_time(lambda: client.get_review("rev_1"), APITimeoutError)
    assert KEY not in str(error)


@pytest.mark.parametrize("fault", [hostile.answer(407), hostile.reset(), hostile.raw(b"garbage"), hostile.silence()])
def test_a_proxy_that_refuses_the_tunnel_is_told(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, fault: hostile.Fault
) -> None:
    with HostileServer() as proxy:
        proxy.next(fault, times=math.inf)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with connect("https://review.test") as client:
            error = in_time(lambda: client.create_review(**ASKED), APIConnectionError)
        assert (error.sent, error.outcome_unknown) == ("no", False)
        assert all(request.method == "CONNECT" for request in proxy.requests)
        assert not any(KEY.encode() in request.raw for request in proxy.requests)


LOGIN = f"Proxy-Authorization: Basic {base64.b64encode(b'us er:p@ss:word').decode()}".encode()


def test_a_proxy_that_passes_requests_on_is_shown_the_login_and_wants_another_one(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://us%20er:p%40ss:word@"))
        proxy.next(hostile.answer(407), times=math.inf)
        with connect("http://review.test") as client:
            error = in_time(lambda: client.create_review(**ASKED), APIConnectionError)
        (request,) = proxy.requests  # another attempt would be answered no differently
        assert LOGIN in request.raw
        assert request.raw.startswith(b"POST http://review.test/")
    assert (error.sent, error.outcome_unknown) == ("no", False)
    assert "the proxy answered 407" in str(error)
    assert "p@ss" not in str(error)
    assert "p%40ss" not in str(error)


def test_a_server_is_not_shown_the_login_of_the_proxy_inside_of_the_tunnel() -> None:
    proxy = Secret("http://user:pass@127.0.0.1:1")
    engine = Client(Origin.parse("https://review.test"), proxy=proxy)
    assert b"proxy-authorization" not in bytes(engine.codec.encode(Request("GET", "/"))).lower()
    assert engine._is_forwarded is False


def test_a_client_is_told_which_server_it_could_not_reach(dead_port: int) -> None:
    named = pytest.raises(APITimeoutError, match=f"127.0.0.1:{dead_port}")
    with HITLClient(KEY, base_url=f"http://127.0.0.1:{dead_port}", timeout=0.2, max_retries=0) as client, named:
        client.get_review("rev_1")
