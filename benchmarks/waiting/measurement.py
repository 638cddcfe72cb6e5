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
MARGIN = 40.0  # seconds after the last answer; whoever has not seen all by then is stopped


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
    with _process("benchmarks.waiting.reviewer") as reviewer:
        where = _receive(reviewer)
        ids = _request(reviewer, {"create": plan.waits})
        with _process("benchmarks.waiting.crowd") as crowd:
            time_limit = plan.seconds + MARGIN
            _send(crowd, asdict(Case(where["url"], where["key"], ids, plan.style, plan.answers, time_limit)))
            _out(crowd).readline()
            _send(reviewer, {"answer": ids[:: plan.waits // plan.answers], "seconds": plan.seconds})
            return Cost(**_receive(crowd))


@contextlib.contextmanager
def _process(module: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def _request(process: subprocess.Popen[str], document: Any) -> Any:
    _send(process, document)
    return _receive(process)


def _send(process: subprocess.Popen[str], document: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def _receive(process: subprocess.Popen[str]) -> Any:
    return json.loads(_out(process).readline())


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
