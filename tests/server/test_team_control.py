"""The command beside a server: it asks the running one, or does the same in its own process."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl
from hitl.cli.control import control
from hitl.cli.failures import CommandError
from hitl.server.http.server import BackgroundServer
from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import MACHINE
from hitl.server.review_server import ReviewServer
from hitl.server.storage import Audit, Database, FileLock, announced
from hitl.server.team_settings import TeamSettings

LIVES = Path(__file__).with_name("team_lives.py")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


@contextmanager
def running(data: Path) -> Iterator[ReviewServer]:
    with ReviewServer(data=data, team=TeamSettings()) as site:
        background = BackgroundServer(site.server())
        background.start()
        yield site
        background.stop()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(hitl, arguments)


def note(data: Path, *subjects: str) -> None:
    with ReviewServer(data=data, team=TeamSettings()) as site:
        record(site, *subjects)


def record(site: ReviewServer, *subjects: str) -> None:
    for each in subjects:
        with site.database.transaction():
            site.audit.record("thing.done", each, at="2026-11-30T00:00:00.000000Z", actor=MACHINE)


def subjects(outcome: Result) -> list[str]:
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(each)["subject"] for each in outcome.stdout.splitlines()]


def test_the_same_with_a_running_server_and_without_one(data: Path):
    with running(data) as site:
        record(site, "one", "two")
        with_server = run("server", "audit", "--json", "--data", str(data))
    without = run("server", "audit", "--json", "--data", str(data))
    assert subjects(with_server) == subjects(without) == ["one", "two"]
    assert with_server.stderr == without.stderr


def test_the_data_file_may_be_in_the_environment(data: Path, monkeypatch: pytest.MonkeyPatch):
    note(data, "one")
    monkeypatch.setenv("HITL_DATA", str(data))
    assert subjects(run("server", "audit", "--json")) == ["one"]


def test_a_refusal_ends_the_command_with_its_message(data: Path):
    with running(data), control(str(data)) as server, pytest.raises(CommandError, match="answered 404"):
        server.call("GET", "/nothing")


def test_a_body_that_is_no_object_is_refused(data: Path):
    with running(data):
        transport = httpx.HTTPTransport(uds=announced(data))
        with httpx.Client(transport=transport, base_url="http://control") as http:
            answer = http.request("POST", "/deliveries/resume", content=b"[1]")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    data = folder / "team.db"
    with running(data) as site:
        record(site, "one")
        socket = Path(announced(data))
        assert not socket.is_relative_to(folder)
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert subjects(run("server", "audit", "--json", "--data", str(data))) == ["one"]
    assert not socket.parent.exists()


def test_a_long_path_of_a_service_is_found_by_a_command_that_does_not_know_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / ("long" * 30)
    run_folder = Path("/tmp", f"hitl-test-{os.getpid()}")
    folder.mkdir()
    run_folder.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{run_folder}:/run/other")
    with running(folder / "team.db"):
        assert Path(announced(folder / "team.db")).is_relative_to(run_folder)
        monkeypatch.delenv("RUNTIME_DIRECTORY")
        assert run("server", "audit", "--data", str(folder / "team.db")).exit_code == 0
    run_folder.rmdir()


def test_after_a_kill_the_next_server_takes_the_place_of_the_dead_socket(data: Path):
    process = subprocess.Popen([sys.executable, str(LIVES), str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert Path(f"{data}.sock").is_socket()
    assert run("server", "audit", "--data", str(data)).exit_code == 0  # without a server
    with running(data) as site:
        record(site, "one")
        assert subjects(run("server", "audit", "--json", "--data", str(data))) == ["one"]
    assert not Path(f"{data}.sock").exists()


def test_a_command_waits_for_another_one_that_has_the_file(data: Path):
    note(data, "one")
    lock = FileLock(data)
    threading.Timer(0.2, lock.release).start()
    assert subjects(run("server", "audit", "--json", "--data", str(data))) == ["one"]


def test_a_command_waits_for_a_server_that_is_about_to_listen(data: Path):
    with ReviewServer(data=data, team=TeamSettings()) as site:
        record(site, "one")
        background: list[BackgroundServer] = []

        def listen() -> None:
            background.append(BackgroundServer(site.server()))
            background[0].start()

        threading.Timer(0.2, listen).start()
        assert subjects(run("server", "audit", "--json", "--data", str(data))) == ["one"]
        background[0].stop()


def test_a_file_that_a_sandbox_has_takes_no_commands(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hitl.cli.control._PATIENCE", 0)
    with ReviewServer(data=data):
        outcome = run("server", "audit", "--data", str(data))
    assert outcome.exit_code == 1
    assert "in use by something that takes no commands" in outcome.output


def test_an_export_is_verified_by_the_command_for_the_records_of_approvals(data: Path, tmp_path: Path):
    note(data, "one", "two", "three")
    exported = run("server", "audit", "--json", "--data", str(data))
    anchor = exported.stderr.removeprefix("anchor ").strip()
    file = tmp_path / "audit.jsonl"
    file.write_text(exported.stdout)
    assert run("audit", "verify", str(file), "--anchor", anchor).stdout == f"3 records, anchor {anchor}\n"
    file.write_text("".join(exported.stdout.splitlines(keepends=True)[:2]))
    assert "it was cut" in run("audit", "verify", str(file), "--anchor", anchor).output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE audit SET subject = 'another' WHERE number = 2", "record 2 was changed"),
        ("DELETE FROM audit WHERE number = 2", "record 2 does not follow the one before it"),
        ("UPDATE audit SET detail = '{\"sum\":1}' WHERE number = 1", "record 1 was changed"),
    ],
)
def test_a_chain_that_was_changed_does_not_verify(data: Path, change: str, message: str):
    note(data, "one", "two", "three")
    sound = run("server", "audit", "--verify", "--data", str(data))
    assert sound.stdout.startswith("3 entries, anchor 3:")
    database = Database(data, MIGRATIONS)
    database.execute(change)
    database.close()
    broken = run("server", "audit", "--verify", "--data", str(data))
    assert (broken.exit_code, message in broken.output) == (1, True)


def test_an_audit_longer_than_one_answer_is_shown_whole(data: Path):
    database = Database(data, MIGRATIONS)
    with database.transaction():
        for number in range(2500):
            Audit(database).record("thing.done", f"t{number}", at="2026-11-30T00:00:00Z", actor=MACHINE)
    database.close()
    assert subjects(run("server", "audit", "--json", "--data", str(data))) == [f"t{n}" for n in range(2500)]
