"""One SQLite database with one owner: opening, migrating, and transactions under one lock."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from hitl.sandbox.refusals import SetupError
from hitl.sandbox.schema import MIGRATIONS

Row: TypeAlias = tuple[Any, ...]

IN_MEMORY: Final = ":memory:"

_BUSY_MILLISECONDS = 1_000  # long enough for a sandbox that is just shutting down, short enough to be told soon


class Database:
    """A connection that several threads share; `lock` keeps them apart."""

    def __init__(self, path: str | Path = IN_MEMORY) -> None:
        """Open or create the database at `path`.

        Raises:
            SetupError: Another process uses the file, it is no SQLite file, or a newer version wrote it.
        """
        self.path = str(path)
        self.lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise SetupError(self._explain(error)) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise SetupError(self._explain(error)) from error
        except SetupError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; doing it twice is fine."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Do everything in the block or nothing, with no other thread in between.

        IMMEDIATE, because a transaction that begins by reading and goes on to write may fail at once whatever
        the busy timeout is (https://www.sqlite.org/lang_transaction.html, section 2.2).
        """
        with self.lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement that answers nothing."""
        with self.lock:
            self._connection.execute(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""
        with self.lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        with self.lock:
            row: Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def _prepare(self) -> None:
        # The timeout comes first, so that the statements after it wait, too.
        self.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        # The file itself is the lock: SQLite holds it until this connection closes or the process dies, so no
        # lock file can be left behind (https://www.sqlite.org/pragma.html#pragma_locking_mode).
        self.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.execute("PRAGMA journal_mode = WAL")
        # FULL costs about a millisecond for each commit and survives a power failure; people decide slowly.
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA foreign_keys = ON")
        with self.transaction():
            self._migrate()

    def _migrate(self) -> None:
        row = self.row("PRAGMA user_version")
        seen: int = row[0] if row else 0
        if seen > len(MIGRATIONS):
            raise SetupError(f"{self.path} was written by a newer version of hitl; upgrade, or use another file")
        for step in MIGRATIONS[seen:]:
            for statement in step:
                self.execute(statement)
        self.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _explain(self, error: sqlite3.Error) -> str:
        if "locked" in str(error):
            return f"{self.path} is in use by another sandbox; stop that one, or give this one another file"
        if "not a database" in str(error):
            return f"{self.path} is not a sandbox's data file; give another name"
        return f"{self.path} cannot be opened ({error}); check that its folder exists and may be written to"
