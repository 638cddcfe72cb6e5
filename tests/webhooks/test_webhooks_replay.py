"""Replay guards let each event through once, whoever asks at the same time, and remember what they promise to."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sqlite3
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hitl.exceptions import ConfigurationError, HITLError, SignatureError
from hitl.webhooks import (
    MemoryReplayGuard,
    ReplayGuard,
    SQLiteReplayGuard,
    WebhookEvent,
    construct_event,
    signature_headers,
)
from hitl.webhooks._shared_file import set_up

SECRET = "your_webhook_secret"
BODY = b'{"event": "review.completed", "review": {"id": "rev_1"}}'
LATER = 2_000_000_000.0
Race = Callable[[int, Callable[[], Any]], list[Any]]


# --- every guard -----------------------------------------------------------------------------------------------------


def test_an_event_is_the_first_once(guard: ReplayGuard) -> None:
    assert [guard.first_time("msg_1", 1300) for _ in range(3)] == [True, False, False]
    assert guard.first_time("msg_2", 1300)


def test_an_expired_event_is_the_first_again(guard: ReplayGuard) -> None:
    assert guard.first_time("msg_1", 1000)
    assert guard.first_time("msg_1", 1001)
    assert not guard.first_time("msg_1", 1300)


def test_a_forgotten_event_is_the_first_again(guard: ReplayGuard) -> None:
    guard.forget("never heard of")
    guard.first_time("msg_1", 1300)
    guard.forget("msg_1")
    assert guard.first_time("msg_1", 1300)


def test_of_32_threads_one_is_the_first(guard: ReplayGuard, race: Race) -> None:
    outcomes = race(32, lambda: guard.first_time("msg_1", 1300))
    assert sorted(outcomes) == [False] * 31 + [True]


# --- in memory -------------------------------------------------------------------------------------------------------


def test_a_claim_in_memory_cannot_be_overtaken_halfway() -> None:
    outcomes: list[bool] = []

    def clock() -> float:
        # Between the look and the claim, another thread tries; it must wait until this claim is made.
        if not rivals:
            rivals.append(threading.Thread(target=lambda: outcomes.append(guard.first_time("msg_1", LATER))))
            rivals[0].start()
            rivals[0].join(timeout=0.1)
        return 1000

    rivals: list[threading.Thread] = []
    guard = MemoryReplayGuard(clock=clock)
    outcomes.append(guard.first_time("msg_1", LATER))
    rivals[0].join()
    assert sorted(outcomes) == [False, True]


def test_a_full_guard_drops_the_oldest_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    guard = MemoryReplayGuard(capacity=2, clock=lambda: 1000)
    assert [guard.first_time(name, LATER) for name in "abcd"] == [True] * 4
    assert len(guard) == 2
    assert [guard.first_time(name, LATER) for name in "cd"] == [False] * 2
    assert [(record.levelno, record.message[:32]) for record in caplog.records] == [
        (logging.WARNING, "the replay guard is full with 2 ")
    ]


def test_a_full_guard_that_drops_what_has_expired_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    guard = MemoryReplayGuard(capacity=1, clock=lambda: 1000)
    assert guard.first_time("a", 900)
    assert guard.first_time("b", LATER)
    assert caplog.records == []


def test_a_guard_needs_room() -> None:
    with pytest.raises(ConfigurationError, match="room for at least 1 event, not 0"):
        MemoryReplayGuard(capacity=0)


# --- in a file -------------------------------------------------------------------------------------------------------


def test_the_file_is_remembered_after_a_restart_and_shared(tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    with closing(SQLiteReplayGuard(str(path))) as first, closing(SQLiteReplayGuard(path)) as second:
        assert first.first_time("msg_1", LATER)
        assert not second.first_time("msg_1", LATER)
    with closing(SQLiteReplayGuard(path)) as third:
        assert not third.first_time("msg_1", LATER)


def _claim_in_process(path: str, results: Any) -> None:
    with closing(SQLiteReplayGuard(path)) as guard:
        results.put([guard.first_time(f"msg_{number}", LATER) for number in range(50)])


def test_of_several_processes_that_open_a_new_file_at_once_one_is_the_first(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = (str(tmp_path / "seen.db"), results)
    processes = [context.Process(target=_claim_in_process, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert [sum(each) for each in zip(*outcomes, strict=True)] == [1] * 50


class Busy:
    """A connection to a file that another process is making: the change of the journal mode fails, without waiting."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.executed: list[str] = []

    def execute(self, statement: str) -> None:
        self.executed.append(statement)
        if len(self.executed) < 3:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error


def test_a_file_that_another_process_is_making_is_waited_for() -> None:
    connection = Busy(sqlite3.SQLITE_BUSY)
    set_up(connection, ["one", "two"])  # type: ignore[arg-type]
    assert connection.executed == ["one", "one", "one", "two"]
    with pytest.raises(sqlite3.OperationalError):
        set_up(Busy(sqlite3.SQLITE_FULL), ["one"])  # type: ignore[arg-type]


def test_a_guard_can_be_used_after_a_fork_that_came_while_a_thread_used_it(tmp_path: Path) -> None:
    with closing(SQLiteReplayGuard(tmp_path / "seen.db")) as guard:
        guard.first_time("msg_1", LATER)
        guard._file._lock.acquire()  # as that thread does; in the child there is nobody to release it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, from Python 3.12 on
            child = os.fork()
        if child == 0:
            signal.alarm(20)
            is_right = not guard.first_time("msg_1", LATER) and guard.first_time("msg_2", LATER)
            os._exit(0 if is_right else 1)
        guard._file._lock.release()
        assert os.waitpid(child, 0)[1] == 0
        assert not guard.first_time("msg_2", LATER)


def test_what_has_expired_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    now = 1000.0
    with closing(SQLiteReplayGuard(path, clock=lambda: now)) as guard:
        for number in range(1000):
            guard.first_time(f"msg_{number}", 1100 if number else LATER)
        now = 1200.0
        guard.first_time("the next", LATER)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM claims ORDER BY name").fetchall() == [("msg_0",), ("the next",)]


@pytest.mark.parametrize("name", ["no/such/directory/seen.db", "text"])
def test_a_file_that_cannot_be_used_is_a_configuration_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("This is no database. " * 100)
    with pytest.raises(ConfigurationError, match=r"the replay guard cannot open .*(unable to open|not a database)"):
        SQLiteReplayGuard(tmp_path / name)


def test_a_file_that_fails_later_is_one_of_our_errors(tmp_path: Path) -> None:
    guard = SQLiteReplayGuard(tmp_path / "seen.db")
    guard.close()
    with pytest.raises(HITLError, match="the replay guard cannot use"):
        guard.first_time("msg_1", LATER)


# --- construct_event -------------------------------------------------------------------------------------------------


def _construct(headers: Any, guard: ReplayGuard, body: bytes = BODY, **more: Any) -> WebhookEvent:
    return construct_event(headers, body, SECRET, replay_guard=guard, **more)


@pytest.mark.parametrize("kept", ["all", "vendor", "standard", "later attempt", "no id"])
def test_a_repeated_webhook_is_refused_also_without_the_headers_of_one_scheme_or_at_a_later_attempt(
    guard: ReplayGuard, kept: str
) -> None:
    then = 1_614_265_330
    first = signature_headers(BODY, SECRET, webhook_id=None if kept == "no id" else "msg_1", timestamp=then)
    again = dict(first)
    if kept == "later attempt":
        again = signature_headers(BODY, SECRET, webhook_id="msg_1", timestamp=then + 5)
    elif kept == "standard":
        del again["X-HITL-Signature-256"]
    elif kept == "vendor":
        again = {"X-HITL-Signature-256": first["X-HITL-Signature-256"]}
    _construct(first, guard, now=then)
    with pytest.raises(SignatureError) as raised:
        _construct(again, guard, now=then + 5)
    assert raised.value.reason == "replayed"


def test_it_is_refused_when_now_is_long_past() -> None:
    headers = signature_headers(BODY, SECRET, webhook_id="msg_1", timestamp=1_614_265_330)
    guard = MemoryReplayGuard()
    _construct(headers, guard, now=1_614_265_330)
    with pytest.raises(SignatureError, match="replayed"):
        _construct(headers, guard, now=1_614_265_330)


def test_two_deliveries_with_equal_bodies_are_two_where_only_the_standard_signs() -> None:
    guard = MemoryReplayGuard()
    for webhook_id in ("msg_1", "msg_2"):
        headers = signature_headers(BODY, SECRET, webhook_id=webhook_id)
        del headers["X-HITL-Signature-256"]
        assert _construct(headers, guard).id == webhook_id


def test_a_forged_webhook_claims_nothing(guard: ReplayGuard) -> None:
    forged = signature_headers(BODY, "another", webhook_id="msg_1")
    with pytest.raises(SignatureError, match="mismatch"):
        _construct(forged, guard)
    _construct(signature_headers(BODY, SECRET, webhook_id="msg_1"), guard)


def test_an_event_can_be_given_back(guard: ReplayGuard) -> None:
    headers = signature_headers(BODY, SECRET, webhook_id="msg_1")
    for name in _construct(headers, guard).claims:
        guard.forget(name)
    assert _construct(headers, guard).id == "msg_1"


def test_the_name_of_an_event_without_id_does_not_give_its_signature_away() -> None:
    headers = signature_headers(BODY, SECRET)
    event = construct_event(headers, BODY, SECRET)
    assert event.id.startswith("sha256:")
    assert headers["X-HITL-Signature-256"].removeprefix("sha256=") not in " ".join(event.claims)
    assert construct_event({"x-hitl-signature": headers["X-HITL-Signature-256"]}, BODY, SECRET).id == event.id
