"""Processes that are killed between asking and finishing, wherever they are; see benchmarks/approvals."""

from __future__ import annotations

from pathlib import Path

from place_of import place_of

from benchmarks.approvals import kills, lines
from hitl.testing import Sandbox


def test_no_approval_is_lost_asked_twice_or_run_twice_whatever_is_killed(
    sandbox: Sandbox, address: str, tmp_path: Path
) -> None:
    sandbox.reviewer.on().approve()
    with place_of(sandbox, address, tmp_path) as place:
        killed = kills.trial(place, approvals=24, kills=2, processes=2, threads=2)
    assert killed.kills == 2
    assert killed.holds, killed


def test_a_kill_at_any_line_from_consume_to_finish_never_runs_anything_twice(
    sandbox: Sandbox, address: str, tmp_path: Path
) -> None:
    sandbox.reviewer.on().approve()
    with place_of(sandbox, address, tmp_path) as place:
        killed = lines.trial(place, step=21)
    assert killed.holds, killed
