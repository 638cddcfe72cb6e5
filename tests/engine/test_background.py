"""Calls in background threads, which are used again and are abandoned without harm."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from hitl._engine import background
from hitl._engine.background import IdleThreads, in_background

WHO = ContextVar("who", default="nobody")


def thread_of(idle: IdleThreads) -> threading.Thread:
    """Return the thread that makes a call, once it waits for the next one."""
    thread = in_background(threading.current_thread, idle).result(10)
    while not idle._workers:
        thread.join(0.001)
    return thread


@pytest.fixture
def idle() -> Iterator[IdleThreads]:
    threads = IdleThreads()
    yield threads
    threads.close()


def test_the_next_call_uses_the_same_thread(idle: IdleThreads) -> None:
    first = thread_of(idle)
    assert thread_of(idle) is first
    assert first.daemon


def test_threads_end_when_they_are_closed_and_without_reuse(idle: IdleThreads) -> None:
    waiting, release = thread_of(idle), threading.Event()
    working = in_background(lambda: (release.wait(10), threading.current_thread())[1], idle)
    idle.close()
    release.set()
    for thread in (waiting, working.result(10), in_background(threading.current_thread).result(10)):
        thread.join(10)
        assert not thread.is_alive()


def test_a_call_that_hangs_does_not_hold_up_the_next(idle: IdleThreads) -> None:
    release = threading.Event()
    hanging = in_background(release.wait, idle)
    assert in_background(lambda: "answered", idle).result(10) == "answered"
    hanging.set_result(False)  # as an interrupt does; what the thread finds later is dropped
    release.set()
    assert hanging.result(10) is False


def test_each_call_has_the_context_of_its_caller(idle: IdleThreads) -> None:
    thread_of(idle)
    token = WHO.set("kim")
    found = in_background(WHO.get, idle)
    WHO.reset(token)
    assert found.result(10) == "kim"
    assert in_background(WHO.get, idle).result(10) == "nobody"


def test_an_error_is_passed_on_and_the_thread_lives(idle: IdleThreads) -> None:
    first = thread_of(idle)
    with pytest.raises(ZeroDivisionError):
        in_background(lambda: 1 // 0, idle).result(10)
    while not idle._workers:
        first.join(0.001)
    assert thread_of(idle) is first


def test_a_thread_without_work_ends(idle: IdleThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "IDLE", 0.01)
    thread = in_background(threading.current_thread, idle).result(10)
    thread.join(10)
    assert not thread.is_alive()
    assert not idle._workers


def test_without_a_thread_the_call_is_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert in_background(threading.current_thread).result(0) is threading.current_thread()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_starts_threads_of_its_own() -> None:
    program = """
import os, threading
from hitl._engine import background
idle = background.IdleThreads()
background.in_background(int, idle).result(10)
while not idle._workers: pass
child = os.fork()
if not child:
    os._exit(7 if background.in_background(lambda: 7, idle).result(10) == 7 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "7"
