"""What is tried again, how often and after how long; and by which key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from cases import ASKED, READ, Case, create, doubtful, read, survived

from hitl import HITLClient
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    ConflictError,
    HITLError,
    InvalidRequestError,
    PermissionDeniedError,
    RateLimitError,
    ReviewNotFoundError,
    ServerError,
)
from hitl.retry import retry_with_backoff
from hitl.testing import HostileServer, hostile

PASSING = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529)
LASTING: dict[int, type[APIStatusError]] = {
    **dict.fromkeys((300, 302, 402, 405, 406, 407, 410, 413, 415, 418, 421, 451, 499), APIStatusError),
    **dict.fromkeys((501, 505, 511, 599, 600, 999), ServerError),
    **dict.fromkeys((400, 422), InvalidRequestError),
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: ReviewNotFoundError,
    409: ConflictError,
}


def _statuses() -> Iterator[Case]:
    for status in PASSING:
        yield Case(f"a read survives a {status}", 2, read, [hostile.answer(status)], result=READ, requests=2)
    for status, error in LASTING.items():
        told: dict[str, Any] = {"status_code": status, "attempts": 1, "sent": "yes", "retryable": False}
        yield Case(
            f"a {status} is not asked for again", 2, read, [hostile.answer(status)], error=error, facts=told, requests=1
        )


_PAGES = {
    "HTML": b"<html>\xff\xfe</html>",
    "no body": b"",
    "100,000 brackets": b"[" * 100_000,
    "NaN": b'{"error": NaN}',
    "a list": b"[1]",
    "control characters": b'{"error": {"message": "\\u001b[31m\\r\\nkey", "code": 7}}',
}


def _bodies_of_refusals() -> Iterator[Case]:
    not_found: dict[str, Any] = {"error": ReviewNotFoundError, "facts": {"status_code": 404}, "requests": 1}
    for name, body in _PAGES.items():
        yield Case(f"a 404 with {name} is a 404", 7, read, [hostile.answer(404) | hostile.body(body)], **not_found)
    broken = {
        "broken gzip": hostile.gzip(keep=0.5),
        "an unknown encoding": hostile.encoding("br"),
        "a cut-off body": hostile.lie_about_length(9),
    }
    for name, fault in broken.items():
        yield Case(f"a 503 with {name} is a 503", 7, read, [hostile.answer(503) | fault], result=READ, requests=2)


def _again(asked: str, *more: tuple[str, str]) -> hostile.Fault:
    fault = hostile.answer(503) | hostile.header("Retry-After", asked)
    for name, value in more:
        fault = fault | hostile.header(name, value)
    return fault


_DATE = ("Date", "Wed, 01 Jan 2020 00:00:00 GMT")


_SENSELESS = (
    *("-1", "nan", "inf", "Infinity", "0x10", "1,2", "1e5", "soon", "+1", "\u0661\u0662", "1_000", "--"),
    *("", "1 2", "12 seconds", "\N{STOPWATCH}"),
)


def _retry_after() -> Iterator[Case]:
    heeded = {
        "in seconds": (_again("1"), 1.0),
        "with a fraction": (_again("0.3"), 0.3),
        "in milliseconds": (_again("5", ("Retry-After-Ms", "300")), 0.3),
        "as a date": (_again("Wed, 01 Jan 2020 00:00:01 GMT", _DATE), 1.0),
        "as a date in the old form": (_again("Wednesday, 01-Jan-20 00:00:01 GMT", _DATE), 1.0),
    }
    once_more: dict[str, Any] = {"result": READ, "requests": 2}
    for name, (fault, least) in heeded.items():
        limits: dict[str, Any] = {"at_least": least, "within": least + 0.5, "settings": {"timeout": 5}}
        yield Case(f"Retry-After {name} is not undercut", 8, read, [fault], **once_more, **limits)
    for text in _SENSELESS:
        ignored = f"Retry-After {text!r} is ignored"
        yield Case(ignored, 8, read, [_again(text)], within=0.5, settings={"timeout": 5}, **once_more)
    past = _again("Tue, 31 Dec 2019 00:00:00 GMT", _DATE)
    yield Case("Retry-After in the past is no reason to wait", 8, read, [past], within=0.5, **once_more)
    century = _again("Fri, 01 Jan 2120 00:00:00 GMT", _DATE)
    too_long: dict[str, tuple[hostile.Fault, float, dict[str, Any]]] = {
        **{text: (_again(text), 200_000, {"retry_after": float(text)}) for text in ("61", "100000", "999999999999")},
        "beyond the time left": (_again("30"), 5, {"retry_after": 30.0}),
        "on a date in the next century": (century, 200_000, {}),
    }
    for name, (fault, timeout, told) in too_long.items():
        at_once: dict[str, Any] = {"facts": {"attempts": 1, **told}, "settings": {"timeout": timeout}, "within": 0.5}
        yield Case(f"Retry-After {name} raises now", 8, read, [fault], error=ServerError, requests=1, **at_once)


def _explicit(client: HITLClient, server: HostileServer) -> set[str | None]:
    client.create_review(**ASKED, idempotency_key="bell-1")
    return {request.idempotency_key for request in server.requests}


def _run_again(client: HITLClient, server: HostileServer) -> int:
    """Create two equal reviews in a scope, as a job that is run twice; return how many different keys were sent."""
    for _ in range(2):
        with client.idempotency_scope("job-42"):
            for _ in range(2):
                client.create_review(**ASKED)
    return len({request.idempotency_key for request in server.requests})


def _crash_in_scope(client: HITLClient, server: HostileServer) -> int:
    with suppress(HITLError), client.idempotency_scope("job-42"):
        client.create_review(**ASKED)
    with client.idempotency_scope("job-42"):
        client.create_review(**ASKED)
    return len(server.reviews)


def _decorated(client: HITLClient, _server: HostileServer) -> bool:
    @retry_with_backoff(max_retries=3, base_delay=0.01)
    def ask() -> Any:
        return client.create_review(**ASKED)

    return bool(ask())


def _nested(client: HITLClient, _server: HostileServer) -> bool:
    @retry_with_backoff(max_retries=3, base_delay=0.01)
    def outer() -> Any:
        @retry_with_backoff(max_retries=5, base_delay=0.01)
        def inner() -> Any:
            return client.get_review("rev_1")

        return inner()

    return bool(outer())


def _two_hundred(client: HITLClient, server: HostileServer) -> bool:
    """Read from a dead server; return whether retries stayed within the budget."""
    for _ in range(200):
        with suppress(ServerError):
            client.get_review("rev_1")
    return 200 <= len(server.requests) <= 225


def _keys() -> Iterator[Case]:
    for status in (500, 502, 503, 504):
        made, after = hostile.status(status) | hostile.body(b"{}"), f"a {status} after the review was made"
        yield doubtful(f"{after} leaves a creation in doubt", made, ServerError, requests=1, reviews=1)
        yield survived(f"{after} is survived where keys are honoured", made, requests=2)
    lost = hostile.reset(handles=True)
    trusting: dict[str, Any] = {"settings": {"idempotency": "trust"}, "server": {"shows_keys": False}}
    yield survived('idempotency="trust" repeats with the key at once', lost, requests=2, is_warm=False, **trusting)
    never: dict[str, Any] = {"error": APIConnectionError, "settings": {"idempotency": "never"}, "is_warm": True}
    yield Case('idempotency="never" repeats no creation', 1, create, [lost], requests=1, reviews=1, **never)
    yield survived("a 429 is no doubt", hostile.answer(429), requests=2, is_warm=False)
    handling = {"success": False, "error": {"code": "idempotency_in_progress", "message": "wait"}}
    again = "a creation that is still being handled is asked for again"
    yield survived(again, hostile.answer(409, handling), lost, requests=3, is_warm=False)
    explicit = "an explicit key is the key of all attempts"
    yield Case(explicit, 1, _explicit, [hostile.answer(429)], result={"bell-1"}, reviews=1)
    yield Case("a job that is run again makes no more reviews", 1, _run_again, result=2, requests=4, reviews=2)
    crashed = "a job that crashed makes no more reviews when it is run again"
    yield Case(crashed, 1, _crash_in_scope, [lost], result=3, reviews=1)


def _multiplying() -> Iterator[Case]:
    storm: dict[str, Any] = {"always": hostile.answer(503), "error": ServerError, "requests": 4}
    trusting = {"idempotency": "trust", "timeout": 5}
    exact = "a decorator around a client makes exactly its attempts"
    yield Case(exact, 2, _decorated, is_warm=True, settings=trusting, **storm)
    yield Case("nested decorators are one", 2, _nested, settings={"timeout": 5}, **storm)
    lost = [hostile.reset(handles=True)] * 3
    patient: dict[str, Any] = {"is_warm": True, "settings": {"timeout": 5}}
    once = "a decorator around a client makes one review of lost answers"
    yield Case(once, 2, _decorated, lost, result=True, requests=4, reviews=1, **patient)
    dead: dict[str, Any] = {"always": hostile.answer(503), "settings": {"retry_delay": 0}}
    yield Case("a dead server costs few extra requests", 2, _two_hundred, result=True, **dead)
    limited: dict[str, Any] = {"error": RateLimitError, "facts": {"attempts": 3, "retryable": True}}
    yield Case("a rate limit that goes on is told", 2, read, always=hostile.answer(429), requests=3, **limited)


CASES = [*_statuses(), *_bodies_of_refusals(), *_retry_after(), *_keys(), *_multiplying()]
