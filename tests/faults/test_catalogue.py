"""The fault list, with both clients: what a server can do, and what must be true all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cases_broken
import cases_content
import cases_origin
import cases_policy
import cases_time
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from cases import awaited, blocking, run
from catalogue import CASES

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(params=["blocking", "asyncio"], scope="module")
def connect(request: pytest.FixtureRequest, portal: BlockingPortal) -> Connect:
    return blocking if request.param == "blocking" else partial(awaited, portal)


@pytest.mark.parametrize("name", CASES)
def test_the_promise_is_kept(name: str, connect: Connect) -> None:
    run(CASES[name], connect)


def test_there_are_at_least_120_cases_and_no_two_of_one_name() -> None:
    modules = (cases_broken, cases_content, cases_origin, cases_policy, cases_time)
    assert 120 <= len(CASES) == sum(len(module.CASES) for module in modules)
