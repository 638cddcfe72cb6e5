"""The API key is in nothing that a program shows, logs, keeps or sends on."""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import math
import pickle
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from cases import ASKED
from exposure import attributes, locals_of, shows

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import AuthenticationError, HITLError
from hitl.retry import retry_with_backoff
from hitl.testing import HostileServer, hostile
from hitl.testing.hostile import Fault

KEY = "hitl_live_" + "9f8e7d6c5b4a" * 2  # looks like a real one


def causes(error: BaseException) -> Iterator[BaseException]:
    """Give what led to an error, hidden or not."""
    for each in (error.__cause__, error.__context__):
        if each is not None:
            yield each
            yield from causes(each)


def found_in(*roots: object) -> list[type]:
    """Return the classes of what shows the key, of all that is found from these objects."""
    return [type(each) for each in attributes(roots) if shows(each, KEY)]


FAULTS: dict[str, Fault] = {
    "a refusal that repeats the key": hostile.answer(401, {"error": {"code": KEY, "message": f"bad key {KEY}"}}),
    "a refusal that repeats the header": hostile.answer(
        403, {"msg": f"Authorization: Bearer {KEY}", "data": {KEY: KEY}}
    ),
    "a failure": hostile.answer(503),
    "a reset": hostile.reset(handles=True),
    "silence": hostile.silence(),
    "garbage with the key in it": hostile.raw(f"HTTP/1.1 2{KEY} OK\r\n\r\n".encode()),
    "a header with the key in it": hostile.answer(429, {}, X_Request_Id=KEY, Location=f"http://x/{KEY}"),
    "a page with the key in it": hostile.body(f"<html>{KEY}".encode(), "text/html"),
    "a wrong shape with the key in it": hostile.document({"data": {"id": KEY}}),
    "an encoding named like the key": hostile.encoding(KEY),
    "an answer at a moment named like the key": hostile.change(created_at=KEY),
}


def _blocking(server: HostileServer) -> None:
    with HITLClient(KEY, base_url=server.url, timeout=0.5, max_retries=1, retry_delay=0.01) as client:
        retry_with_backoff(max_retries=0)(client.create_review)(**ASKED)


def _asynchronous(server: HostileServer) -> None:
    async def ask() -> None:
        async with AsyncHITLClient(KEY, base_url=server.url, timeout=0.5, max_retries=1, retry_delay=0.01) as client:
            await client.create_review(**ASKED)

    asyncio.run(ask())


def _batch(server: HostileServer) -> None:
    with HITLClient(KEY, base_url=server.url, timeout=0.5, max_retries=1, retry_delay=0.01) as client:
        client.create_reviews([ASKED])


# A batch waits for a server that is busy, which takes its time, and has the errors of its items from the same place.
IN_A_BATCH = ("a refusal that repeats the key", "a wrong shape with the key in it")


@pytest.mark.parametrize(
    ("ask", "name"),
    [*product((_blocking, _asynchronous), FAULTS), *product((_batch,), IN_A_BATCH)],
)
def test_errors_logs_and_tracebacks_do_not_show_the_key(
    server: HostileServer, name: str, ask: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    server.next(FAULTS[name], times=math.inf)
    with pytest.raises(HITLError) as caught:
        ask(server)
    error = caught.value
    assert KEY not in locals_of(error)
    assert found_in(error, error.args, str(error), vars(error), error.__cause__, error.__context__) == []
    libraries = {type(each).__module__.partition(".")[0] for each in attributes([error, vars(error), *causes(error)])}
    assert not libraries & {"httpx", "httpcore", "h11", "anyio"}
    assert KEY.encode() not in pickle.dumps(error)
    assert type(copy.deepcopy(error)) is type(error)
    assert KEY not in caplog.text
    assert found_in(*(vars(record) for record in caplog.records)) == []


def test_a_key_that_a_refusal_repeats_is_masked(server: HostileServer) -> None:
    server.next(FAULTS["a refusal that repeats the key"])
    with pytest.raises(AuthenticationError, match=r"bad key \*\*\*"):
        _blocking(server)


@pytest.mark.parametrize("kind", [HITLClient, AsyncHITLClient])
def test_a_walk_over_a_client_does_not_find_the_key(server: HostileServer, kind: Callable[..., Any]) -> None:
    client = kind(KEY, base_url=server.url)
    try:
        if isinstance(client, HITLClient):
            client.get_review("rev_1")
        else:
            asyncio.run(client.get_review("rev_1"))
        # The generated client keeps the token that it was given, a str whose repr masks it; nothing else may have it.
        found = found_in(client, repr(client), client.api)
        assert [kind for kind in found if kind is str or not issubclass(kind, str)] == []
        assert KEY not in repr(client.api)
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError) as caught:
                copied(client)
            assert KEY not in str(caught.value)
    finally:
        client.close() if isinstance(client, HITLClient) else asyncio.run(client.aclose())


def test_warnings_do_not_show_the_key(server: HostileServer) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = HITLClient(KEY, base_url=server.url)
        client.get_review("rev_1")
        del client
        gc.collect()
    assert caught
    assert not any(KEY in str(each.message) or KEY in repr(each.source) for each in caught)


def test_the_key_arrives_where_it_belongs_and_only_there(server: HostileServer) -> None:
    with HITLClient(KEY, base_url=server.url) as client:
        client.get_review("rev_1")
    (request,) = [request for request in server.requests if request.method == "GET"]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in request.target
    assert request.raw.count(KEY.encode()) == 1
