"""Files with a database are readable for their owner only, whatever the umask."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitl._private_file import make_private, write_private
from hitl.server.migrations import MIGRATIONS
from hitl.server.review_server import ReviewServer
from hitl.server.storage import Created
from hitl.server.storage.database import Database
from hitl.webhooks import SQLiteReplayGuard


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


def test_the_data_of_a_sandbox_and_what_sqlite_keeps_beside_it(tmp_path: Path):
    database = Database(tmp_path / "s.db", MIGRATIONS)
    during = modes(tmp_path)
    database.close()
    assert {"s.db", "s.db-wal"} <= set(during)
    assert set(during.values()) == {0o600}


def test_the_copy_before_a_migration(tmp_path: Path):
    Database(tmp_path / "s.db", MIGRATIONS[:1]).close()
    Database(tmp_path / "s.db", MIGRATIONS).close()
    assert modes(tmp_path) == {"s.db": 0o600, "s.db.form-1": 0o600, "s.db.lock": 0o600}


def test_an_older_file_is_tightened_with_what_is_beside_it(tmp_path: Path):
    for name in ("s.db", "s.db-wal", "s.db-shm"):
        (tmp_path / name).touch(0o666)
    make_private(tmp_path / "s.db")
    assert set(modes(tmp_path).values()) == {0o600}


def test_a_guard_and_what_sqlite_keeps_beside_it(tmp_path: Path):
    guard = SQLiteReplayGuard(tmp_path / "guard.db")
    guard.first_time("event", 2e9)
    during = modes(tmp_path)
    guard.close()
    assert len(during) == 3
    assert set(during.values()) == {0o600}


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o660, 0o660), (0o666, 0o660), (0o400, 0o400)])
def test_a_guard_that_a_group_shares_on_purpose_stays_shared(tmp_path: Path, before: int, after: int):
    file = tmp_path / "guard.db"
    file.touch()
    file.chmod(before)
    make_private(file, keep_group=True)
    assert modes(tmp_path) == {"guard.db": after}


def test_a_link_to_a_file_that_is_not_there_yet(tmp_path: Path):
    (tmp_path / "link.db").symlink_to(tmp_path / "there.db")
    SQLiteReplayGuard(tmp_path / "link.db").close()
    assert modes(tmp_path)["there.db"] == 0o600


def test_the_locks_of_this_process_on_an_existing_file_are_kept(tmp_path: Path):
    file = tmp_path / "s.db"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    make_private(file)
    child = os.fork()
    if child == 0:  # pragma: no cover  # in another process
        try:
            sqlite3.connect(file, timeout=0).execute("CREATE TABLE t (x)")
        except sqlite3.OperationalError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    holder.close()


def test_memory_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    SQLiteReplayGuard(":memory:").close()
    Database(":memory:", MIGRATIONS).close()
    assert modes(tmp_path) == {}


def test_what_the_command_keeps_and_its_folder(tmp_path: Path):
    kept = tmp_path / "new" / "folder" / "kept.json"
    write_private(kept, "é")
    assert kept.read_text(encoding="utf-8") == "é"
    assert modes(kept.parent) == {"kept.json": 0o600}
    assert modes(tmp_path / "new") == {"folder": 0o700}


def test_an_older_file_of_the_command_and_its_folder_are_tightened(tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir(0o777)
    (folder / "kept.json").touch(0o666)
    write_private(folder / "kept.json", "new")
    assert modes(folder) == {"kept.json": 0o600}
    assert modes(tmp_path) == {"folder": 0o700}


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "kept.json").mkdir()
    with pytest.raises(OSError, match=r"kept\.json"):
        write_private(tmp_path / "kept.json", "secret")
    assert list(modes(tmp_path)) == ["kept.json"]


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SUBSCRIPTION = {"url": "http://127.0.0.1:9/", "events": ["review.created"], "secret": SECRET}


def copies(file: Path) -> int:
    """Count the secret in a file and whatever is beside it."""
    return sum(each.read_bytes().count(SECRET.encode()) for each in file.parent.iterdir())


def test_a_secret_is_kept_once_and_gone_with_its_subscription(tmp_path: Path):
    file = tmp_path / "s.db"

    async def create(server: ReviewServer) -> Created:
        return await server.subscriptions.create(SUBSCRIPTION, idempotency_key="k", owner="me")

    with ReviewServer(data=file) as server:
        made = asyncio.run(create(server))
        assert made.document["secret"] == SECRET
    assert copies(file) == 1
    with ReviewServer(data=file) as server:
        again = asyncio.run(create(server))
        assert (again.document, again.replayed) == (made.document, True)
        server.subscriptions.delete(made.document["id"])
        assert asyncio.run(create(server)).document == {**made.document, "secret": None}
    assert copies(file) == 0


def test_an_older_database_loses_its_second_copies(tmp_path: Path):
    file = tmp_path / "s.db"
    before = next(index for index, step in enumerate(MIGRATIONS) if "$.secret" in step[0])
    database = Database(file, MIGRATIONS[:before])
    kept = [("wh_1", SECRET), ("rev_1", "a content's own")]
    for number, (name, secret) in enumerate(kept):
        database.execute(
            "INSERT INTO creations (owner, key, fingerprint, document) VALUES ('me', ?, '', ?)",
            (str(number), json.dumps({"id": name, "secret": secret, "url": "é"})),
        )
    database.close()
    database = Database(file, MIGRATIONS)
    found = [json.loads(row[0]) for row in database.rows("SELECT made FROM creations ORDER BY made DESC")]
    database.close()
    assert [each["secret"] for each in found] == [None, "a content's own"]
    assert found[0] == {"id": "wh_1", "secret": None, "url": "é"}
    (tmp_path / f"s.db.form-{before}").unlink()  # the copy for older versions
    assert copies(file) == 0
