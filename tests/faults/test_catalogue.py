"""The fault list, with both clients: what a server can do, and what must be true all the same."""

from __future__ import annotations

import pytest
from cases import Connect, run
from catalogue import ALL, CASES


@pytest.mark.parametrize("name", CASES)
def test_the_promise_is_kept(name: str, connect: Connect) -> None:
    run(CASES[name], connect)


def test_there_are_at_least_120_cases_and_no_two_of_one_name() -> None:
    assert 120 <= len(CASES) == len(ALL)
