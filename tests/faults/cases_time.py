"""Time: a call ends within its total deadline, whatever the server does; a wait neither gives up nor oversleeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cases import ASKED, GRACE, READ, Case, list_all, read

from hitl import HITLClient
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    HITLError,
    PermissionDeniedError,
    ReviewNotFoundError,
    ServerError,
    WaitTimeoutError,
)
from hitl.testing import HostileServer, hostile
from hitl.testing.hostile import Fault

TOTAL = 0.5
OVERSHOOT = 0.25 + 0.1  # seconds that a wait may take after its deadline, and what starting and measuring take

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

SLOW: Mapping[str, Fault] = {
    "a head that drips": hostile.drip(20),
    "a body that drips": hostile.drip(20, part="body"),
    "a gzip body that drips": hostile.gzip() | hostile.drip(20, part="body"),
    "chunks that drip": hostile.chunked(pieces=1000) | hostile.drip(50),
    "silence": hostile.silence(),
    "silence in the status line": hostile.silence(5),
    "silence in the headers": hostile.silence(40),
    "silence in the body": hostile.silence(150),
    "an answer that is late": hostile.deaf(30),
    "1xx answers that drip": hostile.informational(pause=0.1),
    "1xx answers and then silence": hostile.informational(3) | hostile.silence(150),
    "a chunk size that never ends": hostile.raw(_CHUNKED + b"0" * 50, "silence"),
    "chunk extensions that drip": hostile.raw(_CHUNKED + b"1;" + b"x" * 5000, "silence") | hostile.drip(1000),
    "headers that drip": hostile.headers(5000) | hostile.drip(2000),
}


def _create(client: HITLClient, _server: HostileServer) -> str:
    return client.create_review(**ASKED).id


_IN_TIME: dict[str, Any] = {"within": TOTAL + GRACE, "settings": {"timeout": TOTAL}}


def _late() -> Iterator[Case]:
    for name, fault in SLOW.items():
        yield Case(f"{name} ends a read in time", 3, read, always=fault, error=APITimeoutError, **_IN_TIME)
        if "1xx" not in name:
            kept = f"{name} on a kept connection ends a read in time"
            yield Case(kept, 3, read, always=fault, error=APITimeoutError, is_warm=True, **_IN_TIME)
    unknown: dict[str, Any] = {"error": APITimeoutError, "facts": {"outcome_unknown": True}, "requests": 1, **_IN_TIME}
    for name, reviews in {"a head that drips": 1, "silence": 0, "silence in the body": 1}.items():
        yield Case(f"{name} ends a creation in time", 3, _create, always=SLOW[name], reviews=reviews, **unknown)
    flood = hostile.informational()
    yield Case("a flood of 1xx ends a read in time", 3, read, always=flood, error=APIConnectionError, **_IN_TIME)
    drip = hostile.drip(20)
    yield Case("a list whose pages drip ends in time", 3, list_all, always=drip, error=APITimeoutError, **_IN_TIME)
    failing: dict[str, Any] = {
        "always": hostile.answer(503),
        "error": (ServerError, APITimeoutError),  # whichever the last attempt meets, the answer or the deadline
        "settings": {"timeout": TOTAL, "max_retries": 1000, "retry_delay": 0.05},
    }
    yield Case("failures with pauses between them end in time", 3, read, within=TOTAL + GRACE, **failing)
    silence = hostile.silence()
    yield Case("a slow attempt leaves time for another", 3, read, [silence], result=READ, requests=2, **_IN_TIME)
    brief: dict[str, Any] = {"at_least": 0.2, "within": 0.8, "settings": {"timeout": 3, "request_timeout": 0.1}}
    name = "request_timeout ends an attempt, not the call"
    yield Case(name, 3, read, [silence, silence], result=READ, requests=3, **brief)


# --- requests that take long to send ---------------------------------------------------------------------------------


def _create_large(client: HITLClient, _server: HostileServer) -> str:
    return client.create_review("content_review", {"text": "Ring! " * 1_000_000}).id


def _large() -> Iterator[Case]:
    yield Case("six megabytes arrive whole", 7, _create_large, result="rev_3", reviews=1, settings={"timeout": 10})
    doubt = {"outcome_unknown": True, "sent": "maybe"}
    unread: dict[str, Any] = {
        "always": hostile.silence(hears=1000),
        "within": TOTAL + GRACE + 0.4,  # the request is checked and written before its time begins
        "settings": {"timeout": TOTAL},
    }
    name = "a large request that nobody reads ends in time"
    yield Case(name, 3, _create_large, error=APITimeoutError, facts=doubt, **unread)
    too_large: dict[str, Any] = {
        "error": APIStatusError,
        "facts": {"status_code": 413, "attempts": 1, "outcome_unknown": False},
        "requests": 1,
        "settings": {"timeout": 5},
    }
    early = [hostile.early(1000) | hostile.answer(413)]
    yield Case("a refusal of a large request is heard before all of it is sent", 7, _create_large, early, **too_large)
    broken = "a large request whose connection breaks"
    reset = [hostile.reset(hears=100_000)]
    unknown: dict[str, Any] = {"error": APIConnectionError, "settings": {"timeout": 5}}
    yield Case(f"{broken} is in doubt", 1, _create_large, reset, facts={"attempts": 1, **doubt}, **unknown)
    honoured: dict[str, Any] = {"result": "rev_4", "reviews": 1, "is_warm": True, "settings": {"timeout": 10}}
    yield Case(f"{broken} is sent again where keys are honoured", 1, _create_large, reset, **honoured)


# --- no connection at all --------------------------------------------------------------------------------------------


def _read_once_it_listens(client: HITLClient, server: HostileServer) -> tuple[str, str]:
    server.refuse(0.15)
    return read(client, server)


def _read_although_it_refuses(client: HITLClient, server: HostileServer) -> tuple[str, str]:
    server.refuse()
    return read(client, server)


def _create_once_it_listens(client: HITLClient, server: HostileServer) -> int:
    server.refuse(0.15)
    client.create_review(**ASKED)
    return len(server.reviews)


def _refused() -> Iterator[Case]:
    patient = {"timeout": 3, "max_retries": 12, "retry_delay": 0.05}
    again = "a server that refuses for a moment is asked again"
    yield Case(again, 7, _read_once_it_listens, result=READ, settings=patient)
    without_keys: dict[str, Any] = {"requests": 1, "reviews": 1, "server": {"honours_keys": False}}
    name = "a creation that found no connection is sent again without doubt"
    yield Case(name, 1, _create_once_it_listens, result=3, settings=patient, **without_keys)
    told: dict[str, Any] = {"outcome_unknown": False, "retryable": True}
    for name, is_warm, facts in (
        ("a server that goes on refusing is told", False, {"sent": "no", "attempts": 3, **told}),
        ("a server that refuses and has open connections is told", True, told),
    ):
        refusing: dict[str, Any] = {"error": APIConnectionError, "facts": facts, "requests": 0}
        yield Case(name, 7, _read_although_it_refuses, is_warm=is_warm, **refusing)


# --- waits -----------------------------------------------------------------------------------------------------------


def _wait(client: HITLClient, _server: HostileServer) -> tuple[str, str, object]:
    review = client.wait_for_review("rev_2", timeout=5, poll_interval=0.02)
    return review.id, review.status, review.result


def _wait_in_vain(client: HITLClient, _server: HostileServer) -> None:
    client.wait_for_review("rev_1", timeout=0.5, poll_interval=0.02)


_PASSING: Mapping[str, Fault] = {
    "a 503": hostile.answer(503),
    "a 429": hostile.answer(429) | hostile.header("Retry-After", "0.1"),
    "a reset": hostile.reset(),
    "a reset in the body": hostile.reset(150),
    "broken gzip": hostile.gzip(keep=0.5),
    "a page of HTML": hostile.body(b"<html>", "text/html"),
    "NaN": hostile.body(b'{"data": NaN}'),
    "a proxy that does not find the server": hostile.answer(530),
    "a version that is no number": hostile.change(status="in_progress", version="two"),
    "a creation in the year 1": hostile.change(status="in_progress", created_at="0001-01-01T00:00:00"),
    "a flood of 1xx": hostile.informational(100),
    "an answer for another review": hostile.change(id="rev_1"),
    "a second answer": hostile.surplus(hostile.Reply.of({})) | hostile.change(status="in_progress"),
    "a status nobody knows": hostile.change(status="pondered"),
}
_LASTING: Mapping[int, type[HITLError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: ReviewNotFoundError,
    410: APIStatusError,
}


def _waits() -> Iterator[Case]:
    answered = ("rev_2", "completed", {"approved": True})
    brief: dict[str, Any] = {"requests": (3, 6), "settings": {"timeout": 0.4}}
    for name, fault in _PASSING.items():
        yield Case(f"a wait survives {name}", 4, _wait, [fault] * 2, result=answered, **brief)
    for status, error in _LASTING.items():
        yield Case(f"a {status} ends a wait", 4, _wait, [hostile.answer(status)], error=error, requests=1, within=0.5)
    in_vain: Mapping[str, Fault | None] = {
        "an open review": None,
        "silence": hostile.silence(),
        "a 503": hostile.answer(503),
        "a body that drips": hostile.drip(20),
        "a Retry-After of a minute": hostile.answer(429) | hostile.header("Retry-After", "60"),
        "a verdict on another review": hostile.change(id="rev_2", status="completed"),
        "a status nobody knows": hostile.change(status="pondered"),
    }
    in_time: dict[str, Any] = {"at_least": 0.25, "within": 0.5 + OVERSHOOT, "settings": {"timeout": 0.3}}
    for name, always in in_vain.items():
        yield Case(
            f"a wait for {name} ends in time", 4, _wait_in_vain, always=always, error=WaitTimeoutError, **in_time
        )


CASES = [*_late(), *_large(), *_refused(), *_waits()]
