"""Durable approvals while their processes are killed: none is lost, none asked about twice, and none runs twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections import Counter
from itertools import pairwise
from typing import Any

from attrs import field, frozen

from benchmarks.approvals.payments import Paid
from benchmarks.approvals.places import Place, in_tenths
from hitl.approval import Outcome, export, verify

_LOOK = 0.005  # seconds between two looks at how far the processes have come


@frozen
class Killed:
    """What a trial has found.

    Attributes:
        approvals: How many there were.
        kills: How many processes were killed while they had work.
        asked: How many reviews the server was given.
        asked_twice: Of how many invoices there is more than one review.
        run_twice: How many payments were made more than once.
        lost: How many are neither finished nor in doubt.
        in_doubt: How many approvals a kill left consumed; `in_doubt_paid` of them were paid.
        wrong: What the ledger says that is not so: "finished" of what was not paid, and the reverse.
        again: What all of them came to in a last process, after a person had settled those in doubt.
        records: The length of the chain of records, which was verified.
        seconds: How long it took, until the last process that was not killed had ended.
    """

    approvals: int
    kills: int
    asked: int
    asked_twice: int
    run_twice: int
    lost: int
    in_doubt: int
    in_doubt_paid: int
    wrong: int
    again: dict[str, int]
    records: int
    seconds: float = field(converter=in_tenths)

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        faults = (self.asked_twice, self.run_twice, self.lost, self.wrong, self.approvals - self.asked)
        return not any(faults) and self.again == _as_expected(self.approvals, self.in_doubt)


def trial(place: Place, approvals: int, kills: int, processes: int = 4, threads: int = 4) -> Killed:
    """Run the payments in several processes, each of which begins anew when it is killed."""
    began = time.monotonic()
    done = _run(place, approvals, kills, processes, threads)
    seconds = time.monotonic() - began
    ledger, paid = place.open_ledger(), Counter(Paid(place.folder))
    rows = {row.arguments["number"]: row for row in ledger.approvals()}
    in_doubt = [number for number, row in rows.items() if row.state == "consumed"]
    finished = {number for number, row in rows.items() if row.state == "finished"}
    wrong = len(finished - paid.keys()) + len(paid.keys() - finished - set(in_doubt))
    for number in in_doubt:  # a person looks whether it was paid
        state = "finished" if number in paid else "failed"
        assert ledger.settle(rows[number].key, None, state, Outcome(by="the trial"))  # type: ignore[arg-type]
    again = _finished(place.start("payments", 0, approvals, threads))
    with place.client() as client:
        asked = Counter(review.content["arguments"]["number"] for review in client.list_reviews(page_size=100))
    return Killed(
        approvals=approvals,
        kills=done,
        asked=asked.total(),
        asked_twice=sum(count > 1 for count in asked.values()),
        run_twice=sum(count > 1 for count in Counter(Paid(place.folder)).values()),
        lost=approvals - len(finished) - len(in_doubt),
        in_doubt=len(in_doubt),
        in_doubt_paid=sum(number in paid for number in in_doubt),
        wrong=wrong,
        again=again,
        records=verify(export(ledger)).count,
        seconds=seconds,
    )


def _run(place: Place, approvals: int, kills: int, processes: int, threads: int) -> int:
    """Have all invoices paid, and kill a process whenever another part of them was; return how many kills it took."""
    bounds = [approvals * each // processes for each in range(processes + 1)]
    shares = [(first, last, threads) for first, last in pairwise(bounds)]
    running = {place.start("payments", *share): share for share in shares}
    paid, draw, done = Paid(place.folder), random.Random(12), 0
    while running:
        time.sleep(_LOOK)
        if done < kills and len(paid) * (kills + 1) >= approvals * (done + 1):
            time.sleep(draw.random() * _LOOK * 4)
            process = draw.choice([*running])
            share = running.pop(process)
            process.kill()
            process.communicate()
            done += process.returncode == -signal.SIGKILL
            running[place.start("payments", *share)] = share
        for process in [each for each in running if each.poll() is not None]:
            del running[process]
            _finished(process)
    return done


def _finished(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return what a process that was not killed came to."""
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process of the trial failed with {process.returncode}")
    found: dict[str, int] = json.loads(said)
    return found


def _as_expected(approvals: int, in_doubt: int) -> dict[str, Any]:
    kept = {"paid": approvals - in_doubt} if approvals > in_doubt else {}
    return {**kept, **({"ApprovalConsumed": in_doubt} if in_doubt else {})}
