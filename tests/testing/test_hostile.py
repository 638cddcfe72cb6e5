"""The server that misbehaves on request, seen through plain sockets."""

from __future__ import annotations

import gzip
import json
import math
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import trustme

from hitl.testing import HostileServer, hostile
from hitl.testing.hostile import Fault

ASKED = {"template_id": "t", "content": {"text": "Ring!"}}
BODY = json.dumps(ASKED).encode()
GET = b"GET /v1/reviews/rev_1 HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/reviews HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
LAST = b"Connection: close\r\n\r\n"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server
        assert server.unmet() == []


def said(server: HostileServer, request: bytes = GET, *more: bytes, seconds: float = 5) -> bytes:
    """Send requests on one connection, and return all that comes until it ends; raise as the socket does."""
    with socket.create_connection((server._host, server.port), seconds) as sock:
        sock.sendall(request)
        answer = b""
        for each in more:
            answer += sock.recv(65536)
            sock.sendall(each)
        while data := sock.recv(65536):
            answer += data
        return answer


def asked(server: HostileServer, request: bytes = GET) -> bytes:
    """Return the whole answer to a request after which the connection is to be closed."""
    return said(server, request.replace(b"\r\n\r\n", b"\r\n" + LAST, 1))


def content(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def with_review(server: HostileServer, *faults: Fault) -> None:
    asked(server, POST)
    server.requests.clear()
    server.next(*faults)


# --- what is recorded ---------------------------------------------------------------------------------------------


def test_requests_are_recorded_as_they_came(server: HostileServer) -> None:
    said(server, POST, GET.replace(b"\r\n\r\n", b"\r\n" + LAST))
    first, second = server.requests
    assert (first.method, first.target, first.json(), first.idempotency_key) == ("POST", "/v1/reviews", ASKED, "k")
    assert (first.raw, first.connection, second.connection, server.connections) == (POST, 1, 1, 1)
    assert first.received_at <= second.received_at <= time.monotonic()
    asked(server, b"GET /v1/reviews?a=b HTTP/1.1\r\nX: 1\r\nX: 2\r\n\r\n")
    assert (server.requests[2].path, server.requests[2].target) == ("/v1/reviews", "/v1/reviews?a=b")
    assert (server.requests[2].headers["x"], server.requests[2].connection) == ("1, 2", 2)


def test_a_request_in_chunks_is_put_together(server: HostileServer) -> None:
    chunks = b"%x\r\n%b\r\n5;a=b\r\n%b\r\n0\r\n\r\n" % (len(BODY[:-5]), BODY[:-5], BODY[-5:])
    asked(server, b"POST /v1/reviews HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert server.requests[0].json() == ASKED
    assert len(server.reviews) == 1


def test_the_head_alone_answers_head(server: HostileServer) -> None:
    assert asked(server, b"HEAD /v1/nothing HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n")


# --- which request meets which fault ---------------------------------------------------------------------------------


def test_each_request_meets_the_first_fault_that_concerns_it(server: HostileServer) -> None:
    server.next(hostile.answer(501), method="POST")
    server.next(hostile.answer(502), path="/v1/reviews/*", times=2)
    server.next(hostile.answer(503), hostile.answer(504))
    assert "POST, 1 more" in server.unmet()[0].replace("(POST)", "POST")
    met = [asked(server, each).split()[1] for each in (GET, GET, GET, POST, GET)]
    assert met == [b"502", b"502", b"503", b"501", b"504"]


def test_a_fault_can_go_on_for_ever_until_it_is_cleared(server: HostileServer) -> None:
    with_review(server)
    server.next(hostile.answer(503), times=math.inf)
    assert {asked(server).split()[1] for _ in range(3)} == {b"503"}
    server.clear()
    assert asked(server).split()[1] == b"200"


@pytest.mark.parametrize("wrong", [{"at": -1}, {"hears": -1}, {"at": 3, "hears": 3}, {"hears": 3, "handles": True}])
def test_a_cut_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="drop hears"):
        hostile.reset(**wrong)


def test_a_fault_must_happen_at_least_once_and_cannot_choose_a_request_that_it_does_not_read(
    server: HostileServer,
) -> None:
    with pytest.raises(ValueError, match="at least once, not 0"):
        server.next(hostile.reset(), times=0)
    with pytest.raises(ValueError, match="leave path and method out"):
        server.next(hostile.reset(hears=3), method="POST")


def test_faults_are_put_together(server: HostileServer) -> None:
    both = hostile.answer(503) | hostile.header("Retry-After", "7") | hostile.gzip() | hostile.chunked()
    assert str(both) == "answer 503 | header Retry-After | encoding gzip | chunked"
    server.next(both)
    answer = asked(server)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 7\r\n" in answer
    assert b"Transfer-Encoding: chunked" in answer


# --- connections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "heard", "made"),
    [
        *((hostile.reset(hears=heard), heard, 0) for heard in (0, 1, 20)),
        (hostile.reset(), len(POST), 0),
        (hostile.reset(handles=True), len(POST), 1),
        (hostile.reset(9), len(POST), 1),
    ],
)
def test_a_reset_can_come_before_the_request_is_read_or_before_or_after_it_is_handled(
    server: HostileServer, fault: Fault, heard: int, made: int
) -> None:
    server.next(fault)
    with pytest.raises(ConnectionResetError):
        said(server, POST)
    assert len(server.reviews) == made
    assert [(each.is_whole, len(each.raw)) for each in server.requests] == [(heard == len(POST), heard)][: heard and 1]


def test_an_answer_is_cut_at_any_byte(server: HostileServer) -> None:
    with_review(server)
    whole = asked(server)
    for at in (1, 20, len(whole) - 1):
        server.next(hostile.close(at))
        assert said(server) == whole[:at]


def test_silence_keeps_the_connection(server: HostileServer) -> None:
    server.next(hostile.silence(5))
    with socket.create_connection(("127.0.0.1", server.port), 0.2) as sock:
        sock.sendall(GET)
        assert sock.recv(100) == b"HTTP/"
        with pytest.raises(TimeoutError):
            sock.recv(100)


def test_a_hang_up_comes_after_an_honest_answer(server: HostileServer) -> None:
    with_review(server, hostile.hang_up())
    assert content(said(server))["data"]["id"] == "rev_1"


def test_an_answer_can_come_before_the_request_is_whole(server: HostileServer) -> None:
    server.next(hostile.early(30) | hostile.answer(413))
    assert said(server, POST).startswith(b"HTTP/1.1 413 ")
    assert (server.requests[0].is_whole, server.reviews) == (False, {})


def test_refused_connections_are_accepted_again_after_a_while(server: HostileServer) -> None:
    server.refuse(0.2)
    with pytest.raises(ConnectionRefusedError):
        said(server)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError):
            assert asked(server).startswith(b"HTTP/1.1 404 ")
            return
    pytest.fail("it refuses for ever")


def test_refusing_ends_the_connections_that_are_open(server: HostileServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(GET)
        assert sock.recv(65536)
        server.refuse()
        while sock.recv(65536):
            pass
    with pytest.raises(ConnectionRefusedError):
        said(server)
    server.clear()


def test_a_client_that_leaves_early_disturbs_nobody(server: HostileServer) -> None:
    for request in (b"", b"GET /", POST[:-3], b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"):
        socket.create_connection(("127.0.0.1", server.port), 5).close()
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            sock.sendall(request)
    assert asked(server).startswith(b"HTTP/1.1 404 ")


# --- time ------------------------------------------------------------------------------------------------------------


def test_bytes_drip(server: HostileServer) -> None:
    with_review(server, hostile.answer(503, 1) | hostile.drip(1000), hostile.answer(503, 1) | hostile.deaf(0.1))
    for _ in range(2):
        started = time.monotonic()
        answer = asked(server)
        assert time.monotonic() - started >= 0.08
        assert content(answer) == 1


def test_a_head_can_be_quicker_than_its_body(server: HostileServer) -> None:
    server.next(hostile.answer(503, "x" * 30) | hostile.drip(10, part="body"))
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(GET)
        assert b"\r\n\r\n" in sock.recv(65536)


def test_interim_answers_come_first(server: HostileServer) -> None:
    with_review(server, hostile.informational(3, status=102, pause=0.01))
    answer = asked(server)
    assert answer.count(b"HTTP/1.1 102 ") == 3
    assert answer.count(b"HTTP/1.1 200 ") == 1


# --- what is said ----------------------------------------------------------------------------------------------------


def test_surplus_follows_the_answer(server: HostileServer) -> None:
    reply = hostile.Reply.of({"id": "rev_9"})
    with_review(server, hostile.surplus(reply), hostile.late_surplus(b"more", 0.0))
    assert asked(server).endswith(b"".join(reply.wire()))  # type: ignore[arg-type]
    assert asked(server).endswith(b"}more")


def test_lengths_lie(server: HostileServer) -> None:
    with_review(server, hostile.lie_about_length(7), hostile.lie_about_length(-7), hostile.content_length("-1"))
    for by in (7, -7):
        head, _, body = asked(server).partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % (len(body) + by) in head
    assert b"Content-Length: -1\r\n" in asked(server)


def test_chunks_are_as_bad_as_told(server: HostileServer) -> None:
    with_review(server, hostile.chunked(size=lambda length: f"{length + 1:X}", end=b"end", pieces=2))
    head, _, body = asked(server).partition(b"\r\n\r\n")
    size = int(body.partition(b"\r\n")[0], 16)
    assert body.endswith(b"}\r\nend")
    assert b"Content-Length" not in head
    assert len(body.split(b"\r\n")[1]) == size - 1


def test_a_body_can_end_with_the_connection_and_the_version_be_an_old_one(server: HostileServer) -> None:
    with_review(server, hostile.until_close() | hostile.version("HTTP/1.0"))
    answer = said(server)
    assert answer.startswith(b"HTTP/1.0 200 ")
    assert b"Content-Length" not in answer
    assert content(answer)["data"]["id"] == "rev_1"


def test_gzip_is_right_cut_off_damaged_or_followed(server: HostileServer) -> None:
    how: list[dict[str, Any]] = [{}, {"keep": 0.5}, {"crc": "wrong"}, {"after": b"!"}, {"flip": 15}]
    with_review(server, *(hostile.gzip(**each) for each in how))
    right, cut, wrong, followed, flipped = (asked(server).partition(b"\r\n\r\n")[2] for _ in how)
    assert json.loads(gzip.decompress(right))["data"]["id"] == "rev_1"
    assert right.startswith(cut)
    assert len(cut) == len(right) // 2
    assert followed == right + b"!"
    for each in (wrong, flipped):
        with pytest.raises((gzip.BadGzipFile, zlib.error)):
            gzip.decompress(each)


def test_a_bomb_is_valid_gzip_and_a_thousandth_of_its_size(server: HostileServer) -> None:
    server.next(hostile.bomb(3))
    answer = said(server).partition(b"\r\n\r\n")[2]
    body = b""
    while (size := int(answer.partition(b"\r\n")[0], 16)) > 0:
        answer = answer.partition(b"\r\n")[2]
        body, answer = body + answer[:size], answer[size + 2 :]
    assert len(body) < 6000
    assert gzip.decompress(body) == b" " * 3_000_000 + b"{}"


@pytest.mark.parametrize("framing", ["length", "close"])
def test_a_long_body_is_as_long_as_told(server: HostileServer, framing: Any) -> None:
    server.next(hostile.endless(2, framing=framing))
    head, _, body = said(server).partition(b"\r\n\r\n")
    assert len(body) == 2_000_002
    assert (b"Content-Length: 2000002" in head) == (framing == "length")


def test_status_headers_and_body_are_sent_as_they_are_given(server: HostileServer) -> None:
    with_review(
        server,
        hostile.status("abc", "odd\x01"),
        hostile.header("X-A", "b\r\nX-B: c") | hostile.headers(2, 3),
        hostile.body(b"<p>", "text/html"),
        hostile.body(b"<p>", None),
        hostile.answer(999, Retry_After="soon"),
        hostile.redirect("http://elsewhere/"),
        hostile.change(id="rev_2", status=...),
        hostile.text(lambda body: body.decode().encode("utf-16")),
        hostile.document([1]),
        hostile.encoding("br"),
        hostile.raw(b"garbage"),
    )
    assert asked(server).startswith(b"HTTP/1.1 abc odd\x01\r\n")
    assert b"\r\nX-B: c\r\nX-0: xxx\r\nX-1: xxx\r\n" in asked(server)
    assert b"Content-Type: text/html\r\n" in asked(server)
    assert b"Content-Type" not in asked(server)
    assert b"HTTP/1.1 999 Unnamed\r\n" in (answer := asked(server))
    assert b"Retry-After: soon\r\n" in answer
    assert b"Location: http://elsewhere/\r\n" in asked(server)
    assert content(asked(server))["data"].get("status", "rev_2") == "rev_2"
    assert asked(server).partition(b"\r\n\r\n")[2].startswith(b"\xff\xfe")
    assert content(asked(server)) == [1]
    assert b"Content-Encoding: br\r\n" in asked(server)
    assert said(server) == b"garbage"


# --- its own life ----------------------------------------------------------------------------------------------------


def test_it_ends_at_once_whatever_it_is_doing() -> None:
    before = threading.active_count()
    started = time.monotonic()
    with HostileServer() as server:
        server.next(hostile.silence(), hostile.deaf(100), hostile.drip(0.1), hostile.informational(), hostile.endless())
        clients = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(7)]
        for client in clients[:5]:
            client.sendall(GET)
        while len(server.requests) < 5:
            pass
    for client in clients:
        client.close()
    assert threading.active_count() == before
    assert time.monotonic() - started < 20
    server.close()


def test_it_can_be_closed_without_having_been_started_and_says_where_it_is() -> None:
    server = HostileServer(host="127.0.0.1")
    assert repr(server) == f"<HostileServer at http://127.0.0.1:{server.port}>"
    server.close()


def test_an_address_that_cannot_be_taken_is_an_error() -> None:
    with HostileServer() as server, pytest.raises(OSError, match="in use"):
        HostileServer(port=server.port)


def test_it_speaks_tls_and_survives_clients_that_do_not_trust_it() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with HostileServer(tls=context) as server:
        assert server.url.startswith("https://")
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(server.url, context=ssl.create_default_context())
        socket.create_connection(("127.0.0.1", server.port), 5).close()
        with urllib.request.urlopen(f"{server.url}/v1/reviews", context=trusting) as response:
            assert json.load(response)["data"] == []


def test_it_needs_no_extra() -> None:
    program = (
        "import sys; sys.modules.update(uvicorn=None, starlette=None, click=None, httpx=None)\n"
        "from hitl.testing import HostileServer, hostile\n"
        "with HostileServer() as server: print(type(hostile.reset()).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("Fault\n", "")
