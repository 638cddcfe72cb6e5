"""A program is killed again and again in the middle of its batch; in the end every review is there, once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_lives import items

from hitl.testing import Sandbox

RUNS = Path(__file__).with_name("batch_lives.py")
ITEMS = 150
KILLS = 12
SEEDS = int(os.environ.get("HITL_KILL_SEEDS", "2"))  # 20 are the full measure
LONGEST_LIFE = 0.4  # seconds; a whole run takes about as long


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it was just done
        os.kill(process, signal.SIGKILL)


class Runs:
    """The runs of one batch, one after another."""

    def __init__(self, sandbox: Sandbox, client: str, batch_key: str) -> None:
        command = [sys.executable, "-W", "error", str(RUNS), sandbox.base_url, sandbox.api_key, str(ITEMS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line = f"{client} {batch_key}\n"

    def run(self, life: float | None) -> str:
        """Run the batch, for that many seconds or to its end; return what became of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._line)
        self._process.stdin.flush()
        number = int(self._process.stdout.readline())
        timer = threading.Timer(3600.0 if life is None else life, kill, (number,))
        timer.start()
        ending = self._process.stdout.readline().strip()
        timer.cancel()
        timer.join()
        return ending

    def close(self) -> None:
        """End the process that the runs are copies of."""
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_is_killed_nothing_is_lost_and_nothing_is_made_twice(sandbox: Sandbox, seed: int) -> None:
    chance = random.Random(seed)
    before = {review.id for review in sandbox.client().list_reviews()}
    runs = Runs(sandbox, ("blocking", "asyncio")[seed % 2], f"import-{seed}")
    endings = Counter(runs.run(chance.uniform(0.0, LONGEST_LIFE)) for _ in range(KILLS))
    assert runs.run(None) == "done"
    runs.close()
    made = [review for review in sandbox.client().list_reviews() if review.id not in before]
    expected = Counter(item["content"]["number"] for item in items(ITEMS))
    assert Counter(review.content["number"] for review in made) == expected
    assert endings["killed"] > 0
