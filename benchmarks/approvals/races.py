"""Processes that race for one approval: exactly one runs, in each round."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from attrs import field, frozen

from benchmarks.approvals.payments import Paid, gated, outcome
from benchmarks.approvals.places import Place
from hitl.approval import Ledger, LedgerError

PROCESSES = (2, 4, 8, 16, 32, 64)
_AT_ONCE = 8
_HEAD_START = 0.002  # seconds for each process, so that all know of a round before it begins


@frozen
class Raced:
    """What the races have come to.

    Attributes:
        rounds: By the number of processes: how many rounds there were, each with an approval of its own.
        once: In how many of them it ran exactly once.
        outcomes: What the processes were told: "paid" of those that ran it, or found it finished.
        seconds: How long it took.
    """

    rounds: dict[int, int]
    once: dict[int, int]
    outcomes: dict[str, int]
    seconds: float = field(converter=lambda value: round(value, 1))

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        return self.rounds == self.once and not self.outcomes.keys() - {"paid", "OutcomeUnknown", "ApprovalConsumed"}


def trial(place: Place, rounds: int, processes: Sequence[int] = PROCESSES) -> Raced:
    """Let processes race, for so many approvals with each number of processes.

    In every second round the question is asked, and all wait for the answer and consume; in the others the answer is
    known before, so that all begin with consuming.
    """
    began, found, once = time.monotonic(), Counter[str](), dict[int, int]()
    racers = _racers(place, max(processes))
    for count in processes:
        numbers = range(count * 100_000, count * 100_000 + rounds)
        for number in numbers:
            if number % 2:
                _have_it_answered(place, number)
            found.update(_race(racers[:count], number))
        paid = Counter(Paid(place.folder))
        once[count] = sum(paid[number] == 1 for number in numbers)
    return Raced(dict.fromkeys(processes, rounds), once, dict(found), time.monotonic() - began)


def _race(racers: Sequence[subprocess.Popen[str]], number: int) -> list[str]:
    begins = time.monotonic() + _HEAD_START * len(racers)
    for each in racers:
        assert each.stdin is not None
        each.stdin.write(f"{number} {begins}\n")
        each.stdin.flush()
    return [_line_of(each) for each in racers]


def _racers(place: Place, count: int) -> list[subprocess.Popen[str]]:
    started: list[subprocess.Popen[str]] = []
    for begun in range(0, count, _AT_ONCE):  # not all interpreters at once
        some = [place.start("races", number) for number in range(begun, min(count, begun + _AT_ONCE))]
        for each in some:
            _line_of(each)
        started += some
    return started


def _line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if not (line := process.stdout.readline().strip()):
        raise RuntimeError(f"a process of the trial has ended with {process.wait()}")
    return line


class _Full:
    """A ledger that cannot be written when an approval is consumed, so that it stays answered."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def consume(self, *_: str) -> bool:
        raise LedgerError("the disk is full")


def _have_it_answered(place: Place, number: int) -> None:
    ledger = place.open_ledger()
    with place.client() as client, suppress(LedgerError):
        gated(client, _Full(ledger), Paid(place.folder))(number)  # type: ignore[arg-type]
    ledger.close()


def main(arguments: list[str]) -> None:
    """Race in each round that is read: a number, and when to begin by the monotonic clock of the machine."""
    place, (own_number,) = Place.of(arguments)
    with place.client() as client:
        pay = gated(client, place.open_ledger(), Paid(place.folder))
        print(outcome(pay, int(own_number)), flush=True)  # connected, and the form is known
        for line in sys.stdin:
            number, begins = line.split()
            while (left := float(begins) - time.monotonic()) > 0:
                time.sleep(left)
            print(outcome(pay, int(number)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
