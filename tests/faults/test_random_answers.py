"""Nothing but the package's own errors comes of any bytes that a server can send.

`HITL_RANDOM_ANSWERS=20000` in the environment makes as many as are promised; by default there are fewer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from cases import Connect, prepare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitl import HITLClient
from hitl.exceptions import HITLError
from hitl.testing import HostileServer, hostile

COUNT = int(os.environ.get("HITL_RANDOM_ANSWERS", "1000"))
REVIEW = b'{"data": {"id": "rev_1", "status": "created", "template_id": "t", "content": {}, "created_at": "2027-01-01T00:00:00Z"}}'

line_end = st.sampled_from([b"\r\n", b"\n", b"\r", b"\0"])
statuses = st.one_of(st.integers(100, 999).map(lambda code: b"%d" % code), st.binary(max_size=4))
versions = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"http/1.1", b"ICY", b""])
names = st.sampled_from(
    (
        b"Content-Length Transfer-Encoding Content-Encoding Content-Type Retry-After Retry-After-Ms Date Location Connection "
        b"X-RateLimit-Remaining X-RateLimit-Reset Idempotency-Key Idempotent-Replayed Preference-Applied X-Request-Id "
        b"Set-Cookie Trailer Upgrade"
    ).split()
)
values = st.one_of(
    st.sampled_from(
        [b"chunked", b"gzip", b"br", b"close", b"keep-alive", b"application/json", b"text/html", b"wait=5"]
    ),
    st.integers(-5, 10**20).map(lambda number: b"%d" % number),
    st.binary(max_size=30),
    st.just(b"%d" % len(REVIEW)),
)
headers = st.lists(st.tuples(names, values), max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "id", "status", "content", "error", "code", "meta", "result"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.just(REVIEW),
    st.binary(max_size=80),
    json_values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.binary(max_size=20).map(lambda data: b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)),
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw something like an answer: often right in most places, so that it gets far before it goes wrong."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    end = draw(st.one_of(st.just(b"\r\n"), line_end))
    first = draw(versions) + b" " + draw(statuses) + b" OK"
    fields = [name + b": " + value for name, value in draw(headers)]
    body = draw(bodies)
    if draw(st.booleans()):
        fields.append(b"Content-Length: %d" % len(body))
    return end.join([first, *fields, b"", body])


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        prepare(server)
        yield server


@pytest.fixture(scope="module")
def client(connect: Connect, server: HostileServer) -> Iterator[HITLClient]:
    with connect(base_url=server.url, timeout=2, max_retries=0) as client:
        yield client


@settings(max_examples=COUNT // 2, suppress_health_check=list(HealthCheck), database=None)
@given(answer=answers(), operation=st.sampled_from(["get", "create", "list", "cancel", "update"]))
def test_random_answers_raise_nothing_but_our_own_errors(
    server: HostileServer, client: HITLClient, answer: bytes, operation: str
) -> None:
    server.clear()
    server.requests.clear()
    server.next(hostile.raw(answer), times=2)
    act = {
        "get": lambda: client.get_review("rev_1"),
        "create": lambda: client.create_review("t", {"text": "Ring!"}),
        "list": lambda: list(client.list_reviews()),
        "cancel": lambda: client.cancel_review("rev_1"),
        "update": lambda: client.update_review("rev_1", priority="high"),
    }[operation]
    try:
        found, failure = act(), None
    except HITLError as error:
        found, failure = None, error
    if failure is not None:
        assert str(failure)
        assert failure.attempts == 1
    elif operation in ("get", "cancel", "update"):
        assert found.id == "rev_1"
