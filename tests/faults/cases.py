"""What a case of the fault list is, and how one is run with either client."""

from __future__ import annotations

import http.client
import json
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from anyio.from_thread import BlockingPortal
from portals import through

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import HITLError
from hitl.testing import HostileServer
from hitl.testing.hostile import Fault

KEY = "hitl_test_not_a_secret"
QUICK = {"timeout": 8.0, "max_retries": 2, "retry_delay": 0.01}  # cases about time have a timeout of their own
GRACE = 0.6  # seconds by which a call may exceed its total deadline
ATTEMPTS = 3  # a busy machine may make a call late, but not each time that it is made
ASKED = {"template_id": "content_review", "content": {"text": "Ring!"}}

Act = Callable[[HITLClient, HostileServer], Any]
Connect = Callable[..., AbstractContextManager[HITLClient]]


@dataclass(frozen=True)
class Case:
    """One fault, what the client does meanwhile, and what must be true afterwards.

    The server has two reviews when the call is made, rev_1 (open) and rev_2 (completed, approved).

    Attributes:
        name: What is promised, as a sentence.
        promise: Its number in the list of promises.
        call: What the client does; its result is compared with `result`.
        faults: What the requests meet, one after the other.
        always: What all requests after these meet.
        error: The class that is raised, exactly, or those of which one is; None if nothing is.
        facts: Attributes that the error must have.
        result: What the call returns.
        requests: How many requests arrive during the call, or the least and the most.
        reviews: How many reviews the call makes.
        within: Seconds that the call may take.
        at_least: Seconds that the call must take.
        is_warm: Whether the client has talked to the server before: it holds an open connection, and knows whether
            keys are honoured.
        settings: Arguments of the client beside the quick ones.
        server: Arguments of the server.
    """

    name: str
    promise: int
    call: Act
    faults: Sequence[Fault] = ()
    always: Fault | None = None
    error: type[HITLError] | tuple[type[HITLError], ...] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    requests: int | tuple[int, int] | None = None
    reviews: int = 0
    within: float | None = None
    at_least: float = 0.0
    is_warm: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)


def run(case: Case, connect: Connect) -> None:
    """Run a case with the client that `connect` makes, and hold what happens to what must be true."""
    for _ in range(ATTEMPTS):
        took = _run_once(case, connect)
        if took <= (case.within or math.inf):
            return
    raise AssertionError(f"it took {took:.2f} s")


def _run_once(case: Case, connect: Connect) -> float:
    """Hold what happens to what must be true, but for the longest that it may take; return how many seconds it took."""
    with HostileServer(**case.server) as server:
        prepare(server)
        with connect(base_url=server.url, **{**QUICK, **case.settings}) as client:
            if case.is_warm:
                client.create_review(**ASKED)
            server.requests.clear()
            made = len(server.reviews)
            server.next(*case.faults)
            if case.always is not None:
                server.next(case.always, times=math.inf)
            started = time.monotonic()
            result = _outcome(case, client, server)
            took = time.monotonic() - started
        _check(case, result, took, server, len(server.reviews) - made)
    return took


def _outcome(case: Case, client: HITLClient, server: HostileServer) -> Any:
    try:
        return case.call(client, server)
    except HITLError as error:
        if case.error is None:
            raise
        return error


def _check(case: Case, result: Any, took: float, server: HostileServer, made: int) -> None:
    if case.error is None:
        assert result == case.result, result
    else:
        kinds = case.error if isinstance(case.error, tuple) else (case.error,)
        assert type(result) in kinds, repr(result)
        told = {name: getattr(result, name) for name in case.facts}
        assert told == case.facts, f"{told} {result}"
        assert KEY not in f"{result} {result!r} {vars(result)}"
    least, most = case.requests if isinstance(case.requests, tuple) else (case.requests, case.requests)
    arrived = len(server.requests)
    assert least is None or least <= arrived <= most, f"{arrived} requests"  # type: ignore[operator]
    assert made == case.reviews, f"{made} reviews were made"
    assert took >= case.at_least, f"it took {took:.2f} s only"
    assert server.unmet() == []


def prepare(server: HostileServer) -> None:
    """Make rev_1, which is open, and rev_2, which is approved."""
    if server.url.startswith("http:"):
        for _ in range(2):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("POST", "/v1/reviews", json.dumps(ASKED), {"Content-Type": "application/json"})
            connection.getresponse().read()
            connection.close()
        server.decide("rev_2", approved=True)


@contextmanager
def blocking(**settings: Any) -> Generator[HITLClient, None, None]:
    """Give the blocking client."""
    with HITLClient(**{"api_key": KEY, **settings}) as client:
        yield client


@contextmanager
def awaited(portal: BlockingPortal, **settings: Any) -> Generator[HITLClient, None, None]:
    """Give the asynchronous client, to be called as if it were the blocking one."""
    with through(portal, AsyncHITLClient(**{"api_key": KEY, **settings})) as client:
        yield client


# --- what is done ----------------------------------------------------------------------------------------------------


def read(client: HITLClient, _server: HostileServer) -> tuple[str, str]:
    review = client.get_review("rev_1")
    return review.id, review.status


def read_twice(client: HITLClient, _server: HostileServer) -> list[tuple[str, str]]:
    return [(review.id, review.status) for review in (client.get_review(f"rev_{number}") for number in (1, 2))]


def list_all(client: HITLClient, _server: HostileServer) -> list[str]:
    return [review.id for review in client.list_reviews()]


def create(client: HITLClient, server: HostileServer) -> bool:
    """Create a review; return whether all requests for it carried one and the same key."""
    before = len(server.requests)
    review = client.create_review(**ASKED)
    keys = {request.idempotency_key for request in server.requests[before:] if request.is_whole}
    return review.content == ASKED["content"] and review.id == list(server.reviews)[-1] and len(keys) == 1


def create_beside(client: HITLClient, server: HostileServer) -> bool:
    """Create a review with a key that the next creation's answer repeats, then another."""
    client.create_review(**ASKED, idempotency_key="job-7")
    return create(client, server)


def update(client: HITLClient, _server: HostileServer) -> str | None:
    return client.update_review("rev_1", priority="high").priority


def cancel(client: HITLClient, _server: HostileServer) -> str:
    return client.cancel_review("rev_1").status


def survived(name: str, *faults: Fault, **more: Any) -> Case:
    """Return the case of a creation that is made once although it is sent again, since its key is honoured."""
    return Case(name, 1, create, faults, **{"result": True, "reviews": 1, "is_warm": True, **more})


def doubtful(name: str, fault: Fault, error: type[HITLError], facts: Mapping[str, object] = {}, **more: Any) -> Case:
    """Return the case of a creation that may have been made, and is not sent again where keys are not honoured."""
    facts = {"outcome_unknown": True, "retryable": False, "attempts": 1, **facts}
    return Case(name, 1, create, [fault], error=error, facts=facts, **{"server": {"honours_keys": False}, **more})


READ = ("rev_1", "created")
BOTH = [("rev_1", "created"), ("rev_2", "completed")]
