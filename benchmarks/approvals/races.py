"""Processes that race for one approval: exactly one runs, in each round."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from attrs import field, frozen

from benchmarks.approvals.payments import Paid, gated, outcome
from benchmarks.approvals.places import Place, in_tenths
from hitl.approval import Ledger, LedgerError

PROCESSES = (2, 4, 8, 16, 32, 64)
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
    seconds: float = field(converter=in_tenths)

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
    forker = place.start("races", max(processes))
    for count in processes:
        numbers = range(count * 100_000, count * 100_000 + rounds)
        for number in numbers:
            if number % 2:
                _have_it_answered(place, number)
            found.update(_race(forker, number, count))
        paid = Counter(Paid(place.folder))
        once[count] = sum(paid[number] == 1 for number in numbers)
    return Raced(dict.fromkeys(processes, rounds), once, dict(found), time.monotonic() - began)


def _race(forker: subprocess.Popen[str], number: int, count: int) -> list[str]:
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(f"{number} {count}\n")
    forker.stdin.flush()
    if not (line := forker.stdout.readline()):
        raise RuntimeError(f"the process of the trial has ended with {forker.wait()}")
    outcomes: list[str] = json.loads(line)
    return outcomes


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
    """Fork so many processes, and let them race in each round that is read: a number, and how many race."""
    place, (most,) = Place.of(arguments)
    racers: list[TextIO] = []
    for number in range(int(most)):
        racers.append(_forked(place, number, racers))
    for racer in racers:
        racer.readline()
    for line in sys.stdin:
        number, count = map(int, line.split())
        begins = time.monotonic() + _HEAD_START * count
        for racer in racers[:count]:
            racer.write(f"{number} {begins}\n")
            racer.flush()
        print(json.dumps([racer.readline().strip() for racer in racers[:count]]), flush=True)


def _forked(place: Place, number: int, others: Sequence[TextIO]) -> TextIO:
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        return ours.makefile("rw")
    ours.close()  # and those of the others, so that it ends with the process that it was forked from
    for each in others:
        each.close()
    try:
        _race_on(place, theirs.makefile("rw"), number)
    finally:
        os._exit(0)


def _race_on(place: Place, told: TextIO, own_number: int) -> None:
    with place.client() as client:
        pay = gated(client, place.open_ledger(), Paid(place.folder))
        print(outcome(pay, own_number), file=told, flush=True)  # connected, and the form is known
        for line in told:
            number, begins = line.split()
            while (left := float(begins) - time.monotonic()) > 0:
                time.sleep(left)
            print(outcome(pay, int(number)), file=told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
