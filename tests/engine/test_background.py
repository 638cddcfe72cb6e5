"""Calls in background threads, which are used again and are abandoned without harm."""

import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextvars import ContextVar

import pytest

from hitl._engine import background
from hitl._engine.background import in_background

WHO = ContextVar("who", default="nobody")


def idle_after(future: Future[threading.Thread]) -> threading.Thread:
    """Return the thread of a call once it waits for the next one."""
    thread = future.result(10)
    while not background._idle:
        thread.join(0.001)
    return thread


@pytest.fixture(autouse=True)
def _no_idle_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_idle", type(background._idle)())


def test_the_next_call_uses_the_same_thread() -> None:
    first = idle_after(in_background(threading.current_thread))
    assert in_background(threading.current_thread).result(10) is first
    assert first.daemon


def test_a_call_that_hangs_does_not_hold_up_the_next() -> None:
    release = threading.Event()
    hanging = in_background(release.wait)
    assert in_background(lambda: "answered").result(10) == "answered"
    hanging.set_result(False)  # as an interrupt does; what the thread finds later is dropped
    release.set()
    assert hanging.result(10) is False


def test_each_call_has_the_context_of_its_caller() -> None:
    idle_after(in_background(threading.current_thread))
    token = WHO.set("kim")
    found = in_background(WHO.get)
    WHO.reset(token)
    assert found.result(10) == "kim"
    assert in_background(WHO.get).result(10) == "nobody"


def test_an_error_is_passed_on_and_the_thread_lives() -> None:
    first = idle_after(in_background(threading.current_thread))
    with pytest.raises(ZeroDivisionError):
        in_background(lambda: 1 // 0).result(10)
    assert in_background(threading.current_thread).result(10) is first


def test_a_thread_without_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "IDLE", 0.01)
    thread = in_background(threading.current_thread).result(10)
    thread.join(10)
    assert not thread.is_alive()
    assert not background._idle


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
background.in_background(int).result(10)
while not background._idle: pass
child = os.fork()
if not child:
    os._exit(7 if background.in_background(lambda: 7).result(10) == 7 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "7"
