"""A process that is killed at each line between consuming an approval and saying what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from attrs import frozen

import hitl.approval
from benchmarks.approvals import payments
from benchmarks.approvals.payments import Paid, gated, outcome
from benchmarks.approvals.places import Place

# The room, and the program itself: what the function does is one of the places.
_TRACED = (str(Path(hitl.approval.__file__).parent), payments.__file__)
_AFTER = {
    "asked": {(0, "paid", 1)},
    "answered": {(0, "paid", 1)},
    "consumed": {(0, "OutcomeUnknown", 0), (1, "OutcomeUnknown", 1)},
    "finished": {(1, "paid", 1)},
}


@frozen
class Lines:
    """What a trial has found.

    Attributes:
        lines: At how many lines a process was killed, each with an approval of its own.
        states: In which states of the ledger, and how many times paid, that left them: "consumed 0".
        wrong: The lines after which something else happened than the state says, with what happened.
    """

    lines: int
    states: dict[str, int]
    wrong: list[str]

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        return not self.wrong and {"answered 0", "consumed 0", "consumed 1"} <= self.states.keys()


def trial(place: Place, step: int = 1) -> Lines:
    """Kill a process at every line, or at each `step`-th one, until one gets through."""
    states, wrong = Counter[str](), list[str]()
    ledger, paid = place.open_ledger(), Paid(place.folder)
    forker, line = place.start("lines"), 1
    with place.client() as client:
        pay = gated(client, ledger, paid)
        while (where := _killed_at(forker, line)) != "nowhere":
            (row,) = (each for each in ledger.approvals() if each.arguments["number"] == line)
            times = list(paid).count(line)
            states[f"{row.state} {times}"] += 1
            found = (times, outcome(pay, line), list(paid).count(line))
            if found not in _AFTER[row.state]:
                wrong.append(f"{where}: {row.state}, paid {times} times; then {found[1]}, and paid {found[2]} times")
            line += step
    return Lines(states.total(), dict(states), wrong)


def _killed_at(forker: subprocess.Popen[str], line: int) -> str:
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(f"{line}\n")
    forker.stdin.flush()
    if not (where := forker.stdout.readline().strip()):
        raise RuntimeError(f"the process of the trial has ended with {forker.wait()}")
    return where


class _Killer:
    """Kills this process at the n-th line since an approval was about to be consumed."""

    def __init__(self, at: int) -> None:
        self._left, self._has_begun = at, False

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_TRACED):
            return None
        self._has_begun |= frame.f_code.co_name == "consume"
        if self._has_begun and event == "line":
            self._left -= 1
            if self._left == 0:
                print(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def main(arguments: list[str]) -> None:
    """For each number that is read, fork a process that pays it and is killed at that line; print where it was."""
    place, _ = Place.of(arguments)
    for line in iter(sys.stdin.readline, ""):
        if (child := os.fork()) == 0:
            with place.client() as client:
                pay = gated(client, place.open_ledger(), Paid(place.folder))
                sys.settrace(_Killer(int(line)))
                pay(int(line))
                sys.settrace(None)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
            print("nowhere", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
