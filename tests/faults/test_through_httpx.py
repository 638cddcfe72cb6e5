"""The fault list through the user's httpx transport: the cases that differ are the recorded ones, and no others."""

from __future__ import annotations

from contextlib import suppress
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
SOMETIMES = {name for difference in DIFFERENCES for name in difference.sometimes}


def differs(name: str, connect: Connect) -> bool:
    try:
        run(CASES[name], connect)
    except (AssertionError, HITLError):
        return True
    return False


@pytest.mark.parametrize("name", [name for name in CASES if name not in SOMETIMES])
def test_a_promise_is_kept_unless_it_is_recorded_as_different(name: str, connect: Connect) -> None:
    if name in DIFFERENT:
        assert differs(name, connect)
    elif differs(name, connect) and differs(name, connect):  # some promises are times, and machines are busy at times
        run(CASES[name], connect)


@pytest.mark.parametrize("name", sorted(SOMETIMES))
def test_what_depends_on_timing_ends_in_an_error_of_this_package_at_worst(name: str, connect: Connect) -> None:
    with suppress(AssertionError, HITLError):
        run(CASES[name], connect)


def test_every_recorded_difference_is_a_case() -> None:
    assert set(CASES) >= DIFFERENT | SOMETIMES


def test_the_reference_has_a_row_for_each_difference() -> None:
    page = Path("docs/reference/transports.md").read_text(encoding="utf-8")
    rows = page.partition("| Over own connections | Through httpx |\n|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert rows == [f"| {each.promise} | {each.instead} |" for each in DIFFERENCES]
