"""A live sandbox, and each client connected to it; every exchange is held against `openapi.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from both_clients import KINDS, Clock, Connect, client_of
from requests_fit import Recorder

from hitl import HITLClient
from hitl.testing import Sandbox


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(params=KINDS)
def connect(request: pytest.FixtureRequest, recorder: Recorder) -> Iterator[Connect]:
    with ExitStack() as clients:

        def connect(sandbox: Sandbox, **settings: Any) -> HITLClient:
            settings = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, **settings}
            return clients.enter_context(client_of(request.param, recorder, settings))

        yield connect


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def client(connect: Connect, sandbox: Sandbox) -> HITLClient:
    return connect(sandbox)
