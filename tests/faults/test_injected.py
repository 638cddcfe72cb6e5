"""The fault list through the user's httpx transport: the cases that differ are the recorded ones, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cases import awaited, blocking, run
from catalogue import CASES
from injected_differences import DIFFERENCES

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(params=["blocking", "asyncio"], scope="module")
def connect(request: pytest.FixtureRequest, portal: BlockingPortal) -> Connect:
    if request.param == "blocking":
        return lambda **given: blocking(transport=httpx.HTTPTransport(), **given)
    return lambda **given: awaited(portal, transport=httpx.AsyncHTTPTransport(), **given)


@pytest.mark.parametrize("name", CASES)
def test_the_promise_is_kept(name: str, connect: Connect) -> None:
    run(CASES[name], connect)
