"""Guards of both kinds, and threads that do the same at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hitl.webhooks import (
    CorrelationStore,
    MemoryCorrelations,
    MemoryReplayGuard,
    ReplayGuard,
    SQLiteCorrelations,
    SQLiteReplayGuard,
)


@pytest.fixture(params=["memory", "sqlite"])
def guard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReplayGuard]:
    if request.param == "memory":
        yield MemoryReplayGuard(clock=lambda: 1000)
    else:
        with closing(SQLiteReplayGuard(tmp_path / "seen.db", clock=lambda: 1000)) as guard:
            yield guard


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Now:
    return Now()


@pytest.fixture(params=["memory", "sqlite"])
def correlations(request: pytest.FixtureRequest, tmp_path: Path, clock: Now) -> Iterator[CorrelationStore]:
    if request.param == "memory":
        yield MemoryCorrelations(lifetime=60, clock=clock)
    else:
        with closing(SQLiteCorrelations(tmp_path / "calls.db", lifetime=60, clock=clock)) as store:
            yield store


@pytest.fixture
def race() -> Callable[[int, Callable[[], Any]], list[Any]]:
    """Return a function that runs `work` in `number` threads at once and returns their results."""

    def race(number: int, work: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(number)
        outcomes: list[Any] = []

        def run() -> None:
            barrier.wait()
            outcomes.append(work())

        threads = [threading.Thread(target=run) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    return race
