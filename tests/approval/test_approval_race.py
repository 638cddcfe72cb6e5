"""Processes that race for one approval through the gate: exactly one runs in each round; see benchmarks/approvals."""

from __future__ import annotations

from pathlib import Path

from place_of import place_of

from benchmarks.approvals import races
from hitl.testing import Sandbox


def test_processes_race_through_the_gate_and_one_runs(sandbox: Sandbox, address: str, tmp_path: Path) -> None:
    sandbox.reviewer.on().approve()
    with place_of(sandbox, address, tmp_path) as place:
        raced = races.trial(place, rounds=4, processes=[2, 3])
    assert raced.once == raced.rounds == {2: 4, 3: 4}
    assert raced.holds, raced
