"""A real client before a scripted server, on a clock that jumps: for unit tests of clients, waits and batches.

    client = scripted(refused(503), reviewed("completed"), timeout=60)      # the last answer is repeated for ever
    assert client.wait_for_review("rev_1", timeout=3600).status == "completed"
    assert [request.method for request in client.sent] == ["GET", "GET"]
    assert client.sleeps == [1.0]                                           # what it slept, in no time
    assert client.now - client.began == 1.0

An answer is what `answer`, `reviewed` and `refused` return, a failure such as `BROKEN`, or a function that is given the
call and returns one of these. All settings of `HITLClient` are taken; jitter is drawn at its highest (`jitter=max`).
`scripted_async` gives the same of `AsyncHITLClient`. For many waits at once, `world_client(world)` gives a client whose
methods return what `World.start` carries out:

    world = World(Vendor(limit=100))
    client = world_client(world)
    world.start(client.wait_for_review("rev_1", timeout=60), results.append)
    world.run()

This module alone knows the seam, which is the clients' `_run` and `_stream` and the clock and jitter of their exchange.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar

from attrs import evolve
from script import Script, Scripted
from world import World

from hitl import AsyncHITLClient, HITLClient
from hitl.models import Outcome

T = TypeVar("T")
KEY = "hitl_test_not_a_secret"


class _Recording:
    """What a scripted client was made to do."""

    script: Script

    @property
    def calls(self) -> list[Any]:
        """Each attempt of each call: its `operation`, its `request` and the seconds it was given (`timeout`)."""
        return self.script.calls

    @property
    def sent(self) -> list[Any]:
        """Each request that was sent: `method`, `path`, `query`, `headers`, `body`."""
        return [call.request for call in self.script.calls]

    @property
    def bodies(self) -> list[Any]:
        """The JSON body of each request."""
        return [json.loads(request.body) for request in self.sent]

    @property
    def sleeps(self) -> list[float]:
        return self.script.sleeps

    @property
    def now(self) -> float:
        return self.script.now

    @property
    def began(self) -> float:
        return self.script.began


class ScriptedClient(_Recording, HITLClient):
    """See the module."""

    def _run(self, flow: Any) -> Any:
        return self.script.play(flow)

    def _stream(self, batch: Any) -> Generator[Outcome, None, None]:
        return self.script.stream(batch)


class AsyncScriptedClient(_Recording, AsyncHITLClient):
    """See the module."""

    async def _run(self, flow: Any) -> Any:
        return self.script.play(flow)

    async def _stream(self, batch: Any) -> AsyncGenerator[Outcome, None]:
        for each in self.script.stream(batch):
            yield each


class _WorldClient(HITLClient):
    def _run(self, flow: Any) -> Any:
        return flow


Draw = Callable[[float, float], float]


def scripted(*answers: Scripted, jitter: Draw = max, each_takes: float = 0.0, **settings: Any) -> ScriptedClient:
    """Return a client that is given these answers, one after the other, each after `each_takes` seconds."""
    return _on(Script(answers, each_takes=each_takes), ScriptedClient(**{"api_key": KEY, **settings}), jitter)


def scripted_async(
    *answers: Scripted, jitter: Draw = max, each_takes: float = 0.0, **settings: Any
) -> AsyncScriptedClient:
    """Return the asynchronous client before the same script; its methods are awaited as ever."""
    return _on(Script(answers, each_takes=each_takes), AsyncScriptedClient(**{"api_key": KEY, **settings}), jitter)


def world_client(world: World, *, jitter: Draw = max, **settings: Any) -> Any:
    """Return a client whose methods return flows for `world.start` instead of carrying them out."""
    client = _WorldClient(**{"api_key": KEY, **settings})
    _set_clock(client, world.clock, jitter)
    return client


def _on(script: Script, client: Any, jitter: Draw) -> Any:
    client.script = script
    _set_clock(client, script.clock, jitter)
    return client


def _set_clock(client: Any, clock: Any, jitter: Draw) -> None:
    methods = client._methods
    methods.clock = clock
    methods.exchange = evolve(methods.exchange, clock=clock, backoff=evolve(methods.exchange.backoff, uniform=jitter))
