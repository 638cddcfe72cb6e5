"""Calls over a socket, beside bare httpx and beside other SDKs: `python -m benchmarks.peers [ROUNDS]`.

Each figure is a process of its own, run A-B-A: the baseline right before and right after each candidate. CPU seconds of
the whole client process are the steady figure; wall time on a shared machine is mostly its scheduler's.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from attrs import define

from benchmarks.measure import Ratio
from benchmarks.servers import Server, behind_nginx, over_tls, plain

BASELINE = "httpx"

# Client of load.py, and the environment that it runs in.
SYNC = {
    "socket": "httpx",
    "pyreqwest": "pyreqwest",
    "hitl": "hitl",
    "hitl through httpx": "hitl",
    "svix": "svix",
    "openai": "openai",
    "anthropic": "anthropic",
    "stripe": "stripe",
    "label-studio-sdk": "label-studio-sdk",
    "humanlayer": "humanlayer",
    "gotohuman": "gotohuman",
}
SLOW = {"gotohuman": 40}  # calls, where one takes as long as a hundred of the others
ASYNC = {
    "hitl": "hitl",
    "hitl-uvloop": "hitl-uvloop",
    "hitl through httpx": "hitl",
    "aiohttp": "aiohttp",
    "pyreqwest": "pyreqwest",
    "svix": "svix",
    "openai": "openai",
    "anthropic": "anthropic",
}
TLS = {each: each for each in ("hitl", "aiohttp", "pyreqwest")}
BLOCKING_TLS = {each: each for each in ("hitl", "pyreqwest")}


class Plan(NamedTuple):
    """What is compared: which clients, each with its environment, in how many calls, against which server."""

    title: str
    mode: str
    in_flight: int
    clients: Mapping[str, str]
    calls: int
    server: Callable[[], AbstractContextManager[Server]] = plain


PLANS = (
    Plan("Blocking", "sync", 1, SYNC, 600),
    Plan("Asynchronous", "async", 1, ASYNC, 600),
    Plan("32 in flight", "async", 32, ASYNC, 1500),
    Plan("Blocking, over TLS", "sync", 1, BLOCKING_TLS, 600, over_tls),
    Plan("32 in flight, over TLS", "async", 32, TLS, 1500, over_tls),
    Plan("Blocking, nginx with TLS", "sync", 1, BLOCKING_TLS, 600, behind_nginx),
    Plan("32 in flight, nginx with TLS", "async", 32, TLS, 1500, behind_nginx),
)


@define
class Comparison:
    """What was found of one client in one mode, each as a ratio to bare httpx in the same triple.

    Attributes:
        cpu: CPU of one call.
        rate: Calls in a second.
        p99: 99th percentile of the latency.
        microseconds: CPU of one call, absolute; the median.
        idle: The least share of the time in which the stub had nothing to do.
    """

    cpu: Ratio
    rate: Ratio
    p99: Ratio
    microseconds: float
    idle: float


def compare(rounds: int = 5) -> Iterator[tuple[str, Comparison]]:
    """Yield "plan: client" and what was found; what cannot be installed here is left out, and nginx where it is not."""
    for plan in PLANS:
        for client, environment in plan.clients.items():
            with contextlib.suppress(subprocess.CalledProcessError, FileNotFoundError), plan.server() as server:
                triples = []
                calls = SLOW.get(client, plan.calls)
                for _ in range(rounds):
                    before = server.run(BASELINE, BASELINE, plan.mode, calls, plan.in_flight)
                    middle = server.run(client, environment, plan.mode, calls, plan.in_flight)
                    after = server.run(BASELINE, BASELINE, plan.mode, calls, plan.in_flight)
                    triples.append((before, middle, after))
                yield f"{plan.title}: {client}", _comparison(triples, server.busiest)


def _comparison(triples: list[tuple[dict[str, float], ...]], busiest: float) -> Comparison:
    def of(name: str, *, inverse: bool = False) -> Ratio:
        found = [2 * middle[name] / (before[name] + after[name]) for before, middle, after in triples]
        found = [1 / each for each in found] if inverse else found
        return Ratio(statistics.median(found), min(found), max(found))

    each = statistics.median(middle["cpu"] / middle["calls"] for _, middle, _ in triples)
    return Comparison(of("cpu"), of("wall", inverse=True), of("p99"), each * 1e6, 1 - busiest)


def main(rounds: int = 5) -> None:
    """Print one line for each."""
    print(f"{'':38} {'CPU ÷ httpx':>20} {'calls/s ÷ httpx':>20} {'p99 ÷ httpx':>20}   CPU us  stub idle")
    for name, found in compare(rounds):
        print(
            f"{name:38} {found.cpu!s:>20} {found.rate!s:>20} {found.p99!s:>20}  {found.microseconds:6.0f}"
            f"     {found.idle:4.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
