"""Ledgers: each approval is consumed once, whoever races, and whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hitl.approval import LedgerError, SQLiteLedger, ledger_at
from hitl.approval.audit import export, verify
from hitl.approval.ledger import Decision, Ledger, NewApproval, Outcome, owner, runs_here


def new(key: str = "k", call: str = "c", number: int = 0, **facts: Any) -> NewApproval:
    fixed = {"place": "", "function": "shop:refund", "arguments": {"n": 1.5}, "body": {"a": [1, None]}}
    return NewApproval(key=key, call=call, number=number, **{**fixed, "form": "f", "shown": "s", **facts})


def approved(ledger: Ledger, key: str = "k") -> None:
    ledger.ask(new(key, key))
    ledger.note_review(key, f"rev_{key}")
    ledger.decide(key, "answered", "r", Decision("approved", "kim", "ok", {"n": 1}))


def test_a_row_goes_through_its_states(ledger: Ledger) -> None:
    assert ledger.ask(new()) == ledger.ask(new(function="another"))
    assert ledger.note_review("k", "rev_1").review_id == ledger.note_review("k", "rev_2").review_id == "rev_1"
    assert ledger.decide("k", "answered", "r", Decision("approved")).state == "answered"
    assert ledger.decide("k", "refused", None, Decision("rejected")).state == "answered"
    assert not ledger.consume("k", "another", "claim", "me")
    assert ledger.consume("k", "r", "claim", "me")
    assert not ledger.consume("k", "r", "claim", "me")
    assert not ledger.settle("k", "another claim", "finished", Outcome())
    assert ledger.settle("k", "claim", "finished", Outcome({"paid": 1}, is_kept=True))
    assert not ledger.settle("k", "claim", "failed", Outcome())
    assert not ledger.settle("k", None, "failed", Outcome())
    row = ledger.get("k")
    assert row is not None
    assert (row.state, row.owner, row.outcome) == ("finished", "me", Outcome({"paid": 1}, is_kept=True))
    assert (row.arguments, row.body) == ({"n": 1.5}, {"a": [1, None]})


def test_what_was_refused_is_never_consumed(ledger: Ledger) -> None:
    ledger.ask(new())
    ledger.decide("k", "refused", None, Decision("rejected"))
    assert not ledger.consume("k", "r", "claim", "me")


def test_rows_are_found(ledger: Ledger) -> None:
    ledger.ask(new("a", "c", 0))
    ledger.ask(new("b", "c", 1, run="run-1"))
    ledger.ask(new("c", "d", 0, run="run-1"))
    ledger.decide("a", "refused", None, Decision("rejected"))
    assert [each.key for each in ledger.calls("c", "")] == ["a", "b"]
    assert {each.key for each in ledger.approvals(run="run-1", states=["asked"])} == {"b", "c"}
    assert ledger.get("z") is None
    with pytest.raises(LedgerError):
        ledger.note_review("z", "rev_1")


def test_each_step_leaves_a_record_in_a_chain(ledger: Ledger) -> None:
    approved(ledger)
    ledger.consume("k", "r", "claim", "me")
    ledger.settle("k", "claim", "finished", Outcome({"paid": 1}, is_kept=True))
    ledger.record("allowed", {"rule": "small"})
    previous = None
    for number, record in enumerate(ledger.records(), 1):
        facts = json.loads(record.body)
        assert (facts["number"], facts["previous"]) == (number, previous) == (record.number, previous)
        assert record.hash == sha256(record.body.encode()).hexdigest()
        previous = record.hash
    whats = [json.loads(each.body)["what"] for each in ledger.records()]
    assert whats == ["asked", "decided", "consumed", "settled", "allowed"]
    assert [each.number for each in ledger.records(since=3)] == [4, 5]


def test_threads_race_for_each_approval_and_one_wins(ledger: Ledger) -> None:
    keys = [f"k{each}" for each in range(20)]
    for key in keys:
        approved(ledger, key)
    with ThreadPoolExecutor(8) as threads:
        won = list(
            threads.map(
                lambda each: ledger.consume((each % 20 and keys[each % 20]) or keys[0], "r", f"c{each}", "me"),
                range(160),
            )
        )
    assert sum(won) == len(keys)


RACER = """
import os, sys, uuid
from hitl.approval import ledger_at
ledger, ran = ledger_at(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for line in sys.stdin:
    key = line.strip()
    claim = uuid.uuid4().hex
    won = ledger.consume(key, "r", claim, f"host:{os.getpid()}")
    if won:
        with open(ran, "a") as file:
            file.write(key + "\\n")
        from hitl.approval.ledger import Outcome
        ledger.settle(key, claim, "finished", Outcome())
    print(int(won), flush=True)
"""


def racers(count: int, *arguments: str) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-c", RACER, *arguments]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for each in started:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    return started


def test_processes_race_for_each_approval_and_one_wins(ledger: Ledger, address: str, tmp_path: Path) -> None:
    keys = [f"k{each}" for each in range(20)]
    for key in keys:
        approved(ledger, key)
    started = racers(4, address, str(tmp_path / "ran"))
    for key in keys:
        for each in started:
            assert each.stdin
            each.stdin.write(f"{key}\n")
            each.stdin.flush()
        assert sum(int(each.stdout.readline()) for each in started if each.stdout) == 1
    for each in started:
        each.communicate(timeout=30)
    assert sorted((tmp_path / "ran").read_text().split()) == sorted(keys)


def test_whatever_is_killed_nothing_runs_twice(ledger: Ledger, address: str, tmp_path: Path) -> None:
    keys = [f"k{each}" for each in range(100)]
    for key in keys:
        approved(ledger, key)
    ran = tmp_path / "ran"
    ran.touch()
    left = set(keys)
    while left:
        (process,) = racers(1, address, str(ran))
        assert process.stdin
        assert process.stdout
        process.stdin.write("".join(f"{key}\n" for key in keys if key in left))
        process.stdin.flush()
        for _ in range(max(1, len(left) % 29)):
            if not process.stdout.readline():
                break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        left -= {each.key for each in ledger.approvals(states=["consumed", "finished"])}
    lines = ran.read_text().split()
    assert len(lines) == len(set(lines))
    assert set(lines) >= {each.key for each in ledger.approvals(states=["finished"])}


def test_the_file_is_private_and_a_file_of_others_is_refused(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "own" / "approvals.db")
    ledger.ask(new())
    assert {oct(each.stat().st_mode & 0o777) for each in ledger.path.parent.iterdir()} == {"0o600"}
    assert oct(ledger.path.parent.stat().st_mode & 0o777) == "0o700"
    ledger.close()
    ledger.path.chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        SQLiteLedger(ledger.path).ask(new())


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.parent / "x"),
        lambda path: (path.write_bytes(b"no database" * 99), path.chmod(0o600)),
    ],
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "ledger")
    with pytest.raises(LedgerError):
        SQLiteLedger(tmp_path / "ledger").approvals()


def test_a_full_disk_leaves_the_row_as_it_was(file_ledger: SQLiteLedger) -> None:
    program = f"""
import resource, signal
from hitl.approval import LedgerError, SQLiteLedger, ledger_at
from hitl.approval.audit import export, verify
ledger = SQLiteLedger({str(file_ledger.path)!r})
ledger.approvals()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
try:
    ledger.consume("k", "r", "claim", "me")
except LedgerError as error:
    print(error)
"""
    approved(file_ledger)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "cannot be used" in done.stdout
    row = file_ledger.get("k")
    assert row is not None
    assert row.state == "answered"
    assert file_ledger.consume("k", "r", "claim", "me")


STARTER = """
import sys
from hitl.approval import ledger_at
sys.stdin.readline()
ledger = ledger_at(sys.argv[1])
ledger.record("allowed", {"rule": "x"})
print(ledger.approvals(), flush=True)
"""


def test_processes_that_open_a_new_ledger_at_once_do_not_disturb_each_other(address: str) -> None:
    command = [sys.executable, "-c", STARTER, address]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    assert [each.communicate("go\n", timeout=60) for each in started] == [("[]\n", "")] * 8
    ledger = ledger_at(address)
    assert [json.loads(each.body)["number"] for each in ledger.records()] == list(range(1, 9))
    ledger.close()


def test_a_fork_has_connections_of_its_own(ledger: Ledger) -> None:
    approved(ledger, "a")
    approved(ledger, "b")
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if ledger.consume("a", "r", "child", "me") else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ledger.consume("b", "r", "parent", "me")
    assert not ledger.consume("a", "r", "parent too", "me")
    whats = [json.loads(each.body)["what"] for each in ledger.records()]
    assert whats == ["asked", "decided", "asked", "decided", "consumed", "consumed"]


def test_many_threads_share_a_ledger(ledger: Ledger) -> None:
    def work(number: int) -> bool:
        approved(ledger, f"k{number}")
        ledger.record("allowed", {"rule": "x"})
        return ledger.consume(f"k{number}", "r", f"c{number}", "me")

    with ThreadPoolExecutor(40) as threads:
        assert all(threads.map(work, range(80)))
    assert [each.number for each in ledger.records()] == list(range(1, 321))
    assert verify(export(ledger)).count == 320


@pytest.mark.parametrize("word", ["a\ud800b", "a\x00b", "é😀", "'; DROP TABLE hitl_approvals; --", "100 % ?"])
def test_whatever_people_write_is_kept_or_refused(ledger: Ledger, word: str) -> None:
    ledger.ask(new("k", arguments={"text": word.replace("\ud800", "")}, run="r"))
    try:
        ledger.decide("k", "answered", "r", Decision("approved", "kim", word))
    except LedgerError:
        assert [each.state for each in ledger.approvals(states=["asked"])] == ["asked"]
    else:
        row = ledger.get("k")
        assert row is not None
        assert row.decision == Decision("approved", "kim", word)
    assert ledger.get("k") is not None


def test_an_error_of_a_ledger_has_no_other_error_in_it(ledger: Ledger) -> None:
    with pytest.raises(LedgerError) as caught:
        ledger.record("allowed\ud800", {})
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


def test_an_owner_is_known_where_it_runs() -> None:
    assert runs_here(owner())
    assert not runs_here("elsewhere:1")
    assert not runs_here(None)
    assert not runs_here(f"{owner().rpartition(':')[0]}:{2**22 + 1}")
