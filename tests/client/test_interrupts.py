"""What a signal handler of the caller's raises reaches the caller, wherever it strikes."""

from __future__ import annotations

import gc
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any, Self

import httpx
import pytest
from own_thread import in_own_thread
from sockets import closing, serving, url_of

import hitl
from hitl import HITLClient
from hitl._interrupts import is_interrupt
from hitl.exceptions import APIConnectionError, APIStatusError
from hitl.testing import HostileServer
from hitl.webhooks import Router, signature_headers, verify_signature

HERE = str(Path(hitl.__file__).parent)
OURS = f"{HERE}/testing"  # not a part of the program that is interrupted
SECRET = "a-secret-of-more-than-thirty-two-characters"
SoftTimeLimitExceeded = type("SoftTimeLimitExceeded", (Exception,), {})
# Twice over the lines, so that each line meets an error of a socket and one of a parser.
ERRORS = [(TimeoutError, ValueError), (ConnectionResetError, UnicodeError), (OSError, SoftTimeLimitExceeded)]
Scenario = Callable[[HITLClient], Any]
ITEM: Any = {"template_id": "t", "content": {"text": "x"}}


class Interrupting:
    """Raises at one line of this package, as a signal handler does; both are called with the frame they interrupt."""

    def __init__(self, at: tuple[str, int] | None, error: Exception) -> None:
        self.lines: dict[tuple[str, int], None] = {}
        self.is_over = False
        self._at, self._error = at, error

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._enter_function)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter_function(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        name = frame.f_code.co_filename
        is_ours = name.startswith(HERE) and not name.startswith(OURS) and frame.f_code.co_name != "__del__"
        return self._line if is_ours else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line" and not self.is_over:
            here = (frame.f_code.co_filename, frame.f_lineno)
            self.lines[here] = None
            if here == self._at:
                self.is_over = True
                raise self._error
        return self._line


def get(client: HITLClient) -> None:
    client.get_review("rev_1")


def refused(client: HITLClient) -> None:
    with suppress(APIStatusError):
        client.get_review("rev_none")


def create_many(client: HITLClient) -> None:
    client.create_reviews((each for each in [ITEM, ITEM]), on_error="return", concurrency=1)


def change(client: HITLClient) -> None:
    client.update_review("rev_1", content={"text": "y"})


def large(client: HITLClient) -> None:
    client.update_review("rev_1", content={"rows": [{"a": 1, "b": [0]}] * 20})


def receive(_client: HITLClient) -> None:
    body = b'{"event": "review.completed", "review": {"id": "rev_1"}}'
    headers = signature_headers(body, SECRET)
    assert verify_signature(headers, body, SECRET)
    router = Router(SECRET)
    router.on("review.completed")(lambda _: None)
    assert router.dispatch(headers, body) == 200


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        with HITLClient("key", base_url=server.url) as client:
            client.create_review(**ITEM)
        yield server


# What Python itself prints if the signal comes while it starts a thread: `Thread.start` forgets it, and it runs.
STARTED_TWICE = re.compile(
    r"Exception ignored in thread started by: <bound method Thread\._bootstrap of <Thread\(hitl-background,[^\n]*\n"
    r"Traceback[^\n]*\n(?:  [^\n]*\n)*?    del _limbo\[self\]\n(?:  [^\n]*\n)?KeyError: <Thread\([^\n]*\n"
)


def own_connections() -> None:
    return None


TLS = ssl.create_default_context()


def over_httpx() -> httpx.HTTPTransport:
    return httpx.HTTPTransport(verify=TLS)


class InMemory(httpx.MockTransport):
    """Answers in the calling thread."""

    def __init__(self) -> None:
        self._inner = over_httpx()
        super().__init__(self._inner.handle_request)

    def close(self) -> None:
        self._inner.close()


# What is interrupted between making a socket and keeping it is closed by the garbage collector, with a warning.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("scenario", "transport"),
    [
        *((each, own_connections) for each in (get, refused, create_many, change, large, receive)),
        *((get, each) for each in (over_httpx, InMemory)),
    ],
)
@in_own_thread
def test_it_reaches_the_caller_from_every_line(server: HostileServer, scenario: Scenario, transport: Any) -> None:
    def client() -> HITLClient:
        return HITLClient("key", base_url=server.url, transport=transport(), max_retries=0)

    with client() as made, Interrupting(None, Exception()) as watching:
        scenario(made)
    assert len(watching.lines) > 30
    for number, (line, turn) in enumerate(product(watching.lines, (0, 1))):
        mine = ERRORS[number // 2 % len(ERRORS)][turn]("mine")
        with client() as made:
            try:
                with Interrupting(line, mine) as interrupting:
                    scenario(made)
            except Exception as error:
                assert error is mine, line  # noqa: PT017
            else:
                assert not interrupting.is_over, f"it was swallowed at {line}"
            scenario(made)  # on the same client
    del mine, made, interrupting
    gc.collect()


PROGRAM = """
import signal
import httpx
from hitl import HITLClient

class SoftTimeLimitExceeded(Exception): ...

def handler(signum, frame):
    raise mine

signal.signal(signal.SIGALRM, handler)
client = HITLClient("key", base_url=URL, transport=TRANSPORT)
content = {"text": "x" * 10_000_000}
for kind in (TimeoutError, SoftTimeLimitExceeded, BrokenPipeError, ValueError):
    for call in CALLS:
        mine = kind("mine")
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            call()
        except Exception as error:
            assert error is mine, repr(error)
        else:
            raise AssertionError("it was swallowed")
print("all reached the caller")
"""
SEND_AND_WAIT = """[
    lambda: client.get_review("rev_1"),
    lambda: client.create_review("t", content),
    lambda: client.wait_for_review("rev_1"),
    lambda: client.create_reviews([{"template_id": "t", "content": {}}] * 3),
]"""


@pytest.mark.parametrize("transport", ["None", "httpx.HTTPTransport()"])
def test_a_real_signal_ends_sending_receiving_and_waiting(transport: str) -> None:
    with serving(_holding) as address:
        program = PROGRAM.replace("URL", repr(url_of(address)), 1)
        program = program.replace("TRANSPORT", transport).replace("CALLS", SEND_AND_WAIT)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "all reached the caller\n"
    assert STARTED_TWICE.sub("", done.stderr) == ""
    assert done.returncode == 0


def _holding(sock: socket.socket) -> None:
    """Neither read nor answer, in a thread of its own, until the program ends."""
    kept = sock.dup()
    threading.Thread(target=_keep, args=(kept,), daemon=True).start()


def _keep(sock: socket.socket) -> None:
    with sock:
        sock.settimeout(20)
        with suppress(OSError):
            while sock.recv(1, socket.MSG_PEEK):
                time.sleep(0.05)


def test_a_batch_that_is_interrupted_says_what_was_created(server: HostileServer) -> None:
    def items() -> Iterator[dict[str, Any]]:
        yield ITEM
        yield ITEM
        signal.raise_signal(signal.SIGALRM)

    def handler(_number: int, _frame: object) -> None:
        raise TimeoutError("mine")

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with HITLClient("key", base_url=server.url) as client, pytest.raises(TimeoutError, match="mine") as caught:
            client.create_reviews(items(), concurrency=1)
    finally:
        signal.signal(signal.SIGALRM, before)
    outcomes = caught.value.outcomes  # type: ignore[attr-defined]
    assert len(outcomes) == 2
    assert "interrupted after" in "".join(caught.value.__notes__)


def test_an_error_of_a_socket_stays_one() -> None:
    with (
        serving(closing) as address,
        HITLClient("key", base_url=url_of(address), max_retries=0) as client,
        pytest.raises(APIConnectionError),
    ):
        client.get_review("rev_1")


@pytest.mark.parametrize(
    "make",
    [
        lambda raises: lambda signum, frame: raises(),
        lambda raises: lambda *_: raises(),
        lambda raises: partial(lambda _, signum, frame: raises(), None),
        lambda raises: _Handler(raises),
        lambda raises: _Handler(raises).method,
    ],
)
def test_every_form_of_handler_is_known(make: Any) -> None:
    def raises() -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)  # some take themselves away first
        raise OSError("mine")

    before = signal.signal(signal.SIGUSR1, make(raises))
    try:
        with pytest.raises(OSError, match="mine") as caught:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert is_interrupt(caught.value)


class _Handler:
    def __init__(self, raises: Callable[[], None]) -> None:
        self._raises = raises

    def __call__(self, signum: int, frame: object) -> None:
        self._raises()

    method = __call__
