"""`hitl approve-command`, as a process, before a live sandbox."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_processes import PATIENCE, command, run_to_the_end

from hitl.approval import SQLiteLedger
from hitl.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def ledger(tmp_path: Path, environment: dict[str, str]) -> SQLiteLedger:
    environment["HITL_LEDGER"] = str(tmp_path / "approvals.db")
    return SQLiteLedger(tmp_path / "approvals.db")


def propose(environment: dict[str, str], *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("approve-command", *words),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=folder,
        check=False,
    )


def outcomes(ledger: SQLiteLedger) -> list[Any]:
    facts = [json.loads(record.body) for record in ledger.records()]
    return [each["exit_code"] for each in facts if each["what"] == "command"]


def script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_what_was_approved_runs_once_and_its_exit_code_is_passed_on_and_recorded(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    sandbox.reviewer.on(content={"action": "shell command"}).approve()
    words = ["--reason", "Try it", "--", "sh", "-c", 'echo "$0 ran" >> ran; exit 7', "a b; $HOME"]
    done = propose(environment, *words, folder=tmp_path)
    assert (done.returncode, done.stderr) == (7, "")
    assert (tmp_path / "ran").read_text() == "a b; $HOME ran\n"
    assert outcomes(ledger) == [7]
    with sandbox.client() as client:
        (review,) = client.list_reviews()
        shown = client.get_review(review.id).content
    assert shown["arguments"]["command"] == words[3:]
    assert shown["arguments"]["reason"] == "Try it"
    assert shown["preview"].endswith("""$ sh -c 'echo "$0 ran" >> ran; exit 7' 'a b; $HOME'""")


def test_a_command_that_is_refused_does_not_run(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    sandbox.reviewer.on(content={"action": "shell command"}).reject(feedback="Not on a Friday.")
    refused = propose(environment, "touch", "ran", folder=tmp_path)
    assert (refused.returncode, "Not on a Friday." in refused.stderr) == (126, True)
    assert not (tmp_path / "ran").exists()
    assert outcomes(ledger) == []


def test_an_edited_command_runs_as_it_was_edited(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    assert propose(environment, "--timeout", "1", "echo", "300", folder=tmp_path).returncode == 126
    (review,) = sandbox.reviewer.pending()
    edited = {**review.content["arguments"], "command": ["echo", "3"]}
    sandbox.reviewer.complete(review, {"approved": True, "arguments": edited})
    done = propose(environment, "echo", "300", folder=tmp_path)
    assert (done.returncode, done.stdout, outcomes(ledger)) == (0, "3\n", [0])


@pytest.mark.parametrize("changed", ["program", "argument"])
def test_a_file_that_changes_while_it_is_asked_about_does_not_run(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path, changed: str
) -> None:
    program, data = script(tmp_path / "deploy", "touch ran"), tmp_path / "data.sql"
    data.write_text("select 1")

    def swap(_: Any) -> bool:
        (program if changed == "program" else data).write_text("#!/bin/sh\ntouch ran stolen\n")
        return True

    sandbox.reviewer.on(content=swap).approve()
    done = propose(environment, "./deploy", "data.sql", folder=tmp_path)
    assert done.returncode == 125
    assert "changed since it was proposed" in done.stderr
    assert not (tmp_path / "ran").exists()
    assert outcomes(ledger) == []


def test_files_that_change_all_the_time_can_be_left_out(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("1")

    def grow(_: Any) -> bool:
        (tmp_path / "log").write_text("2")
        return True

    sandbox.reviewer.on(content=grow).approve()
    done = propose(environment, "--no-files", "cat", "log", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "2")


def test_what_cannot_be_asked_does_not_run(environment: dict[str, str], tmp_path: Path, ledger: SQLiteLedger) -> None:
    nobody = {**environment, "HITL_BASE_URL": "http://127.0.0.1:9", "HITL_MAX_RETRIES": "0"}
    assert propose(nobody, "touch", "ran", folder=tmp_path).returncode == 125
    missing = propose(environment, "no-such-program", "x", folder=tmp_path)
    assert (missing.returncode, "there is no program" in missing.stderr) == (127, True)
    assert propose(environment, folder=tmp_path).returncode == 2
    assert (
        propose({**environment, "HITL_LEDGER": "/proc/no/ledger.db"}, "touch", "ran", folder=tmp_path).returncode == 125
    )
    assert not (tmp_path / "ran").exists()


def test_a_wait_that_times_out_goes_on_with_the_same_question(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    late = propose(environment, "--timeout", "1", "echo", "done", folder=tmp_path)
    assert late.returncode == 126
    (review,) = sandbox.reviewer.pending()
    sandbox.reviewer.complete(review, {"approved": True})
    done = propose(environment, "--timeout", "1", "echo", "done", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_a_command_that_was_killed_with_its_approval_is_not_run_again(
    sandbox: Sandbox, environment: dict[str, str], ledger: SQLiteLedger, tmp_path: Path
) -> None:
    sandbox.reviewer.on(content={"action": "shell command"}).approve()
    words = ["sh", "-c", "echo ran >> ran; kill -9 $PPID"]
    assert propose(environment, *words, folder=tmp_path).returncode == -signal.SIGKILL
    again = propose(environment, *words, folder=tmp_path)
    assert again.returncode == 125
    assert "may or may not have been done" in again.stderr
    assert (tmp_path / "ran").read_text() == "ran\n"
    assert "consumed" in run_to_the_end(environment, "pending").stdout
