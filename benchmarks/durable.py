"""Kill a worker while its workflow waits for a person, start another, and see that all is asked once and done once.

`python -m benchmarks.durable temporal --rounds 200` needs the engine and its server in this environment. Each round
begins a workflow of an engine, kills its worker with SIGKILL at a random moment after the question was put, has a
person answer, before or after another worker is started, and reads the result. It exits with 1 if one round asked or
did anything twice, or not at all.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Protocol

from hitl import Review
from hitl.testing import Sandbox

LONGEST = 120.0  # seconds that a round may take
KILLED_WITHIN = 0.3  # seconds after the question was put


class Engine(Protocol):
    """What `benchmarks.durable_NAME.engine` gives: an engine whose server runs."""

    worker: list[str]
    """The command of a worker, which writes `order` and a newline to the file that LEDGER names when it acts."""

    def begin(self, order: str) -> None:
        """Begin a workflow that asks about this order, and acts once a person has approved."""

    def tell(self, review: Review) -> None:
        """Do what a webhook does when a review has ended."""

    def result(self, order: str) -> str:
        """Wait until the workflow has ended, and return what it returned."""


class Worker:
    """A worker in a process of its own; one after the other."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _until(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing within {LONGEST} s")
        time.sleep(0.01)


def play(engine: Engine, sandbox: Sandbox, worker: Worker, number: int) -> float:
    """Play one round, and return the seconds from the answer, or the new worker, to the result."""
    order, dice = f"order-{number}", random.Random(number)
    engine.begin(order)
    _until(sandbox.reviewer.pending)
    time.sleep(dice.uniform(0, KILLED_WITHIN))
    worker.kill()
    answered_first = dice.random() < 0.5
    if not answered_first:
        worker.start()
    (review,) = sandbox.reviewer.pending()
    ended = sandbox.reviewer.complete(review, {"approved": True})
    for _ in range(3):
        engine.tell(ended)
    began = time.perf_counter()
    if answered_first:
        worker.start()
    result = engine.result(order)
    took = time.perf_counter() - began
    engine.tell(ended)
    if order not in result:
        print(f"{order}: {result}")
    return took


@contextmanager
def _world() -> Iterator[tuple[Sandbox, Path]]:
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        ledger = Path(folder) / "ledger"
        ledger.touch()
        os.environ.update(HITL_BASE_URL=sandbox.base_url, HITL_API_KEY=sandbox.api_key, LEDGER=str(ledger))
        yield sandbox, ledger


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engine", help="such as temporal: the module benchmarks.durable_ENGINE")
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    start: Callable[[Path], AbstractContextManager[Engine]] = import_module(f"benchmarks.durable_{given.engine}").engine
    with _world() as (sandbox, ledger), start(ledger.parent) as engine:
        worker = Worker(engine.worker)
        try:
            times = [play(engine, sandbox, worker, number) for number in range(given.rounds)]
        finally:
            worker.kill()
        asked, done = len(sandbox.reviewer.asked()), sorted(ledger.read_text().split())
    expected = sorted(f"order-{number}" for number in range(given.rounds))
    last = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(
        f"{given.engine}: {given.rounds} workers killed; asked {asked} times, done {len(done)} times "
        f"({len(set(done))} different); from the answer to the result: median {median(times):.1f} s, "
        f"95 % within {last:.1f} s"
    )
    sys.exit(asked != given.rounds or done != expected)


if __name__ == "__main__":
    main()
