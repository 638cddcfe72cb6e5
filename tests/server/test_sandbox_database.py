from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hitl.server.migrations import MIGRATIONS
from hitl.server.primitives.errors import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY, Database

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


def test_a_second_sandbox_is_refused_the_file_of_the_first(file: Path) -> None:
    with closing(ReviewServer(data=file)):
        with pytest.raises(SetupError, match="in use by another server"):
            ReviewServer(data=file)
        script = f"from hitl.server.review_server import ReviewServer; ReviewServer(data={str(file)!r})"
        other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert "in use by another server" in other.stderr
    ReviewServer(data=file).close()


def test_a_file_is_kept_in_wal_mode_with_full_synchronisation(file: Path) -> None:
    with closing(Database(file, MIGRATIONS)) as database:
        assert database.row("PRAGMA journal_mode") == ("wal",)
        assert database.row("PRAGMA synchronous") == (2,)
        assert database.row("PRAGMA user_version") == (len(MIGRATIONS),)


def test_a_file_of_a_newer_version_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(SetupError, match="newer version of hitl"):
        Database(file, MIGRATIONS)


def test_a_file_that_is_something_else_is_refused_and_left_alone(file: Path) -> None:
    file.write_text("My holiday plans. " * 100)
    with pytest.raises(SetupError, match="not a sandbox's data file"):
        Database(file, MIGRATIONS)
    assert file.read_text().startswith("My holiday plans.")


def test_a_file_in_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="check that its folder exists"):
        Database(tmp_path / "nowhere" / "sandbox.db", MIGRATIONS)


def test_a_failed_transaction_leaves_nothing_behind() -> None:
    def fail_after_writing(database: Database) -> None:
        with database.transaction():
            database.execute("INSERT INTO counters (name, value) VALUES ('a', 1)")
            raise KeyError("a")

    with closing(Database(IN_MEMORY, MIGRATIONS)) as database:
        with pytest.raises(KeyError):
            fail_after_writing(database)
        assert database.rows("SELECT * FROM counters") == []


def test_an_error_after_the_database_gave_a_transaction_up_by_itself_is_the_one_that_is_told() -> None:
    def fail_after_losing_it(database: Database) -> None:
        with database.transaction():
            database.execute("ROLLBACK")  # as SQLite does by itself when the disk is full
            raise OSError("disk full")

    with closing(Database(IN_MEMORY, MIGRATIONS)) as database, pytest.raises(OSError, match="disk full"):
        fail_after_losing_it(database)


def test_reading_needs_no_transaction_and_writing_one() -> None:
    with closing(ReviewServer()) as server:
        server.reviews.create_review(REVIEW)
        statements: list[str] = []
        server.database._connection.set_trace_callback(statements.append)
        server.reviews.get_review("rev_1")
        server.reviews.list_reviews()
        server.reviews.history("rev_1")
        server.loops.list_requests()
        assert not [each for each in statements if not each.lstrip().startswith("SELECT")]
        server.reviews.create_review(REVIEW, idempotency_key="k")
        assert [statements.count(each) for each in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]
        statements.clear()
        server.reviews.create_review(REVIEW, idempotency_key="k")  # has been created
        assert "COMMIT" not in statements


def test_what_was_read_before_a_failed_write_does_not_keep_it() -> None:
    def fail_after_reading_and_writing(database: Database) -> None:
        with database.transaction():
            assert database.rows("SELECT * FROM counters") == []
            database.value("INSERT INTO counters (name, value) VALUES ('a', 1) RETURNING value")
            raise KeyError("a")

    with closing(Database(IN_MEMORY, MIGRATIONS)) as database:
        with pytest.raises(KeyError):
            fail_after_reading_and_writing(database)
        with database.transaction():
            assert database.rows("SELECT * FROM counters") == []
        database.execute("INSERT INTO counters (name, value) VALUES ('b', 1)")  # outside of any, and so at once
        assert not database._connection.in_transaction


def test_closing_twice_is_fine() -> None:
    database = Database(IN_MEMORY, MIGRATIONS)
    database.close()
    database.close()
