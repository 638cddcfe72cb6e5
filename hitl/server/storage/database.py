"""One SQLite database with one owner: opening, migrating, and transactions under one lock."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, TypeAlias

from hitl._private_file import make_private
from hitl.server.primitives import SetupError, name_key
from hitl.server.storage.errors import StorageError, damaged, require_usable, setup_error, storage_error
from hitl.server.storage.file_lock import HAS_LOCKS, FileLock

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
"""The values of a statement's parameters, by position or by name."""

Migrations: TypeAlias = Sequence[Sequence[str]]
"""The statements of each step from an empty file to the present schema."""

IN_MEMORY: Final = ":memory:"

_READS: Final = ("SELECT", "PRAGMA")
_BUSY_MILLISECONDS = 1_000  # long enough for a sandbox that is just shutting down, short enough to fail fast


class Database:
    """A connection that several threads share; `lock` keeps them apart."""

    def __init__(self, path: str | Path, migrations: Migrations) -> None:
        """Open or create the file, and bring it to the present schema; SetupError if it cannot be used."""
        self.path = str(path)
        self.lock = threading.RLock()
        self._migrations = migrations
        self._is_open = self._begins_at_write = False  # a transaction, and one that has not written yet
        self._after_commit: list[Callable[[], object]] = []
        self._file_lock: FileLock | None = None
        if self.path != IN_MEMORY:
            require_usable(Path(self.path))
            self._file_lock = FileLock(self.path)
        try:
            self._open()
        except BaseException:
            self._release()
            raise

    def _open(self) -> None:
        if self.path != IN_MEMORY:
            make_private(self.path)  # it holds what people wrote, and the secrets that sign webhooks
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, ValueError) as error:  # a ValueError for a name that holds a null character
            raise SetupError(f"{self.path!r} cannot be opened ({error}); give another name") from error
        self._connection.create_function("name_key", 1, name_key, deterministic=True)
        try:
            self._prepare()
        except (StorageError, sqlite3.Error, SetupError) as error:
            self._connection.close()
            cause = error.__cause__ if isinstance(error, StorageError) else error
            if isinstance(cause, sqlite3.Error):
                raise setup_error(self.path, cause) from error
            raise

    def close(self) -> None:
        """Close the file; idempotent."""
        with self.lock:
            self._connection.close()
            self._release()

    def _release(self) -> None:
        if self._file_lock is not None:
            self._file_lock.release()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Do everything in the block or nothing, with no other thread in between.

        The first statement that writes begins it. What is read before it needs no transaction: nobody else has the
        file, and no other thread has the lock. Inside another one, it is a part of that.
        """
        with self.lock:
            if self._is_open:
                yield
                return
            self._is_open = self._begins_at_write = True
            try:
                yield
                if self._connection.in_transaction:
                    self._run("COMMIT")
            except BaseException:
                self._after_commit.clear()
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._is_open = self._begins_at_write = False
            calls, self._after_commit = self._after_commit, []
            for call in calls:
                call()

    def after_commit(self, calls: Iterable[Callable[[], object]]) -> None:
        """Call functions, which raise nothing, when the transaction is committed; at once if there is none."""
        with self.lock:
            if self._is_open:
                self._after_commit.extend(calls)
                return
        for call in calls:
            call()

    @property
    def rows_written(self) -> int:
        """How many rows were written since the file was opened."""
        return self._connection.total_changes

    def execute(self, sql: str, values: Values = ()) -> None:
        """Run a statement without a result. As the other methods, it raises StorageError for errors of the disk."""
        self._run(sql, values)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query."""
        return self._run(sql, values)

    def rows_while(self, fits: Callable[[Row], bool], sql: str, values: Values = ()) -> list[Row]:
        """Return the rows before the first that does not fit, which is the last that is read."""
        return self._run(sql, values, lambda cursor: list(takewhile(fits, cursor)))

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row of a query, or None."""
        return next(iter(self._run(sql, values)), None)

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first column of a query's first row, or None."""
        row = self.row(sql, values)
        return None if row is None else row[0]

    def _run(
        self, sql: str, values: Values = (), read: Callable[[sqlite3.Cursor], list[Row]] = sqlite3.Cursor.fetchall
    ) -> list[Row]:
        try:
            with self.lock:
                if self._begins_at_write and not sql.startswith(_READS):
                    self._begins_at_write = False
                    self._connection.execute("BEGIN IMMEDIATE")
                return read(self._connection.execute(sql, values))
        except sqlite3.Error as error:
            fault = storage_error(error)
            if fault is None:
                raise
            raise fault from error

    def _prepare(self) -> None:
        # The timeout comes first, so that the statements after it wait, too.
        self.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        if not HAS_LOCKS:
            # The file itself is the lock (https://www.sqlite.org/pragma.html#pragma_locking_mode).
            self.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.execute("PRAGMA journal_mode = WAL")
        # FULL costs about a millisecond for each commit and survives a power failure; people decide slowly.
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA foreign_keys = ON")
        # What is deleted, such as a secret, is overwritten where that costs no further write.
        self.execute("PRAGMA secure_delete = FAST")
        seen = self._version()
        if 0 < seen < len(self._migrations):
            self._keep_a_copy(seen)
        with self.transaction():
            self._migrate(seen)

    def _version(self) -> int:
        """Return the number of the file's schema steps; SetupError if it is damaged or newer."""
        seen: int = self.value("PRAGMA user_version")
        if seen > len(self._migrations):
            raise SetupError(f"{self.path} was written by a newer version of hitl; upgrade, or use another file")
        if seen and (found := self.value("PRAGMA quick_check(1)")) != "ok":
            raise damaged(self.path, found)
        return seen

    def _keep_a_copy(self, seen: int) -> None:
        """Copy the file, before it gets a form that older versions cannot read."""
        copy = Path(f"{self.path}.form-{seen}")
        copy.unlink(missing_ok=True)  # of an attempt that was cut off
        make_private(copy)
        self.execute("VACUUM INTO ?", (str(copy),))

    def _migrate(self, seen: int) -> None:
        for step in self._migrations[seen:]:
            for statement in step:
                self.execute(statement)
        self.execute(f"PRAGMA user_version = {len(self._migrations)}")


class Store:
    """Statements over one database; callers open the transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
