"""The fault list through the user's httpx transport: the cases that differ are the recorded ones, and no others."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from cases import Connect, blocking, run
from catalogue import CASES
from injected_differences import DIFFERENCES

from hitl.exceptions import HITLError


@pytest.fixture
def connect(connect: Connect) -> Connect:
    transport = httpx.HTTPTransport if connect is blocking else httpx.AsyncHTTPTransport
    return lambda **given: connect(transport=transport(), **given)


DIFFERENT = {name for difference in DIFFERENCES for name in difference.cases}


@pytest.mark.parametrize("name", CASES)
def test_a_promise_is_kept_unless_it_is_recorded_as_different(name: str, connect: Connect) -> None:
    if name not in DIFFERENT:
        run(CASES[name], connect)
        return
    with pytest.raises((AssertionError, HITLError)):
        run(CASES[name], connect)


def test_every_recorded_difference_is_a_case() -> None:
    assert set(CASES) >= DIFFERENT


def test_the_reference_has_a_row_for_each_difference() -> None:
    page = Path("docs/reference/transports.md").read_text(encoding="utf-8")
    rows = page.partition("| Over own connections | Through httpx |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert rows == [f"| {each.promise} | {each.instead} |" for each in DIFFERENCES]
