"""`make bench`: what this package costs beside bare httpx, beside other SDKs, and beside the least a server could do.

All figures are ratios, taken side by side in one run. `python -m benchmarks starts batches` measures some of them. They
are printed, and kept in `.bench/results.json`, from which
`python -m benchmarks.report` writes the tables and the plot of docs/explanation/performance.md.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import attrs

from benchmarks import batches, large, lists, memory, sandbox, starts
from benchmarks.environments import HOME
from benchmarks.measure import Ratio
from benchmarks.peers import compare

RESULTS = HOME / "results.json"


def machine() -> str:
    """Return what the figures were measured on."""
    processor = next(
        (line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _peers() -> dict[str, object]:
    found: dict[str, object] = {}
    for name, comparison in compare():
        found[name] = attrs.asdict(comparison)
        print(f"  {name:40} CPU {comparison.cpu}  calls/s {comparison.rate}  p99 {comparison.p99}", flush=True)
    return found


def _ratios(measure: Callable[[], dict[str, Ratio]]) -> Callable[[], dict[str, object]]:
    def measured() -> dict[str, object]:
        found = measure()
        for name, each in found.items():
            print(f"  {name:60} {each}", flush=True)
        return {name: attrs.asdict(each) for name, each in found.items()}

    return measured


GROUPS: dict[str, Callable[[], dict[str, object]]] = {
    "memory": _ratios(lambda: {**memory.calls(), **large.frames(), **large.stops()}),
    "starts": _ratios(starts.starts),
    "peers": _peers,
    "batches": _ratios(batches.rates),
    "batch-memory": _ratios(batches.memory),
    "sandbox": _ratios(lambda: {**sandbox.startup(), **sandbox.requests(), **sandbox.stored(), **lists.few()}),
}


def main(names: list[str]) -> None:
    """Measure the groups that are named, else all; print one line for each figure, and keep them."""
    print(machine())
    kept = json.loads(RESULTS.read_text()) if names and RESULTS.exists() else {}
    kept["machine"] = machine()
    for name in names or GROUPS:
        kept[name] = GROUPS[name]()
    HOME.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
