"""Calls over a socket, beside bare httpx and beside other SDKs: `python -m benchmarks.peers [ROUNDS]`.

Each figure is a process of its own, run A-B-A: the baseline right before and right after each candidate. CPU seconds of
the whole client process are the steady figure; wall time on a shared machine is mostly its scheduler's.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from attrs import define, field

from benchmarks.environments import ROOT, python_of, surroundings
from benchmarks.measure import Ratio

BASELINE = "httpx"
LOAD = str(ROOT / "benchmarks" / "load.py")

# Client of load.py, and the environment that it runs in.
SYNC = {
    "socket": "httpx",
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
    "svix": "svix",
    "openai": "openai",
    "anthropic": "anthropic",
}
PLANS = {("sync", 1): (SYNC, 600), ("async", 1): (ASYNC, 600), ("async", 32): (ASYNC, 1500)}


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


@define
class _Stub:
    url: str
    busiest: float = field(default=0.0)

    def run(self, client: str, environment: str, mode: str, calls: int, in_flight: int) -> dict[str, float]:
        before = self._cpu()
        command = [str(python_of(environment)), LOAD, client, mode, str(calls), str(in_flight), self.url]
        done = subprocess.run(command, env=surroundings(environment), check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout)
        self.busiest = max(self.busiest, (self._cpu() - before) / found["wall"])
        return {**found, "calls": calls}

    def _cpu(self) -> float:
        with urllib.request.urlopen(f"{self.url}/_usage") as told:
            return float(json.load(told))


@contextlib.contextmanager
def stub(milliseconds: float = 0.0) -> Iterator[_Stub]:
    """Run a stub, and yield it."""
    command = [sys.executable, "-m", "benchmarks.stub", str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield _Stub(server.stdout.readline().strip())
        finally:
            server.kill()


def compare(rounds: int = 5) -> Iterator[tuple[str, Comparison]]:
    """Yield "mode, in flight: client" and what was found; clients that cannot be installed here are left out."""
    for (mode, in_flight), (clients, usual) in PLANS.items():
        for client, environment in clients.items():
            with contextlib.suppress(subprocess.CalledProcessError), stub() as server:
                triples = []
                calls = SLOW.get(client, usual)
                for _ in range(rounds):
                    before = server.run(BASELINE, BASELINE, mode, calls, in_flight)
                    middle = server.run(client, environment, mode, calls, in_flight)
                    after = server.run(BASELINE, BASELINE, mode, calls, in_flight)
                    triples.append((before, middle, after))
                yield f"{mode}, {in_flight} in flight: {client}", _comparison(triples, server.busiest)


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
