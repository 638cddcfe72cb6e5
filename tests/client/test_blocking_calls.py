"""A blocking client where an event loop is running: it works, and says once that the loop stands still."""

from __future__ import annotations

import asyncio
import sys
import types
import warnings
from collections.abc import Callable

import anyio
import anyio.to_thread
import httpx
import pytest
from script import review

from hitl import AsyncHITLClient, BlockingCallWarning, HITLClient

BODY = {"success": True, "data": review("completed")}
SETTINGS = {"api_key": "a_key", "base_url": "http://127.0.0.1:1"}
ITEM = {"template_id": "t", "content": {"text": "x"}}


@pytest.fixture
def client():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=BODY))
    with HITLClient(**SETTINGS, transport=transport) as client:
        yield client


def warnings_of(run: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [each for each in caught if each.category is BlockingCallWarning]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_review("rev_1"),
        lambda client: client.wait_for_review("rev_1"),
        lambda client: list(client.iter_create_reviews([ITEM])),
        lambda client: client.create_reviews([ITEM], on_error="return"),
    ],
)
def test_in_a_loop_it_warns_once_and_names_the_line(client, backend, call):
    async def main():
        for _ in range(3):
            call(client)

    [warning] = warnings_of(lambda: anyio.run(main, backend=backend))
    assert warning.filename == __file__
    assert "AsyncHITLClient" in str(warning.message)


def test_each_client_warns_for_itself(client):
    async def main():
        client.get_review("rev_1")
        with HITLClient(**SETTINGS, transport=httpx.MockTransport(lambda _: httpx.Response(200, json=BODY))) as other:
            other.get_review("rev_1")

    assert len(warnings_of(lambda: asyncio.run(main()))) == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_in_a_thread_beside_a_loop_it_does_not_warn(client, backend):
    async def main():
        await anyio.to_thread.run_sync(client.get_review, "rev_1")
        if backend == "asyncio":
            await asyncio.to_thread(client.get_review, "rev_1")  # with the context of the loop

    assert warnings_of(lambda: anyio.run(main, backend=backend)) == []


def test_without_a_loop_it_does_not_warn(client):
    asyncio.run(asyncio.sleep(0))
    assert warnings_of(lambda: client.get_review("rev_1")) == []


def test_in_a_notebook_it_does_not_warn(client, monkeypatch):
    async def cell():
        client.get_review("rev_1")

    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    assert warnings_of(lambda: asyncio.run(cell())) == []


def test_an_async_client_does_not_warn():
    async def main():
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=BODY))
        async with AsyncHITLClient(**SETTINGS, transport=transport) as client:
            await client.get_review("rev_1")

    assert warnings_of(lambda: asyncio.run(main())) == []
