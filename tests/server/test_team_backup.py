"""Backups are made beside a busy server, hold whatever was acknowledged before, and come back without what has ended."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from hitl.cli.commands import hitl
from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives import MACHINE
from hitl.server.review_server import ReviewServer
from hitl.server.storage import Database
from hitl.server.team_settings import TeamSettings

LIVES = Path(__file__).with_name("team_lives.py")
REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(hitl, ["server", *map(str, arguments)])


def team(data: Path) -> ReviewServer:
    return ReviewServer(data=data, team=TeamSettings())


def fill(data: Path, reviews: int = 1) -> None:
    with team(data) as site:
        for _ in range(reviews):
            site.reviews.create_review(REVIEW)


def files(folder: Path) -> set[str]:
    """Return the names of its files, without those that SQLite keeps beside a database that was only read."""
    return {each.name for each in folder.iterdir() if not each.name.endswith(("-wal", "-shm", ".lock"))}


@pytest.fixture
def busy(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A server in another process to which reviews come in as fast as it takes them; it prints their ids."""
    process = subprocess.Popen([sys.executable, str(LIVES), str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_backup_of_a_busy_server_holds_what_was_acknowledged_before_it(
    data: Path, busy: subprocess.Popen[str], tmp_path: Path
):
    assert busy.stdout is not None
    acknowledged = [busy.stdout.readline().strip() for _ in range(200)]
    command = [sys.executable, "-m", "hitl.cli", "server", "backup", str(tmp_path / "b.db"), "--data", str(data)]
    reading = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True)
    while reading.poll() is None:
        later = busy.stdout.readline().strip()  # it goes on meanwhile
    busy.send_signal(signal.SIGKILL)
    told = json.loads(reading.communicate()[0])
    last = int(later.removeprefix("rev_"))
    assert 200 <= told["reviews"] < last
    new = tmp_path / "new.db"
    assert run("restore", tmp_path / "b.db", "--data", new).exit_code == 0
    with team(new) as site:
        for review_id in acknowledged:
            assert site.reviews.get_review(review_id)["content"] == {"text": "x" * 2000}
        assert site.reviews.list_reviews().total == told["reviews"]


def test_a_backup_is_whole_private_and_says_what_it_is(data: Path, tmp_path: Path):
    fill(data, 3)
    before = os.umask(0)
    outcome = run("backup", tmp_path / "b.db", "--data", data)
    os.umask(before)
    copy = tmp_path / "b.db"
    assert outcome.output == (
        f"{copy}: 3 reviews, {copy.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(copy.read_bytes()).hexdigest()}\n"
        "The key is not in it: keep the key file elsewhere, or channels and webhooks must be entered anew.\n"
    )
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert {each for each in files(tmp_path) if each.startswith("b.db")} == {"b.db"}


def test_a_backup_takes_the_place_of_an_earlier_one(data: Path, tmp_path: Path):
    fill(data)
    for expected in (1, 2):
        outcome = run("backup", tmp_path / "b.db", "--data", data, "--json")
        assert json.loads(outcome.output)["reviews"] == expected
        fill(data)


def test_a_backup_of_the_last_moments_of_a_killed_server(data: Path, busy: subprocess.Popen[str], tmp_path: Path):
    assert busy.stdout is not None
    acknowledged = [busy.stdout.readline().strip() for _ in range(50)]
    busy.kill()
    busy.wait()
    assert Path(f"{data}-wal").stat().st_size > 0
    outcome = run("backup", tmp_path / "b.db", "--data", data, "--json")
    assert json.loads(outcome.output)["reviews"] >= len(acknowledged)


def test_what_no_backup_may_be_written_over(data: Path, tmp_path: Path):
    fill(data)
    (tmp_path / "notes.txt").write_text("Remember")
    (tmp_path / "link.db").symlink_to(data)
    for target, message in [
        (data, "is the data file itself"),
        (tmp_path / "link.db", "is the data file itself"),
        (tmp_path / "notes.txt", "is no copy of a data file"),
        (tmp_path / "missing" / "b.db", "check that its folder exists"),
    ]:
        outcome = run("backup", target, "--data", data)
        assert (outcome.exit_code, message in outcome.output) == (1, True), outcome.output
    with team(tmp_path / "other.db"):
        outcome = run("backup", tmp_path / "other.db", "--data", data)
    assert "is the data file of a running server" in outcome.output
    assert (tmp_path / "notes.txt").read_text() == "Remember"


def test_a_file_that_is_not_there_is_not_made(data: Path, tmp_path: Path):
    for command in (["backup", tmp_path / "b.db"], ["migrate", "--dry-run"], ["migrate"]):
        outcome = run(*command, "--data", data)
        assert (outcome.exit_code, "there is no data file" in outcome.output) == (1, True)
    assert files(tmp_path) == set()


def test_a_failed_backup_leaves_the_earlier_one(data: Path, tmp_path: Path):
    fill(data)
    assert run("backup", tmp_path / "b.db", "--data", data).exit_code == 0
    earlier = (tmp_path / "b.db").read_bytes()
    whole = data.read_bytes()
    data.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    outcome = run("backup", tmp_path / "b.db", "--data", data)
    assert outcome.exit_code == 1
    assert "damaged" in outcome.output
    assert (tmp_path / "b.db").read_bytes() == earlier
    assert "b.db.part" not in files(tmp_path)


def test_a_restore_refuses_a_file_that_is_there_or_in_use(data: Path, tmp_path: Path):
    fill(data)
    run("backup", tmp_path / "b.db", "--data", data)
    with team(data):
        assert "in use by another server" in run("restore", tmp_path / "b.db", "--data", data).output
    outcome = run("restore", tmp_path / "b.db", "--data", data)
    assert (outcome.exit_code, "team.db is there already" in outcome.output) == (1, True)
    data.unlink()
    Path(f"{data}-wal").touch()
    assert "team.db-wal is there already" in run("restore", tmp_path / "b.db", "--data", data).output
    Path(f"{data}-wal").unlink()
    assert run("restore", tmp_path / "b.db", "--data", data).exit_code == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_restore_of_what_is_no_backup_makes_nothing(data: Path, tmp_path: Path, content: bytes):
    (tmp_path / "b.db").write_bytes(content)
    outcome = run("restore", tmp_path / "b.db", "--data", data)
    assert outcome.exit_code == 1, outcome.output
    assert files(tmp_path) == {"b.db"}


def test_a_restore_migrates_an_older_backup(data: Path, tmp_path: Path):
    Database(tmp_path / "old.db", MIGRATIONS[:3]).close()
    assert run("restore", tmp_path / "old.db", "--data", data).exit_code == 0
    assert files(tmp_path) == {"old.db", "team.db"}
    with team(data) as site:
        assert site.reviews.list_reviews().total == 0


def test_a_restore_refuses_the_backup_of_a_newer_version(data: Path, tmp_path: Path):
    Database(tmp_path / "new.db", [*MIGRATIONS, ["CREATE TABLE later (x)"]]).close()
    outcome = run("restore", tmp_path / "new.db", "--data", data)
    assert (outcome.exit_code, "newer version of hitl" in outcome.output) == (1, True)
    assert not data.exists()


def with_everything_that_ends(data: Path) -> None:
    """Make a file with a session, two links, of which one was used, and a pending delivery."""
    with team(data) as site:
        person = site.people.activate(site.people.add("ann@example.com").id, by=MACHINE)
        ticket = site.admission.tickets.issue("signin", person.id)
        here = "http://127.0.0.1:4010"
        with TestClient(site.app, base_url=here, headers={"Origin": here}) as http:
            entered = http.post(f"/enter/{ticket.token}", data={"code": ticket.code}, follow_redirects=False)
        assert entered.status_code == 303
        site.admission.tickets.issue("signin", person.id)
        site.outbox.call_back("http://127.0.0.1:9/", "review.completed", "rev_1", {"n": 1}, at=site.clock())


def open_doors(data: Path) -> tuple[int, int]:
    """Return how many sessions and unused links there are."""
    with team(data) as site:
        sessions = site.database.value("SELECT count(*) FROM person_sessions WHERE ended_at IS NULL")
        tickets = site.database.value("SELECT count(*) FROM tickets WHERE ended_at IS NULL AND used_at IS NULL")
    return sessions, tickets


def held(data: Path) -> list[object]:
    with team(data) as site:
        return [each["due_at"] for each in site.deliveries.page().items]


@pytest.fixture
def restored(data: Path, tmp_path: Path) -> Path:
    with_everything_that_ends(data)
    run("backup", tmp_path / "b.db", "--data", data)
    new = tmp_path / "new.db"
    outcome = run("restore", tmp_path / "b.db", "--data", new)
    assert re.search("ended: 1 person sessions, 2 tickets", outcome.output)
    assert "1 deliveries wait" in outcome.output
    return new


def test_a_restore_holds_deliveries_until_they_are_resumed(restored: Path):
    assert held(restored) == [None]
    assert run("resume-deliveries", "--data", restored).output == "1 deliveries are on their way\n"
    assert held(restored) != [None]
    assert run("resume-deliveries", "--data", restored).output == "no deliveries were held back\n"


def test_a_restore_is_in_the_audit(restored: Path):
    run("resume-deliveries", "--data", restored)
    outcome = run("audit", "--json", "--data", restored)
    told = [json.loads(line) for line in outcome.stdout.splitlines()][-2:]
    assert [each["event"] for each in told] == ["server.restored", "deliveries.resumed"]
    assert told[0]["detail"]["held"] == told[1]["detail"]["deliveries"] == 1


def test_sessions_are_kept_on_wish_only(data: Path, tmp_path: Path):
    with_everything_that_ends(data)
    run("backup", tmp_path / "b.db", "--data", data)
    assert open_doors(data) == (1, 1)
    for options, left in ([[], 0], [["--keep-sessions"], 1]):
        run("restore", tmp_path / "b.db", "--data", tmp_path / f"new{left}.db", *options)
        assert open_doors(tmp_path / f"new{left}.db") == (left, 0)


def test_a_migration_is_tried_with_a_copy(data: Path, tmp_path: Path):
    Database(data, MIGRATIONS[:5]).close()
    before = data.read_bytes()
    outcome = run("migrate", "--dry-run", "--data", data)
    assert outcome.output == (f"{data} can be migrated from form 5 to {len(MIGRATIONS)}; nothing was changed\n")
    assert data.read_bytes() == before
    assert files(tmp_path) == {"team.db"}


def test_a_migration_keeps_a_copy_that_the_older_version_can_read(data: Path, tmp_path: Path):
    Database(data, MIGRATIONS[:5]).close()
    outcome = run("migrate", "--data", data)
    assert outcome.output == f"{data} has form {len(MIGRATIONS)} now; {data}.form-5 is the copy from before\n"
    assert run("migrate", "--data", data).output == f"{data} has form {len(MIGRATIONS)} already\n"
    assert stat.S_IMODE((tmp_path / "team.db.form-5").stat().st_mode) == 0o600
    Database(tmp_path / "team.db.form-5", MIGRATIONS[:5]).close()


def test_a_migration_of_a_newer_or_used_file_is_refused(data: Path):
    Database(data, [*MIGRATIONS, ["CREATE TABLE later (x)"]]).close()
    for options in ([], ["--dry-run"]):
        outcome = run("migrate", "--data", data, *options)
        assert (outcome.exit_code, "newer version of hitl" in outcome.output) == (1, True)
