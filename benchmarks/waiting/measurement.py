"""The real run: a sandbox and those who wait, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from attrs import asdict, frozen

from benchmarks.waiting.crowd import Case, Cost

ROOT = Path(__file__).parents[2]
WINDOW = 20.0  # seconds over which answers are given, where a plan says nothing else
PATIENCE = 40.0  # seconds after the last answer; whoever has not seen all by then is stopped


@frozen
class Plan:
    """So many waits, of which so many are answered, evenly over so many seconds."""

    waits: int
    answers: int
    style: str
    seconds: float = WINDOW


ALL = ("as_completed", "tasks", "naive tasks", "bare tasks")
PLANS = tuple(
    Plan(waits, answers, style, seconds)
    for waits, answers, seconds, styles in (
        (1, 1, WINDOW, ("as_completed", "naive tasks", "bare tasks")),
        (100, 100, WINDOW, ALL),
        (200, 200, WINDOW, ("threads", "naive threads")),
        (1_000, 1_000, WINDOW, ALL),
        (10_000, 100, WINDOW, ALL),
        (10_000, 1_000, 60.0, ALL),  # as many as people who take ten minutes would answer
        (10_000, 10_000, WINDOW, ALL),
    )
    for style in styles
)


def measure(plan: Plan) -> Cost:
    """Carry out a plan."""
    with _process("benchmarks.waiting.desk") as desk:
        where = _heard(desk)
        ids = _told(desk, {"create": plan.waits})
        with _process("benchmarks.waiting.crowd") as crowd:
            patience = plan.seconds + PATIENCE
            _tell(crowd, asdict(Case(where["url"], where["key"], ids, plan.style, plan.answers, patience)))
            _out(crowd).readline()
            _tell(desk, {"answer": ids[:: plan.waits // plan.answers], "seconds": plan.seconds})
            return Cost(**_heard(crowd))


@contextlib.contextmanager
def _process(module: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def _told(process: subprocess.Popen[str], document: Any) -> Any:
    _tell(process, document)
    return _heard(process)


def _tell(process: subprocess.Popen[str], document: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> Any:
    return json.loads(_out(process).readline())


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
