"""What a call costs that a rule of the policy allows: nobody is asked, and a record is kept."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.approvals.places import Place
from benchmarks.measure import Ratio, cpu_of, ratio
from hitl import HITLClient
from hitl.approval import Ledger, Policy, Rule, SQLiteLedger, require_approval

ROUNDS, CALLS = 31, 300
NAME = "a call that a rule allows / json.dumps of a form"
# About as much work as the call on any machine: 40 µs where this was written.
DOCUMENT: dict[str, Any] = {"numbers": [1, 2, 3.5] * 100, "text": "x" * 200}


@frozen
class Overhead:
    """What a trial has found.

    Attributes:
        beside: CPU of a gated call ÷ CPU of `json.dumps(DOCUMENT)`, side by side.
        microseconds: CPU of a gated call less that of the bare one: the least and the median of the rounds.
    """

    beside: str
    microseconds: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Always: whether it is too much says benchmarks/gate.py."""
        return True


def trial(place: Place, rounds: int) -> Overhead:
    """Measure with the ledger of a trial."""
    with place.client() as client:
        gated, bare = _functions(client, place.open_ledger())
        beside = ratio(cpu_of(gated, CALLS), cpu_of(_dump, CALLS), rounds)
        found = sorted((cpu_of(gated, CALLS)() - cpu_of(bare, CALLS)()) / CALLS * 1e6 for _ in range(rounds))
    return Overhead(str(beside), (round(found[0], 1), round(found[len(found) // 2], 1)))


def allowed() -> dict[str, Ratio]:
    """Measure with a file, as a ratio."""
    with tempfile.TemporaryDirectory() as folder, HITLClient("key", base_url="http://127.0.0.1") as client:
        gated, _ = _functions(client, SQLiteLedger(Path(folder) / "approvals.db"))
        return {NAME: ratio(cpu_of(gated, CALLS), cpu_of(_dump, CALLS), ROUNDS)}


def _functions(client: HITLClient, ledger: Ledger) -> tuple[Any, Any]:
    def refund(order: str, amount: float) -> tuple[str, float]:
        return order, amount

    policy = Policy([Rule("small", allow=lambda call: call.arguments["amount"] < 50)])
    gated = require_approval(client, ledger=ledger, policy=policy)(refund)
    return lambda: gated("o-1042", 25.0), lambda: refund("o-1042", 25.0)


def _dump() -> str:
    return json.dumps(DOCUMENT)
