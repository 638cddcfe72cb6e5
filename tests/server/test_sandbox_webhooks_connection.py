"""One attempt over the wire: to the checked address and nowhere else, whatever names and receivers do."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme
from receiver import receiving

from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.sender import MOST_EXCERPT, Message, Outcome, Sender

BODY = b'{"event":"review.completed"}'


def send(url: str, sender: Sender) -> Outcome:
    return asyncio.run(sender.send(Message("dlv_1", url, BODY, None)))


class Names:
    """A name server that answers each question with the next of its answers."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return [self.answers[min(self.asked, len(self.answers)) - 1]]


def test_a_name_is_asked_for_once_and_the_connection_goes_to_that_answer() -> None:
    names = Names("127.0.0.1", "169.254.169.254")
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.test")
        outcome = send(url, Sender(Targets(resolve=names)))
    assert (outcome.status_code, names.asked) == (200, 1)
    assert receiver.received[0].headers["Host"] == url.split("/")[2]


def test_a_name_that_is_pointed_elsewhere_later_is_checked_again_at_the_next_attempt() -> None:
    sender = Sender(Targets(resolve=Names("127.0.0.1", "10.0.0.7")))
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.test")
        outcomes = [send(url, sender) for _ in range(2)]
    assert [outcome.refused for outcome in outcomes] == [False, True]
    assert len(receiver.received) == 1


def test_nothing_is_sent_over_a_connection_that_has_led_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("169.254.169.254", 80))
        outcome = send(receiver.url, Sender(Targets()))
        monkeypatch.undo()
    assert outcome.status_code is None
    assert "the connection to 127.0.0.1 has led to 169.254.169.254; nothing was sent" in str(outcome.error)
    assert receiver.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.statuses, receiver.headers = [status], {"Location": elsewhere.url}
        outcome = send(receiver.url, Sender(Targets()))
    assert (outcome.status_code, elsewhere.received) == (status, [])


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiving() as receiver:
        assert send(receiver.url, Sender(Targets())).status_code == 200


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer one connection with these bytes and close it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(30)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ntoo little",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_complete_answer_is_none(answer: bytes) -> None:
    with answering(answer) as url:
        outcome = send(url, Sender(Targets()))
    assert outcome.status_code is None
    assert outcome.error


def test_informational_answers_are_skipped_and_a_long_one_is_cut_off() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000
    with answering(answer) as url:
        outcome = send(url, Sender(Targets()))
    assert (outcome.status_code, outcome.excerpt) == (200, "x" * MOST_EXCERPT)


@contextmanager
def secured(authority: trustme.CA, name: str) -> Iterator[int]:
    """Answer one https connection, with a certificate for one name, and return its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as stream:
                    stream.recv(65536)
                    stream.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                connection.close()  # the certificate was not accepted

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)


@pytest.mark.parametrize(("name", "status"), [("hooks.test", 204), ("other.test", None)])
def test_the_certificate_of_a_receiver_must_be_for_the_name_of_the_url(name: str, status: int | None) -> None:
    authority = trustme.CA()

    def tls() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    with secured(authority, name) as port:
        sender = Sender(Targets(resolve=Names("127.0.0.1")), tls=tls)
        outcome = send(f"https://hooks.test:{port}/", sender)
    assert outcome.status_code == status
    assert status or "certificate" in str(outcome.error).lower()


def test_a_certificate_of_an_unknown_authority_is_not_accepted() -> None:
    with secured(trustme.CA(), "hooks.test") as port:
        outcome = send(f"https://hooks.test:{port}/", Sender(Targets(resolve=Names("127.0.0.1"))))
    assert outcome.status_code is None
    assert "certificate" in str(outcome.error).lower()
