"""A disk that is full, read-only or broken: nothing is done by halves, everybody is told, and work goes on after it."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.errors import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.server.storage.errors import StorageError, storage_error

KEY = "hitl_test_key"
LARGE = {"template_id": "template_123", "content": {"text": "x" * 200_000}}
SMALL = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def server() -> Iterator[ReviewServer]:
    with closing(ReviewServer(api_keys=[KEY])) as server:
        yield server


def pages(server: ReviewServer) -> int:
    row = server.database.row("PRAGMA page_count")
    assert row is not None
    return int(row[0])


@contextmanager
def no_room(server: ReviewServer) -> Iterator[None]:
    """Let the database grow no further, which SQLite reports as it reports a full disk."""
    server.database.row(f"PRAGMA max_page_count = {pages(server)}")
    yield
    server.database.row("PRAGMA max_page_count = 1073741823")


def test_on_a_full_disk_a_creation_leaves_nothing_behind_and_succeeds_when_there_is_room(server: ReviewServer) -> None:
    with no_room(server):
        with pytest.raises(StorageError, match="disk is full, so nothing was changed") as caught:
            server.reviews.create_review(LARGE, idempotency_key="job-42")
        assert server.reviews.list_reviews().total == 0
        assert server.outbox.events_after(0, 10) == []
    assert caught.value.code == "storage_full"
    made = server.reviews.create_review(LARGE, idempotency_key="job-42")
    assert (made.document["id"], made.replayed) == ("rev_1", False)


def test_on_a_full_disk_a_decision_is_not_taken_and_can_be_taken_later(server: ReviewServer) -> None:
    server.reviews.create_review(SMALL)
    with no_room(server):
        with pytest.raises(StorageError):
            server.reviews.complete("rev_1", {"approved": True, "feedback": "x" * 200_000}, "ann@example.com")
        assert (server.reviews.get_review("rev_1")["status"], len(server.reviews.history("rev_1"))) == ("created", 1)
    assert server.reviews.complete("rev_1", {"approved": True}, "ann@example.com")["status"] == "completed"


@contextmanager
def calling(server: ReviewServer) -> Iterator[httpx.AsyncClient]:
    app = server.app
    headers = {"Authorization": f"Bearer {KEY}"}
    yield httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers)


@pytest.mark.anyio
async def test_the_api_says_that_the_disk_is_full_and_goes_on_reading(
    server: ReviewServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.reviews.create_review(SMALL)
    with calling(server) as http, caplog.at_level(logging.ERROR, "hitl.server"):
        with no_room(server):
            answer = await http.post("/v1/reviews", json=LARGE)
            read = await http.get("/v1/reviews/rev_1")
        again = await http.post("/v1/reviews", json=LARGE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "database or disk is full" in caplog.text
    assert (read.status_code, again.status_code, again.json()["data"]["id"]) == (200, 201, "rev_2")


@pytest.mark.anyio
async def test_on_a_full_disk_loops_are_refused_in_their_own_envelope(server: ReviewServer) -> None:
    loop = {"name": "Moderators", "icon": "shield-check", "description": "For posts"}
    with calling(server) as http, no_room(server):
        answer = await http.post("/v1/api/loops", json=loop)
        while answer.status_code == 201:
            answer = await http.post("/v1/api/loops", json=loop)
    assert (answer.status_code, answer.json()["error"]) == (503, True)
    assert "disk is full" in answer.text


@pytest.mark.anyio
async def test_the_inbox_keeps_what_a_reviewer_typed_while_the_disk_is_full(server: ReviewServer) -> None:
    server.reviews.create_review(SMALL)
    sessions = server.sessions
    app = server.app
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:1") as http:
        await http.get(f"/inbox/enter/{sessions.new_link()}")
        page = (await http.get("/inbox/reviews/rev_1")).text
        hidden = dict(re.findall(r'name="(form_token|version|fingerprint)" value="([^"]*)"', page))
        thought = "A long thought. " * 20_000
        form = {**hidden, "reviewer": "Ann", "field.approved": "true", "field.feedback": thought}
        form["decision"] = "complete"
        with no_room(server):
            answer = await http.post("/inbox/reviews/rev_1/answer", data=form, headers=headers)
        assert answer.status_code == 503
        assert "Not saved" in answer.text
        assert thought.strip() in answer.text
        assert server.reviews.get_review("rev_1")["status"] == "created"
        again = await http.post("/inbox/reviews/rev_1/answer", data=form, headers=headers)
    assert (again.status_code, server.reviews.get_review("rev_1")["status"]) == (303, "completed")


@pytest.mark.anyio
async def test_a_page_that_cannot_be_had_without_the_disk_says_so_in_plain_text(server: ReviewServer) -> None:
    sessions = server.sessions
    app = server.app
    links = [sessions.new_link() for _ in range(1000)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:1") as http:
        with no_room(server):
            answers = [await http.get(f"/inbox/enter/{link}") for link in links]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert "disk is full" in refused.text
        # The link was not used up.
        link = links[answers.index(refused)]
        assert (await http.get(f"/inbox/enter/{link}")).status_code == 303


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (sqlite3.SQLITE_FULL, "storage_full"),
        (sqlite3.SQLITE_READONLY | 6 << 8, "storage_read_only"),
        (sqlite3.SQLITE_CORRUPT, "storage_damaged"),
        (sqlite3.SQLITE_NOTADB, "storage_damaged"),
        (sqlite3.SQLITE_IOERR | 4 << 8, "storage_failed"),
        (sqlite3.SQLITE_CANTOPEN, "storage_failed"),
    ],
)
def test_each_way_in_which_a_disk_fails_has_a_word(code: int, word: str) -> None:
    error = sqlite3.OperationalError("as SQLite has it")
    error.sqlite_errorcode = code
    fault = storage_error(error)
    assert fault is not None
    refusal = fault.api_error()
    assert (refusal.status, refusal.code, refusal.headers["Retry-After"]) == (503, word, "5")


def test_a_fault_of_our_own_is_none_of_the_disk() -> None:
    assert storage_error(sqlite3.ProgrammingError("Cannot operate on a closed database.")) is None
    with closing(Database(IN_MEMORY, MIGRATIONS)) as database, pytest.raises(sqlite3.OperationalError, match="syntax"):
        database.execute("SELEKT 1")


# At the start

# The rights of root are no measure, so it becomes nobody first. RLIMIT_FSIZE stands for a full disk.
OPEN = """
import os, resource, sys
from hitl.server.review_server import ReviewServer
from hitl.server.primitives.errors import SetupError
ReviewServer().close()  # loads every module while it can be read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
most = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    ReviewServer(data=sys.argv[1]).close()
except SetupError as error:
    print("refused:", error)
else:
    print("opened")
"""
ENOUGH = 100_000_000


def opened(data: Path, most: int = ENOUGH) -> str:
    command = [sys.executable, "-W", "error", "-c", OPEN, str(data), str(most)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that everybody may look into, unlike those of tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def _share(data: Path) -> None:
    """Let another account have a file and its lock."""
    for each in (data, Path(f"{data}.lock")):
        each.chmod(0o666)


def test_a_read_only_file_is_told_when_the_sandbox_starts(folder: Path) -> None:
    data = folder / "sandbox.db"
    ReviewServer(data=data).close()
    data.chmod(0o444)
    assert opened(data) == f"refused: {data} is read-only here; make it writable (chmod u+rw), or give another file"
    _share(data)
    assert opened(data) == "opened"


@pytest.mark.parametrize("exists", [False, True])
def test_a_read_only_folder_is_told_when_the_sandbox_starts(folder: Path, exists: bool) -> None:
    data = folder / "sandbox.db"
    if exists:
        ReviewServer(data=data).close()
        _share(data)
    folder.chmod(0o555)
    assert opened(data).startswith(f"refused: the folder of {data} is read-only; make it writable")
    folder.chmod(0o777)
    assert opened(data) == "opened"


@pytest.mark.parametrize("most", [0, 4096, 20_000, 100_000])
def test_a_disk_without_room_is_told_when_the_sandbox_starts(folder: Path, most: int) -> None:
    data = folder / "sandbox.db"
    assert opened(data, most).startswith(f"refused: {data} cannot be ")
    assert opened(data) == "opened"


@pytest.mark.parametrize("name", ["a\0b.db", ""])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(SetupError):
        Database(name, MIGRATIONS)


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(SetupError, match="no ordinary file"):
            Database(place, MIGRATIONS)


def test_a_damaged_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with closing(ReviewServer(data=data)) as server:
        for _ in range(20):
            server.reviews.create_review(LARGE)
    damaged = bytearray(data.read_bytes())
    half = len(damaged) // 8192 * 4096
    damaged[4096:half] = os.urandom(half - 4096)
    data.write_bytes(damaged)
    with pytest.raises(SetupError, match=r"is damaged .* restore a copy of it"):
        ReviewServer(data=data)
    assert data.read_bytes() == damaged


def test_a_file_of_an_older_version_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(data)) as old:
        for step in MIGRATIONS[:3]:
            for statement in step:
                old.execute(statement)
        old.execute("INSERT INTO counters VALUES ('review', 7)")
        old.execute("PRAGMA user_version = 3")
        old.commit()
    (tmp_path / "sandbox.db.form-3").write_text("what a start left behind that was cut off")
    for _ in range(2):
        ReviewServer(data=data).close()
    with closing(sqlite3.connect(tmp_path / "sandbox.db.form-3")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (3,)
        assert copy.execute("SELECT value FROM counters").fetchall() == [(7,)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sandbox.db", "sandbox.db.form-3", "sandbox.db.lock"]


def test_a_file_with_everything_in_it_is_sound_when_it_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with ReviewServer(data=file) as server:
        server.reviews.create_review({**SMALL, "metadata": {"run": "r-1"}, "assignees": ["ann@example.com"]})
    with ReviewServer(data=file) as server:
        assert server.reviews.get_review("rev_1")["metadata"] == {"run": "r-1"}
