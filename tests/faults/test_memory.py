"""Memory stays bounded, whatever comes: measured as the peak of a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cases import KEY, prepare

from hitl.testing import HostileServer, hostile
from hitl.testing.hostile import Fault

MOST = 60  # megabytes by which the peak may grow

PROGRAM = """
import asyncio, resource, sys
from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import HITLError

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)

def told(error):
    print(type(error).__name__, f"{peak() - before:.0f}")

if sys.argv[2] == "blocking":
    with HITLClient(sys.argv[3], base_url=sys.argv[1], timeout=60, max_retries=1, retry_delay=0) as client:
        client.get_review("rev_1")
        before = peak()
        try:
            client.get_review("rev_1")
        except HITLError as error:
            told(error)
else:
    async def call():
        global before
        async with AsyncHITLClient(sys.argv[3], base_url=sys.argv[1], timeout=60, max_retries=1, retry_delay=0) as client:
            await client.get_review("rev_1")
            before = peak()
            try:
                await client.get_review("rev_1")
            except HITLError as error:
                told(error)
    asyncio.run(call())
"""

FAULTS: dict[str, Fault] = {
    "a bomb of 600 MB": hostile.bomb(600),
    "a bomb that says nothing about its length": hostile.bomb(600)
    | hostile.version("HTTP/1.0")
    | hostile.until_close(),
    "a body of 256 MB in chunks": hostile.endless(256),
    "a body of 256 MB that is announced": hostile.endless(256, framing="length"),
    "a body of 256 MB until the connection ends": hostile.endless(256, framing="close"),
    "a bomb on a refusal": hostile.status(503) | hostile.bomb(600),
    "a long body on a refusal": hostile.status(404) | hostile.endless(256),
    "a flood of interim answers": hostile.informational(),
    "a head without an end": hostile.headers(100_000, 1000),
}


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_cannot_fill_the_memory(name: str, kind: str) -> None:
    with HostileServer() as server:
        prepare(server)
        server.next(Fault("honest"))
        server.next(FAULTS[name], times=10)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.url, kind, KEY], capture_output=True, text=True, timeout=120
        )
    assert done.stderr == ""
    error, grown = done.stdout.split()
    assert error.endswith("Error")
    assert int(grown) <= MOST
