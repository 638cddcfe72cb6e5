"""Exchanges through the user's httpx objects: what becomes of what they do."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from sockets import answering, serving, silent, url_of

from hitl._engine import AsyncHttpxTransport, Client, HttpxTransport, Origin, Request, TransportFailure
from hitl._engine import httpx_adapter as _adapter
from hitl._secret import Secret

TOKEN = "a-bearer-token"
GET = Request("GET", "/v1/reviews/rev_1")
Send = Callable[..., list[Any]]


def through(kind: Any, transport: Any = None, http_client: Any = None, url: str = "http://here.test") -> Any:
    headers = {"User-Agent": "Own/1"}
    return kind(Origin.parse(url), transport, http_client, headers=headers, token=Secret(TOKEN))


def send_blocking(*requests: Request, seconds: float = 10, **options: Any) -> list[Any]:
    sender = through(HttpxTransport, **options)
    try:
        return [sender.send(each, time.monotonic() + seconds) for each in requests or (GET,)]
    finally:
        sender.close()


def send_awaiting(*requests: Request, seconds: float = 10, **options: Any) -> list[Any]:
    async def send() -> list[Any]:
        sender = through(AsyncHttpxTransport, **options)
        try:
            return [await sender.send(each, time.monotonic() + seconds) for each in requests or (GET,)]
        finally:
            await sender.aclose()

    return anyio.run(send)


@pytest.fixture(params=["blocking", "asyncio"])
def send(request: pytest.FixtureRequest) -> Send:
    return send_blocking if request.param == "blocking" else send_awaiting


class Recording(httpx.MockTransport):
    """Answers requests and keeps them."""

    def __init__(self, status_code: int = 200, **headers: str) -> None:
        super().__init__(self.answer)
        self.status_code, self.headers, self.requests = status_code, headers, list[httpx.Request]()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status_code, headers=self.headers)


def test_an_answer_made_up_in_memory_is_taken_as_it_is(send: Send) -> None:
    body = gzip.compress(b"{}")
    injected = httpx.MockTransport(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=body))
    (answer,) = send(transport=injected)
    assert (answer.status_code, answer.content, answer.fault) == (200, b"{}", None)


def test_what_is_sent_is_the_same_as_over_own_connections(send: Send) -> None:
    server = Recording()
    send(Request("GET", "/v1/reviews/rev_1", {"a": "b c"}), transport=server)
    (request,) = server.requests
    assert str(request.url) == "http://here.test/v1/reviews/rev_1?a=b%20c"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (request.headers["User-Agent"], request.headers["Accept-Encoding"]) == ("Own/1", "gzip")


def test_a_stream_is_read_within_the_bound(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_adapter, "LARGEST_BODY", 10)
    streaming = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Parts(b"a" * 6)))
    (answer,) = send(transport=streaming)
    assert "larger" in answer.fault


def test_a_damaged_stream_is_an_answer_with_a_fault(send: Send) -> None:
    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Parts(b"no gzip"))
    (found,) = send(transport=httpx.MockTransport(lambda _: response))
    assert (found.fault, found.is_framed) == ("its gzip encoding is damaged", False)


def test_a_stream_that_never_ends_ends_with_the_deadline(send: Send) -> None:
    endless = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Parts(b"a", times=1_000_000)))
    (failure,) = send(seconds=0.1, transport=endless)
    assert (failure.kind, failure.sent) == ("timeout", "yes")


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (httpx.ConnectError("no"), "refused", "no"),
        (httpx.ConnectTimeout("no"), "timeout", "no"),
        (httpx.ReadTimeout("no"), "timeout", "maybe"),
        (httpx.ReadError("no"), "broken", "maybe"),
        (httpx.RemoteProtocolError("no"), "broken", "maybe"),
        (ssl.SSLCertVerificationError("no"), "tls", "no"),
        (socket.gaierror(socket.EAI_NONAME, "no"), "unknown_host", "no"),
        (socket.gaierror(socket.EAI_AGAIN, "no"), "refused", "no"),
        *((error("no"), "broken", "maybe") for error in (UnicodeError, ValueError, OSError, httpx.InvalidURL)),
    ],
)
def test_what_httpx_raises_becomes_data(send: Send, error: Exception, kind: str, sent: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        if isinstance(error, ssl.SSLError | socket.gaierror):
            raise httpx.ConnectError("no") from error
        raise error

    (failure,) = send(transport=httpx.MockTransport(fail))
    assert isinstance(failure, TransportFailure)
    assert (failure.kind, failure.sent) == (kind, sent)


def test_a_client_of_the_users_is_used_as_it_is_but_follows_nothing(send: Send) -> None:
    server = Recording(302, Location="http://elsewhere.test/")
    kind: Any = httpx.Client if send is send_blocking else httpx.AsyncClient
    theirs = kind(transport=server, headers={"X-Theirs": "1"}, auth=("user", "word"), follow_redirects=True)
    answers = send(GET, http_client=theirs)
    assert [each.status_code for each in answers] == [302]
    assert server.requests[0].headers["X-Theirs"] == "1"
    assert server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert not theirs.is_closed
    theirs.close() if send is send_blocking else anyio.run(theirs.aclose)


def test_cookies_of_the_server_are_not_sent_back(send: Send) -> None:
    server = Recording(**{"Set-Cookie": "a=b"})
    send(GET, GET, transport=server)
    assert "Cookie" not in server.requests[1].headers


def test_a_cancelled_exchange_passes_its_cancellation_on() -> None:
    class Never(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError

    async def run() -> bool:
        transport = through(AsyncHttpxTransport, Never())
        with anyio.move_on_after(0.05) as scope:
            await transport.send(GET, time.monotonic() + 10)
        await transport.aclose()
        return scope.cancelled_caught

    assert anyio.run(run)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "given twice",
        ),
        (b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\n{}", "another version"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", ""),
    ],
)
def test_an_ambiguous_head_is_refused_and_a_response_that_is_cut_off_is_known_to_have_begun(
    send: Send, response: bytes, reason: str
) -> None:
    (failure,) = over_a_socket(send, response, times=1)
    assert (failure.kind, failure.sent) == ("broken", "yes")
    assert reason in failure.message


@pytest.mark.parametrize(
    ("response", "status_code", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n", 200, "larger"),  # and is not waited for
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n{", 404, "it was cut off"),
    ],
)
def test_a_body_that_is_not_read_to_its_end_leaves_the_status(
    send: Send, response: bytes, status_code: int, fault: str
) -> None:
    (answer,) = over_a_socket(send, response, times=1)
    assert answer.status_code == status_code
    assert fault in answer.fault


def test_what_the_users_code_raises_is_passed_on(send: Send) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise AssertionError("in a test of theirs")

    with pytest.raises(AssertionError, match="theirs"):
        send(transport=httpx.MockTransport(fail))


def test_a_head_that_drips_ends_with_the_deadline(send: Send) -> None:
    stop = threading.Event()

    def dripping(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not stop.wait(0.02):
            sock.sendall(b"x")

    with serving(dripping) as address:
        (failure,) = send(transport=of_a_socket(send), seconds=0.3, url=url_of(address))
        stop.set()
    assert (failure.kind, failure.sent) == ("timeout", "maybe")


@pytest.mark.parametrize(
    "sender_of",
    [
        lambda url: Client(Origin.parse(url)),
        lambda url: through(HttpxTransport, httpx.HTTPTransport(), url=url),
    ],
    ids=["own connections", "httpx"],
)
def test_an_interrupted_exchange_comes_back_as_broken_in_its_thread(sender_of: Callable[[str], Any]) -> None:
    begun, results = threading.Event(), list[Any]()

    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        begun.set()
        silent(sock)

    with serving(serve) as address, closing(sender_of(url_of(address))) as sender:
        thread = threading.Thread(target=lambda: results.append(sender.send(GET, time.monotonic() + 5)))
        thread.start()
        assert begun.wait(10)
        sender.interrupt({threading.get_ident()})  # not this one
        assert thread.is_alive()
        sender.interrupt({thread.ident})
        thread.join(10)
    assert [(each.kind, each.sent) for each in results] == [("broken", "maybe")]


def test_an_exchange_may_be_interrupted_as_soon_as_it_has_begun() -> None:
    asking = threading.get_ident()

    class Interrupting(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sender.interrupt({asking})
            return httpx.Response(200, request=request)

    with closing(through(HttpxTransport, Interrupting())) as sender:
        for _ in range(20):
            result = sender.send(GET, time.monotonic() + 10)
            assert isinstance(result, TransportFailure)
            assert (result.kind, result.sent) == ("broken", "maybe")


def of_a_socket(send: Send) -> Any:
    return httpx.HTTPTransport() if send is send_blocking else httpx.AsyncHTTPTransport()


def over_a_socket(send: Send, response: bytes, times: int = 1000) -> list[Any]:
    with serving(answering(response, times)) as address:
        return send(transport=of_a_socket(send), url=url_of(address))


class _Parts(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in parts, for either kind of client."""

    def __init__(self, part: bytes, times: int = 2) -> None:
        self.part, self.times = part, times

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.times):
            time.sleep(0.001)
            yield self.part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.times):
            await anyio.sleep(0.001)
            yield self.part


def with_hook(send: Send, hook: Callable[[Any], Any], when: str = "response", status_code: int = 404) -> list[Any]:
    """Send through a client of the user's with a hook, which is awaited where the client is asynchronous."""

    async def awaited(message: Any) -> None:
        hook(message)

    body = httpx.Response(status_code, headers={"Retry-After": "7"}, stream=_Parts(b'{"success": false}', times=1))
    server = httpx.MockTransport(lambda _: body)
    if send is send_blocking:
        return send(http_client=httpx.Client(transport=server, event_hooks={when: [hook]}))
    return send(http_client=httpx.AsyncClient(transport=server, event_hooks={when: [awaited]}))


@pytest.mark.parametrize("status_code", [302, 404, 422, 429, 503])
def test_a_hook_that_refuses_an_error_response_leaves_its_status_and_headers(send: Send, status_code: int) -> None:
    (found,) = with_hook(send, httpx.Response.raise_for_status, status_code=status_code)
    assert (found.status_code, found.headers["retry-after"]) == (status_code, "7")
    assert "call response.read() first" in found.fault


def test_a_hook_that_reads_first_leaves_the_body_too() -> None:
    def reading(response: httpx.Response) -> None:
        response.read()
        response.raise_for_status()

    (found,) = with_hook(send_blocking, reading)
    assert (found.status_code, found.json(), found.fault) == (404, {"success": False}, None)


class _Hook:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, _message: Any) -> None:
        raise self.error

    method = __call__


AUTHORISATION = httpx.Response(401, request=httpx.Request("GET", "http://login.test"))
OWN = (
    ValueError("own"),
    OSError("own"),
    httpx.ReadTimeout("own"),
    httpx.HTTPStatusError("own", request=AUTHORISATION.request, response=AUTHORISATION),  # not of our request
)


@pytest.mark.parametrize("when", ["request", "response"])
@pytest.mark.parametrize("form", [lambda hook: hook, lambda hook: hook.method, partial])
@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
def test_whatever_else_a_hook_raises_is_the_callers_own(send: Send, error: Exception, form: Any, when: str) -> None:
    with pytest.raises(type(error), match="own") as caught:
        with_hook(send, form(_Hook(error)), when)
    assert caught.value is error


def test_a_hook_that_refuses_a_success_is_the_callers_own(send: Send) -> None:
    def refuse(response: httpx.Response) -> None:
        raise httpx.HTTPStatusError("own", request=response.request, response=response)

    with pytest.raises(httpx.HTTPStatusError, match="own"):
        with_hook(send, refuse, status_code=201)
