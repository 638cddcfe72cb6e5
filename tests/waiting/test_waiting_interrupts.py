"""Ctrl-C at every line of what begins and ends a wait: nothing is left behind that would be asked about for ever."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from own_thread import in_own_thread
from test_waiting_many import office

from hitl._waiting import WaitOptions, WaitRegistry, poller, schedule, timing
from hitl._waiting.waits import Wait

SEEN = {"rev_0": None, "rev_1": None, "rev_2": None}
TRACED = {module.__file__ for module in (poller, schedule, timing)}


@contextmanager
def ctrl_c(line: int) -> Generator[None, None, None]:
    """Raise KeyboardInterrupt before that many lines of the poller and its schedule have been run; once."""
    left, before = line, sys.gettrace()

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def what_is_kept(waits: WaitRegistry) -> tuple[int, int]:
    stats = waits.stats()
    return stats.waits, stats.open


def struck(line: int, step: Callable[[], object]) -> bool:
    try:
        with ctrl_c(line):
            step()
    except KeyboardInterrupt:
        return True
    return False


@in_own_thread
def test_a_wait_that_was_interrupted_as_it_began_is_not_there() -> None:
    line = 1
    while True:
        waits = office(3).waits
        keeper = waits.begin({"rev_0": None}, WaitOptions(None, 1.0))
        if not struck(line, lambda waits=waits: waits.begin(SEEN, WaitOptions(None, 1.0))):  # type: ignore[misc]
            break
        assert what_is_kept(waits) == (1, 1), line
        keeper.leave()
        assert what_is_kept(waits) == (0, 0), line
        line += 1
    assert line > 10


@pytest.mark.parametrize("others", [0, 1])
@in_own_thread
def test_a_wait_that_was_interrupted_as_it_ended_has_ended(others: int) -> None:
    line = 1
    while True:
        waits = office(3).waits
        keepers: list[Wait] = [waits.begin({"rev_0": None}, WaitOptions(None, 1.0)) for _ in range(others)]
        wait = waits.begin(SEEN, WaitOptions(None, 1.0))
        if not struck(line, wait.leave):
            break
        assert what_is_kept(waits) == (others, others), line
        assert [keeper.poller.open_ids(keeper) for keeper in keepers] == [["rev_0"]] * others
        waits.begin(SEEN, WaitOptions(None, 1.0)).leave()
        line += 1
    assert line > 10
