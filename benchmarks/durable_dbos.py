"""`python -m benchmarks.durable_dbos --rounds 200`: kill a worker of DBOS in each round, and count what came of it.

In each round a worker starts, finishes the order of the round before, asks for the refund of another, and is killed
with SIGKILL between the creation of the review and some moment of its wait. A person approves while no worker runs. It
needs `dbos` and PostgreSQL's programs, and says at the end how often each refund was asked for and paid.
"""

# The framework is not installed where types are checked.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.environments import ROOT
from hitl.testing import Sandbox

SHARED = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "frameworks")]
sys.path += SHARED

LONGEST = 0.3  # seconds from the creation of a review to the death of its worker
ROOMY = 120.0  # seconds that a busy machine may take for a round


def main() -> int:
    """Run the rounds; 0 if each refund was asked for once and paid once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[2].strip())
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return measure(given.rounds, random.Random(given.seed))


def work(database: str, before: str, order: str) -> None:
    """Be a worker: finish the order before, and ask about another."""
    import dbos_lives

    dbos_lives.launch(database, "local")
    if before:
        dbos_lives.start(before).get_result(polling_interval_sec=0.05)
    if order:
        dbos_lives.start(order).get_result()
    os._exit(0)


def measure(count: int, chance: random.Random) -> int:
    """Kill that many workers, one after the other, and report."""
    from postgres_server import postgres_server

    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server() as server,
        Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox,
    ):
        port = dict(part.split("=", 1) for part in server.split())["port"]
        database = f"postgresql://hitl@127.0.0.1:{port}/durable"
        os.environ["PYTHONPATH"] = os.pathsep.join(SHARED)
        os.environ |= {
            "HITL_BASE_URL": sandbox.base_url,
            "HITL_API_KEY": sandbox.api_key,
            "HITL_PAID": f"{folder}/paid",
        }
        # A worker is a fork of a process that has imported everything, since imports take most of a worker's start.
        nursery = multiprocessing.get_context("forkserver")
        nursery.set_forkserver_preload(["dbos_lives"])
        orders, durations = [f"order-{number}" for number in range(count)], list[float]()
        for before, order in zip(["", *orders], [*orders, ""], strict=True):
            began = time.monotonic()
            worker = nursery.Process(target=work, args=[database, before, order])
            worker.start()
            if order:
                kill_while_it_waits(worker, sandbox, chance)
            worker.join(ROOMY)
            durations.append(time.monotonic() - began)
            if len(durations) % 20 == 0:
                print(f"{len(durations)} rounds, {statistics.median(durations):.1f} s each", flush=True)
        asked = Counter(review.content["arguments"]["order"] for review in sandbox.reviewer.asked())
        paid = Counter(line.split()[0] for line in Path(folder, "paid").read_text().splitlines())
    print(f"{count} workers killed, {statistics.median(durations):.1f} s per round")
    for what, counts in (("asked for", asked), ("paid", paid)):
        once = sum(times == 1 for times in counts.values())
        print(f"{what} once: {once}; more often: {len(counts) - once}; never: {count - len(counts)}")
    return 0 if asked == paid == Counter(orders) else 1


def kill_while_it_waits(worker: BaseProcess, sandbox: Sandbox, chance: random.Random) -> None:
    """Kill a worker at some moment after it has asked; then approve."""
    ends = time.monotonic() + ROOMY
    while not (pending := sandbox.reviewer.pending()):
        if not worker.is_alive() or time.monotonic() > ends:
            worker.kill()
            sys.exit("a worker did not get as far as asking")
        time.sleep(0.005)
    time.sleep(chance.uniform(0, LONGEST))
    worker.kill()
    worker.join()
    (review,) = pending
    sandbox.reviewer.complete(review, {"approved": True})


if __name__ == "__main__":
    sys.exit(main())
