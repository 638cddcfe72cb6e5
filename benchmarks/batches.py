"""Batches over a socket, beside AsyncOpenAI with gather and a semaphore, and beside aiohttp with workers.

`python -m benchmarks.batches [ROUNDS]`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from benchmarks.environments import ROOT, python_of, surroundings
from benchmarks.measure import Ratio, ratio
from benchmarks.servers import plain

BULK = str(ROOT / "benchmarks" / "bulk.py")
MEGABYTE = 1024 * 1024


def _run(environment: str, client: str, count: int, in_flight: int, milliseconds: float) -> dict[str, float]:
    with plain(milliseconds) as server:
        command = [str(python_of(environment)), BULK, client, str(count), str(in_flight), server.url]
        done = subprocess.run(command, env=surroundings(environment), check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    if found["done"] != count:
        raise RuntimeError(f"{client} made {found['done']} of {count}")
    return found


def _rate(environment: str, client: str, count: int, in_flight: int, milliseconds: float) -> Callable[[], float]:
    return lambda: count / _run(environment, client, count, in_flight, milliseconds)["wall"]


def rates(rounds: int = 3) -> dict[str, Ratio]:
    """Measure items in a second ÷ those of AsyncOpenAI with gather, or ÷ those of aiohttp, where it is named."""
    bare = _rate("aiohttp", "aiohttp", 10_000, 32, 0)
    slow, quick = _rate("openai", "openai", 2_000, 32, 20), _rate("openai", "openai", 10_000, 32, 0)
    bound = 32 / 0.020  # items in a second that a server of 20 ms lets 32 connections make
    return {
        "2,000 items, 20 ms server, 32 in flight": ratio(_rate("hitl", "hitl", 2_000, 32, 20), slow, rounds),
        "the same, asynchronous": ratio(_rate("hitl", "hitl async", 2_000, 32, 20), slow, rounds),
        "the same, 64 in flight ÷ 32 in flight": ratio(
            _rate("hitl", "hitl", 2_000, 64, 20), _rate("hitl", "hitl", 2_000, 32, 20), rounds
        ),
        "the same, ÷ what the latency allows": ratio(_rate("hitl", "hitl", 2_000, 32, 20), lambda: bound, rounds),
        "10,000 items, server at once, 32 in flight": ratio(_rate("hitl", "hitl", 10_000, 32, 0), quick, rounds),
        "the same, asynchronous ": ratio(_rate("hitl", "hitl async", 10_000, 32, 0), quick, rounds),
        "the same, ÷ aiohttp with workers": ratio(_rate("hitl", "hitl", 10_000, 32, 0), bare, rounds),
        "the same, asynchronous, ÷ aiohttp with workers": ratio(
            _rate("hitl", "hitl async", 10_000, 32, 0), bare, rounds
        ),
    }


def memory() -> dict[str, Ratio]:
    """Measure the memory of 100,000 items from a generator in MB, and of 10,000 kept results in KB each."""
    streamed = [_run("hitl", "hitl streamed", 100_000, 32, 0)["memory"] / MEGABYTE for _ in range(2)]
    kept = [_run("hitl", "hitl kept", 10_000, 32, 0)["memory"] / 10_000 / 1024 for _ in range(2)]
    return {
        "MB more for 100,000 items from a generator": Ratio(sum(streamed) / 2, min(streamed), max(streamed)),
        "KB for each kept result": Ratio(sum(kept) / 2, min(kept), max(kept)),
    }


def main(rounds: int = 3) -> None:
    """Print one line for each."""
    for name, found in {**rates(rounds), **memory()}.items():
        print(f"{name:50} {found}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
