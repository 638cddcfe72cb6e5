"""A disk that is full at any moment: nothing runs that the ledger does not know, and the file stays whole."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hitl.approval import SQLiteLedger, export, verify
from hitl.testing import Sandbox

PROGRAM = """
import contextlib, json, resource, signal, sys
from hitl import HITLClient
from hitl.approval import LedgerError, OutcomeUnknown, Policy, Rule, SQLiteLedger, require_approval

url, key, path, when = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
endless = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
ran = []


def left(room):
    wal = ledger.path.with_name(ledger.path.name + "-wal")
    size = endless if room is None else wal.stat().st_size + room
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, endless))


class Filling(SQLiteLedger):
    room = None

    def consume(self, *arguments):
        left(self.room if when == "consume" else None)
        return super().consume(*arguments)

    def record(self, *arguments):
        left(self.room)
        return super().record(*arguments)


ledger = Filling(path)
policy = Policy([Rule("any", allow=True)]) if when == "allowed" else None
with HITLClient(key, base_url=url) as client:

    @require_approval(client, ledger=ledger, policy=policy)
    def pay(number):
        ran.append(number)
        left(ledger.room if when == "finish" else None)
        return number

    def outcome(number):
        try:
            with client.idempotency_scope(str(number)):
                return pay(number)
        except OutcomeUnknown as error:
            return f"OutcomeUnknown {error.ran} {error.value}"
        except LedgerError:
            return "LedgerError"
        finally:
            left(None)

    for number, ledger.room in enumerate([None, 0, 1, 24, 25, 4000, 4120, 4121, 8240, 9000, 12360, 50000]):
        first, times = outcome(number), ran.count(number)
        room, ledger.room = ledger.room, None
        print(json.dumps([room, first, times, outcome(number), ran.count(number)]))
"""

# What it raises or returns, how often it has run; and the same when there is room again.
DONE = [0, 1, 0, 1]
FULL = {
    "consume": ["LedgerError", 0, 0, 1],
    "finish": ["OutcomeUnknown True 0", 1, "OutcomeUnknown False None", 1],
    "allowed": ["LedgerError", 0, 0, 1],
}


@pytest.mark.parametrize("when", FULL)
def test_a_disk_that_is_full_in_the_middle_of_a_write_runs_nothing_twice(
    sandbox: Sandbox, tmp_path: Path, when: str
) -> None:
    sandbox.reviewer.on().approve()
    ledger = SQLiteLedger(tmp_path / "approvals.db")
    command = [sys.executable, "-c", PROGRAM, sandbox.base_url, sandbox.api_key, str(ledger.path), when]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    states = {row.arguments["number"]: row.state for row in ledger.approvals()}
    is_full = []
    for number, (_, *what) in enumerate(found):
        again = 2 if when == "allowed" else 1
        done_at_once = [number, 1, number, again]
        full = json.loads(json.dumps(FULL[when]).replace('True 0"', f'True {number}"'))
        full = [number if each == 0 and at == 2 else each for at, each in enumerate(full)]
        assert what in (done_at_once, full)
        is_full.append(what == full)
        if when != "allowed":
            assert states[number] == ("consumed" if when == "finish" and what == full else "finished")
    assert any(is_full)
    assert not all(is_full)
    assert verify(export(ledger)).count > len(found)
    with sqlite3.connect(ledger.path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
