"""The inside of a room can change without the tests of another: few of them know it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "codegen"))

import coupling  # noqa: E402


def test_at_most_a_fifth_of_the_tests_stand_on_the_inside_of_another_room() -> None:
    assert coupling.share() <= 0.2, "run: python codegen/coupling.py"


@pytest.mark.parametrize(
    ("module", "folder", "is_foreign"),
    [
        ("hitl", "faults", False),
        ("hitl.testing.hostile", "faults", False),
        ("hitl._waiting", "waiting", False),
        ("hitl._waiting.waits", "waiting", False),
        ("hitl.server.reviews.service", "server", False),
        ("hitl._config", "client", False),
        ("hitl._config", "calls", True),
        ("hitl._calls", "waiting", True),
        ("hitl._calls.backoff", "client", True),
        ("hitl.server.reviews.service", "contract", True),
        ("hitl.webhooks._secrets", "e2e", True),
        ("hitl_api.models", "batches", False),
    ],
)
def test_a_room_is_its_own_tests_and_nobody_elses(module: str, folder: str, is_foreign: bool) -> None:
    assert coupling.is_foreign(module, folder) is is_foreign
