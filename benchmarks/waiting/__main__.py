"""`python -m benchmarks.waiting`: days of waiting, simulated; with --real a measured run, with --plot the picture."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import hitl
from benchmarks.waiting import measurement, plot, simulation, tables
from benchmarks.waiting.simulation import LIMITS, LOADS, POLLING, WAITERS, Figures, Load
from benchmarks.waiting.vendor import RateLimit

SEEDS = (1, 2, 3)
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "waiting-latency.svg"
INTERVAL = 10.0
Case = tuple[RateLimit, Load, str]


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description=__doc__)
    parser.add_argument("--real", action="store_true", help="measure against the sandbox: takes 20 minutes")
    parser.add_argument("--plot", action="store_true", help=f"write {PICTURE.name}, and simulate nothing else")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, hitl {hitl.__version__}, {platform.machine()}, {os.cpu_count()} cores")
    if arguments.plot:
        PICTURE.write_text(_picture(), encoding="utf-8")
    elif arguments.real:
        _measure()
    else:
        _simulate()


def _simulate() -> None:
    # The burst without a limit is what the real run has.
    loads = {limit: [load for load in LOADS if limit.limit or not load.burst] for limit in LIMITS}
    cases = [(limit, load, waiter) for limit in LIMITS for load in loads[limit] for waiter in WAITERS]
    found = _found(cases)
    for limit in LIMITS:
        print(f"\nA rate limit of {limit.name}; requests and refusals an hour, of the burst in all\n")
        print(tables.of_simulation({case[1:]: found[case] for case in cases if case[0] == limit}))
    share = simulation.share_of_interval(INTERVAL)
    print(f"\nPolling every {INTERVAL:.0f} s, without a limit: answers are late by {share:.2f} of that on average")


def _measure() -> None:
    found = {}
    for plan in measurement.PLANS:
        found[plan] = measurement.measure(plan)
        print(f"{plan}: {found[plan]}", flush=True)
    print(f"\n{tables.of_measurement(found)}\n\nCPU, as ratios\n{tables.of_ratios(found)}")


def _picture() -> str:
    hourly = LIMITS[0]
    cases = [(hourly, Load(f"{rate}/h", per_hour=rate), waiter) for waiter in WAITERS for rate in plot.RATES]
    found = _found(cases)
    curves = {
        waiter: [(case[1].per_hour, found[case].mean) for case in cases if case[2] == waiter] for waiter in WAITERS
    }
    return plot.svg(f"How late answers are seen, at {hourly.limit} requests an hour", curves)


def _found(cases: Sequence[Case]) -> dict[Case, Figures]:
    """Simulate on all cores; what takes long is begun first."""
    with ProcessPoolExecutor() as pool:
        began = {case: pool.submit(simulation.simulate, *case, _seeds(case)) for case in sorted(cases, key=_work)}
        return {case: began[case].result() for case in cases}


def _seeds(case: Case) -> Sequence[int]:
    # Where nearly nobody is refused, or ten thousand take part, one day is like the other.
    return SEEDS if case[0].limit == LIMITS[0].limit and not case[1].burst else SEEDS[:1]


def _work(case: Case) -> tuple[bool, float]:
    return case[2] != POLLING, -(case[1].burst or case[1].per_hour)


if __name__ == "__main__":
    main()
