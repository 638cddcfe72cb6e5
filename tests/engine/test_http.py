"""The transports: what they make of an exchange, over their own connections and through httpx."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from importlib.metadata import requires
from typing import Any

import anyio
import httpx
import pytest
import trustme
from hitl_api.api.reviews import get_review
from test_connection import ANSWER, Serve, answering, serving, silent

from hitl import AsyncHITLClient, HITLClient
from hitl import _own_transport as _own
from hitl._calls import retry_after
from hitl._config import Settings, resolve
from hitl._engine import Request, Response, TransportFailure
from hitl._engine import client as _wires
from hitl._engine import decoding as _body
from hitl._engine import httpx_adapter as _httpx
from hitl._engine import tls as _tls
from hitl._flows import ApiCall
from hitl._transport import AsyncHttpTransport, HttpTransport
from hitl.exceptions import ConfigurationError

KEY = "an-api-key"


def settings(url: str = "http://here.test", **given: Any) -> Settings:
    return resolve({"api_key": KEY, "base_url": url, **given}, {})


def call(
    method: str = "GET", path: str = "/v1/reviews/rev_1", *, timeout: float | None = None, **request: Any
) -> ApiCall[Any]:
    return ApiCall(
        "get_review", Request(method, path, **request), lambda answer: answer, method == "GET", timeout=timeout
    )


Send = Callable[..., Any]


def send_blocking(given: Settings, *calls: ApiCall[Any], **injected: Any) -> list[Any]:
    transport = HttpTransport(given, **injected)
    try:
        return [transport.send(each) for each in calls or (call(),)]
    finally:
        transport.close()


def send_awaiting(given: Settings, *calls: ApiCall[Any], **injected: Any) -> list[Any]:
    async def send() -> list[Any]:
        transport = AsyncHttpTransport(given, **injected)
        try:
            return [await transport.send(each) for each in calls or (call(),)]
        finally:
            await transport.aclose()

    return anyio.run(send)


@pytest.fixture(params=[send_blocking, send_awaiting], ids=["blocking", "asyncio"])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


def url(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}"


class TestOverOwnConnections:
    def test_an_answer_that_asks_for_a_pause_until_a_date_and_names_no_other_date_is_of_now(self, send: Send) -> None:
        asking = b"HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"
        before = int(time.time())
        with serving(answering(asking % formatdate(before + 3600, usegmt=True).encode())) as address:
            (answer,) = send(settings(url(address)))
        asked = retry_after(answer.headers)
        assert asked is not None
        assert before + 3600 - time.time() <= asked <= 3600

    def test_a_request_on_the_wire_has_everything_and_nothing_else(self, send: Send) -> None:
        seen: list[bytes] = []

        def serve(sock: socket.socket) -> None:
            seen.append(sock.recv(65536))
            sock.sendall(ANSWER)

        request = {"query": {"status": "created", "ids": ["a", "b c"], "deep": True, "none": None}, "body": b"{}"}
        with serving(serve) as address:
            given = settings(url(address) + "/base", user_agent="Own/1")
            send(given, call("POST", headers={"Idempotency-Key": "k"}, **request))
        head, _, body = seen[0].partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        assert first == "POST /base/v1/reviews/rev_1?status=created&ids=a&ids=b%20c&deep=true&none= HTTP/1.1"
        assert sorted(lines) == [
            "Accept-Encoding: gzip",
            "Accept: application/json",
            f"Authorization: Bearer {KEY}",
            "Content-Length: 2",
            f"Host: {address[0]}:{address[1]}",
            "Idempotency-Key: k",
            "User-Agent: Own/1",
        ]
        assert body == b"{}"

    def test_headers_that_come_twice_are_joined(self, send: Send) -> None:
        with serving(answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}")) as address:
            (answer,) = send(settings(url(address)))
        assert answer.headers["x-a"] == "1, 2"

    def test_a_damaged_body_is_an_answer_with_a_fault(self, send: Send) -> None:
        packed = gzip.compress(b"{}")[:-1]
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        with serving(answering(head + packed)) as address:
            (answer,) = send(settings(url(address)))
        assert answer.fault == "its gzip encoding is cut off"
        with pytest.raises(ValueError, match="cut off"):
            answer.json()

    def test_a_redirect_is_not_followed_and_a_cookie_not_kept(self, send: Send) -> None:
        seen: list[bytes] = []

        def serve(sock: socket.socket) -> None:
            for _ in range(2):
                seen.append(sock.recv(65536))
                sock.sendall(
                    b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
                )

        with serving(serve) as address:
            answers = send(settings(url(address)), call(), call())
        assert [answer.status_code for answer in answers] == [302, 302]
        assert b"ookie" not in seen[1]

    def test_what_cannot_be_repeated_does_not_use_a_connection_that_may_be_closing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_wires, "LONGEST_IDLE_FOR_ONCE", 0.0)
        connections: list[int] = []

        def serve(sock: socket.socket) -> None:
            connections.append(sock.fileno())
            answering()(sock)

        with serving(serve) as address:
            transport = HttpTransport(settings(url(address)))
            for each in (call(), call(), call("POST")):
                transport.send(each)
            assert len(transport._carrier._wires.pool._idle) == 1  # type: ignore[attr-defined]
            transport.close()
        assert len(connections) == 2

    def test_a_server_is_trusted_only_with_a_certificate_of_a_known_authority(
        self, send: Send, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = trustme.CA()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(server)

        def secured(sock: socket.socket) -> None:
            with server.wrap_socket(sock, server_side=True) as inner:
                answering()(inner)  # type: ignore[arg-type]

        def serve(sock: socket.socket) -> None:
            try:
                secured(sock)
            except ssl.SSLError:
                return

        with serving(serve) as (host, port):
            given = settings(f"https://{host}:{port}")
            (failure,) = send(given)
            assert (failure.kind, failure.sent) == ("tls", "no")
            assert "certificate" in failure.message
            trusting = ssl.create_default_context()
            authority.configure_trust(trusting)
            monkeypatch.setattr(_wires, "context", lambda: trusting)
            assert [answer.status_code for answer in send(given, call(), call())] == [200, 200]

    def test_one_tls_context_serves_the_whole_process(self) -> None:
        assert _tls.context() is _tls.context()

    def test_at_most_so_many_exchanges_are_under_way_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_own, "MOST_AT_ONCE", 1)

        async def second_of_two(given: Settings) -> Any:
            transport = AsyncHttpTransport(given)
            async with anyio.create_task_group() as group:
                group.start_soon(transport.send, call())
                await anyio.wait_all_tasks_blocked()
                outcome = await transport.send(call(timeout=0.05))
                group.cancel_scope.cancel()
            await transport.aclose()
            return outcome

        with serving(silent) as address:
            outcome = anyio.run(second_of_two, settings(url(address)))
        assert (outcome.kind, outcome.sent) == ("timeout", "no")
        assert "start fewer at once" in outcome.message

    def test_a_closed_client_says_so(self, send: Send) -> None:
        client = HITLClient(KEY)
        client.close()
        with pytest.raises(ConfigurationError, match="get_review: this client was closed"):
            client.get_review("rev_1")

    def test_an_exchange_leaves_one_line_in_the_log_without_query_or_key(
        self, send: Send, caplog: pytest.LogCaptureFixture
    ) -> None:
        with serving(answering()) as address, caplog.at_level(logging.DEBUG):
            send(settings(url(address)), call(query={"assignee": "somebody"}))
        (line,) = [record.getMessage() for record in caplog.records if record.name == "hitl"]
        assert line.startswith("get_review: GET /v1/reviews/rev_1 -> 200 in ")
        assert KEY not in caplog.text

    def test_an_interrupted_exchange_shows_no_key_in_its_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: Any) -> Any:
            raise KeyboardInterrupt

        with serving(answering()) as address:
            monkeypatch.setattr("hitl._engine.http1.ResponseParser.feed", interrupt)
            transport = HttpTransport(settings(url(address)))
            with pytest.raises(KeyboardInterrupt) as caught:
                transport.send(call())
            monkeypatch.undo()
            shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
            assert "request = <memory at" in shown
            assert KEY not in shown
            transport.close()

    def test_a_refused_key_that_a_server_repeats_is_masked(self, send: Send) -> None:
        body = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
        head = f"HTTP/1.1 401 No\r\nX-Seen: {KEY}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with serving(answering(head + body)) as address:
            (answer,) = send(settings(url(address)))
        assert KEY not in repr(answer) + answer.content.decode()

    def test_the_parser_that_is_used_comes_with_httpx(self) -> None:
        def needs(package: str) -> set[str]:
            return {
                line.split(";")[0].split("=")[0].split(">")[0].split("<")[0].strip() for line in requires(package) or []
            }

        assert "httpcore" in needs("httpx")
        assert "h11" in needs("httpcore")
        assert "certifi" in needs("httpx")


class TestThroughHttpx:
    """What is not our own: a transport or a client of the user's."""

    def injected(self, send: Send, answer: Callable[[httpx.Request], httpx.Response]) -> dict[str, Any]:
        return {"transport": httpx.MockTransport(answer)}

    def test_an_answer_made_up_in_memory_is_taken_as_it_is(self, send: Send) -> None:
        body = gzip.compress(b"{}")
        injected = self.injected(
            send, lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=body)
        )
        (answer,) = send(settings(), **injected)
        assert (answer.status_code, answer.content, answer.fault) == (200, b"{}", None)

    def test_what_is_sent_is_the_same_as_over_own_connections(self, send: Send) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, content=b"{}")

        send(settings(user_agent="Own/1"), call(query={"a": "b c"}), **self.injected(send, answer))
        (request,) = seen
        assert str(request.url) == "http://here.test/v1/reviews/rev_1?a=b%20c"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert (request.headers["User-Agent"], request.headers["Accept-Encoding"]) == ("Own/1", "gzip")

    def test_a_stream_is_read_within_the_bound(self, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_httpx, "LARGEST_BODY", 10)
        (answer,) = send(
            settings(), **self.injected(send, lambda _: httpx.Response(200, stream=_Parts(send, b"a" * 6)))
        )
        assert "larger" in answer.fault

    def test_a_damaged_stream_is_an_answer_with_a_fault(self, send: Send) -> None:
        def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Parts(send, b"no gzip"))

        (found,) = send(settings(), **self.injected(send, answer))
        assert found.fault == "its gzip encoding is damaged"
        assert not found.is_framed

    def test_a_stream_that_never_ends_ends_with_the_deadline(self, send: Send) -> None:
        def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=_Parts(send, b"a", times=1_000_000))

        (failure,) = send(settings(), call(timeout=0.1), **self.injected(send, answer))
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
        ],
    )
    def test_what_httpx_raises_becomes_data(self, send: Send, error: Exception, kind: str, sent: str) -> None:
        def fail(_: httpx.Request) -> httpx.Response:
            if isinstance(error, httpx.HTTPError):
                raise error
            raise httpx.ConnectError("no") from error

        (failure,) = send(settings(), **self.injected(send, fail))
        assert isinstance(failure, TransportFailure)
        assert (failure.kind, failure.sent) == (kind, sent)

    def test_a_client_of_the_users_is_used_as_it_is_but_follows_nothing(self, send: Send) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(302, headers={"Location": "http://elsewhere.test/", "Set-Cookie": "a=b"})

        kind: Any = httpx.Client if send is send_blocking else httpx.AsyncClient
        theirs = kind(
            transport=httpx.MockTransport(answer),
            headers={"X-Theirs": "1"},
            auth=("user", "word"),
            follow_redirects=True,
        )
        answers = send(settings(), call(), http_client=theirs)
        assert [each.status_code for each in answers] == [302]
        assert seen[0].headers["X-Theirs"] == "1"
        assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
        assert not theirs.is_closed
        theirs.close() if send is send_blocking else anyio.run(theirs.aclose)

    def test_cookies_of_the_server_are_not_sent_back(self, send: Send) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, headers={"Set-Cookie": "a=b"}, content=b"{}")

        send(settings(), call(), call(), **self.injected(send, answer))
        assert "Cookie" not in seen[1].headers

    def test_a_cancelled_exchange_passes_its_cancellation_on(self) -> None:
        class Never(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                await anyio.sleep_forever()
                raise AssertionError

        async def run() -> bool:
            transport = AsyncHttpTransport(settings(), Never())
            with anyio.move_on_after(0.05) as scope:
                await transport.send(call())
            await transport.aclose()
            return scope.cancelled_caught

        assert anyio.run(run)


class _Parts(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in parts, for either kind of client."""

    def __init__(self, _: Send, part: bytes, times: int = 2) -> None:
        self.part, self.times = part, times

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.times):
            time.sleep(0.001)
            yield self.part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.times):
            await anyio.sleep(0.001)
            yield self.part


REVIEW = (
    b'{"success": true, "data": {"id": "rev_1", "template_id": "t", "content": {}, "status": "created", '
    b'"created_at": "2026-01-15T10:30:00Z"}}'
)


def reviewing() -> Serve:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(REVIEW)}\r\n\r\n"
    return answering(head.encode() + REVIEW)


class TestTheGeneratedClient:
    def test_it_goes_over_the_same_connections(self) -> None:
        with serving(reviewing()) as address, HITLClient(KEY, base_url=url(address)) as client:
            client.get_review("rev_1")
            found = get_review.sync("rev_1", client=client.api)
            assert found is not None
            assert len(client._transport._carrier._wires.pool._idle) == 1  # type: ignore[attr-defined]

    def test_it_goes_over_the_same_connections_when_awaited(self) -> None:
        async def run(base_url: str) -> Any:
            async with AsyncHITLClient(KEY, base_url=base_url) as client:
                return await get_review.asyncio("rev_1", client=client.api)

        with serving(reviewing()) as address:
            assert anyio.run(run, url(address)).data.id == "rev_1"

    @pytest.mark.parametrize("own", [True, False])
    def test_it_goes_through_what_the_user_injected(self, own: bool) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            assert request.headers["Authorization"] == f"Bearer {KEY}"
            return httpx.Response(200, content=REVIEW)

        mock = httpx.MockTransport(answer)
        injected: Any = {"transport": mock} if own else {"http_client": httpx.Client(transport=mock)}
        with HITLClient(KEY, base_url="http://here.test", **injected) as client:
            assert get_review.sync("rev_1", client=client.api) is not None

        async def run() -> Any:
            given: Any = {"transport": mock} if own else {"http_client": httpx.AsyncClient(transport=mock)}
            async with AsyncHITLClient(KEY, base_url="http://here.test", **given) as awaiting:
                return await get_review.asyncio("rev_1", client=awaiting.api)

        assert anyio.run(run) is not None

    @pytest.mark.parametrize(
        "derive",
        [
            lambda api: api.with_headers({"X-Mine": "1"}),
            lambda api: api.with_timeout(httpx.Timeout(3)),
            lambda api: api.with_cookies({"a": "b"}),
        ],
    )
    def test_what_is_derived_from_it_goes_the_same_way(
        self, derive: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody is there
        with serving(reviewing()) as address, HITLClient(KEY, base_url=url(address)) as client:
            api = derive(client.api)
            answer = api.get_httpx_client().get("/v1/reviews/rev_1")
            assert answer.status_code == 200
            assert len(client._transport._carrier._wires.pool._idle) == 1  # type: ignore[attr-defined]
            assert KEY not in f"{api!r} {api.get_httpx_client().headers!r} {dict(answer.request.headers)}"
            assert "x-mine" not in client.api.get_httpx_client().headers

    def test_closing_it_leaves_the_client_open(self) -> None:
        with serving(reviewing()) as address, HITLClient(KEY, base_url=url(address)) as client:
            for _ in range(2):
                with client.api as api:
                    assert get_review.sync("rev_1", client=api) is not None

    @pytest.mark.parametrize("injected", [{}, {"transport": httpx.MockTransport(lambda _: httpx.Response(200))}])
    def test_it_reaches_no_other_server(self, injected: Any) -> None:
        with HITLClient(KEY, base_url="http://here.test", **injected) as client:
            http = client.api.get_httpx_client()
            with pytest.raises(httpx.UnsupportedProtocol, match="talks to http://here.test only"):
                http.get("http://elsewhere.test/")

    @pytest.mark.parametrize(
        ("serve", "error"),
        [
            (silent, httpx.ReadTimeout),
            (answering(b"nonsense\r\n\r\n"), httpx.RemoteProtocolError),
            (answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"), httpx.DecodingError),
        ],
    )
    def test_its_errors_are_those_of_httpx(self, serve: Serve, error: type[Exception]) -> None:
        with (
            serving(serve) as address,
            HITLClient(KEY, base_url=url(address), timeout=0.2) as client,
            pytest.raises(error),
        ):
            get_review.sync("rev_1", client=client.api)


def test_what_is_accepted_is_what_is_undone() -> None:
    assert _body.ACCEPTED == "gzip"
    answer = Response(200, {}, b"{}")
    assert answer.json() == {}


def test_threads_share_a_client_and_have_a_connection_each() -> None:
    together = threading.Barrier(8)

    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        # It closes afterwards, and says so: another thread must not be given this connection.
        sock.sendall(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))

    with serving(serve) as address:
        transport = HttpTransport(settings(url(address)))
        statuses: list[int] = []

        def one() -> None:
            together.wait(10)
            outcome = transport.send(call())
            assert isinstance(outcome, Response)
            statuses.append(outcome.status_code)

        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        transport.close()
    assert statuses == [200] * 8
