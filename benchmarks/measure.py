"""Ratios taken side by side: the baseline runs right before and after each candidate, so a busy machine cancels out."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from attrs import frozen


@frozen
class Ratio:
    """How the candidate compares with the baseline: the median, and the least and greatest of all rounds."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        digits = 2 if self.median >= 0.05 else 4
        return f"{self.median:5.{digits}f}  ({self.least:.{digits}f}-{self.greatest:.{digits}f})"


def ratio(candidate: Callable[[], float], baseline: Callable[[], float], rounds: int) -> Ratio:
    """Return candidate ÷ baseline over rounds of baseline, candidate, baseline (A-B-A)."""
    found = []
    for _ in range(rounds):
        before, middle, after = baseline(), candidate(), baseline()
        found.append(middle / ((before + after) / 2))
    return Ratio(statistics.median(found), min(found), max(found))


def cpu_of(work: Callable[[], object], repeat: int) -> Callable[[], float]:
    """Return a measurement: the CPU seconds that this process spends on the work, repeated."""

    def measure() -> float:
        started = time.process_time()
        for _ in range(repeat):
            work()
        return time.process_time() - started

    return measure


def process(code: str) -> Callable[[], float]:
    """Return a measurement: the wall seconds of a fresh interpreter that runs the code."""

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    return measure
