"""One SQLite database with one owner: opening, migrating, and transactions under one lock."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from hitl.server.primitives import SetupError, name_key
from hitl.server.storage.digests import key_digest
from hitl.server.storage.errors import StorageError, damaged, require_usable, setup_error, storage_error
from hitl.server.storage.file_lock import HAS_LOCKS, FileLock
from hitl.server.storage.file_system import make_data_file, readable_by_others, require_guarded
from hitl.server.storage.querying import Querying, Row, Values
from hitl.server.storage.reader import Reader, Readers
from hitl.server.storage.snapshot import write_copy

Migrations: TypeAlias = Sequence[Sequence[str]]
"""The statements of each step from an empty file to the present schema."""

IN_MEMORY: Final = ":memory:"

_READS: Final = ("SELECT", "PRAGMA")
_LARGEST_LOG: Final = 64 * 1024 * 1024  # bytes of the WAL that are kept after a long reader has let it grow
_BUSY_MILLISECONDS = 1_000  # long enough for a sandbox that is just shutting down, short enough to fail fast


_log = logging.getLogger("hitl.server")


class Database(Querying):
    """A connection that several threads share; `lock` keeps them apart."""

    def __init__(self, path: str | Path, migrations: Migrations, *, guarded: bool = False) -> None:
        """Open or create the file, and bring it to the present schema; SetupError if it cannot be used.

        Args:
            guarded: Refuse a file that other users can read, rather than take that right from them, and one that is
                not on a disk of this machine. A new file is made so that it can shrink.
        """
        self.path = str(path)
        self._guarded = guarded
        self.lock = threading.RLock()
        self._migrations = migrations
        self._is_open = self._begins_at_write = False  # a transaction, and one that has not written yet
        self._after_commit: list[Callable[[], object]] = []
        self._file_lock: FileLock | None = None
        self.on_commit: Callable[[float], object] | None = None  # hears how many seconds each took
        # Where the file itself is the lock, and in memory, there is only one connection.
        self._readers = Readers(self.path) if HAS_LOCKS and self.path != IN_MEMORY else None
        if self.path != IN_MEMORY:
            require_usable(Path(self.path))
            if guarded:
                require_guarded(self.path)
            self._file_lock = FileLock(self.path)
        try:
            self._open()
        except BaseException:
            self._release()
            raise

    def _open(self) -> None:
        if self.path != IN_MEMORY:
            if wide := readable_by_others(self.path):
                _log.warning("other users of this machine could read %s; now they cannot any more", wide[0])
            make_data_file(self.path)  # it holds what people wrote, and the secrets that sign webhooks
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, ValueError) as error:  # a ValueError for a name that holds a null character
            raise SetupError(f"{self.path!r} cannot be opened ({error}); give another name") from error
        self._connection.create_function("name_key", 1, name_key, deterministic=True)
        self._connection.create_function("key_digest", 2, key_digest, deterministic=True)  # for migrations
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
        if self._readers is not None:
            self._readers.close()
        with self.lock:
            self._connection.close()
            self._release()

    def announce(self, where: str) -> None:
        """Tell who finds the file locked how its owner is reached; see `announced`."""
        if self._file_lock is not None:
            self._file_lock.announce(where)

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
                    self._commit()
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

    @contextmanager
    def reading(self) -> Generator[Database | Reader, None, None]:
        """Yield what sees the same in all queries of the block, however long they take, and holds nobody up meanwhile.

        That is what is committed, by a connection that only reads. In memory, and inside a transaction, which has to
        see what it wrote itself, it is this database, and others wait.
        """
        if self._readers is None or self._is_in_transaction():
            with self.lock:
                yield self
            return
        with self._readers.reading() as reader:
            yield reader

    def after_commit(self, calls: Iterable[Callable[[], object]]) -> None:
        """Call functions, which raise nothing, when the transaction is committed; at once if there is none."""
        with self.lock:
            if self._is_open:
                self._after_commit.extend(calls)
                return
        for call in calls:
            call()

    def is_writable(self, seconds: float) -> bool:
        """Return whether a transaction that writes can begin within some seconds, in a file of the present form."""
        if not self.lock.acquire(timeout=seconds):
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                return bool(self.value("PRAGMA user_version") == len(self._migrations))
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            return False
        finally:
            self.lock.release()

    def erase_for_good(self) -> None:
        """From now on, overwrite whatever is deleted, whatever that costs."""
        self.execute("PRAGMA secure_delete = ON")

    def give_back(self, pages: int) -> bool:
        """Give some unused pages of the file back to the disk; return whether there are more."""
        before: int = self.value("PRAGMA freelist_count")
        self.rows(f"PRAGMA incremental_vacuum({pages:d})")
        left: int = self.value("PRAGMA freelist_count")
        return 0 < left < before  # an older file keeps its pages

    def empty_log(self) -> None:
        """Bring what is in the write-ahead log into the file, and cut the log, unless somebody reads just now."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def is_writing(self) -> bool:
        """Whether a transaction has written something that is not committed yet."""
        return self._connection.in_transaction

    @property
    def rows_written(self) -> int:
        """How many rows were written since the file was opened."""
        return self._connection.total_changes

    def execute(self, sql: str, values: Values = ()) -> None:
        """Run a statement without a result. As the other methods, it raises StorageError for errors of the disk."""
        self._run(sql, values)

    def _is_in_transaction(self) -> bool:
        """Return whether this thread has begun a transaction."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            return self._is_open
        finally:
            self.lock.release()

    def _commit(self) -> None:
        if self.on_commit is None:
            self._run("COMMIT")
            return
        began = time.perf_counter()
        self._run("COMMIT")
        self.on_commit(time.perf_counter() - began)

    def _begin(self) -> None:
        self._begins_at_write = False
        self._connection.execute("BEGIN IMMEDIATE")

    def _run(
        self, sql: str, values: Values = (), read: Callable[[sqlite3.Cursor], list[Row]] = sqlite3.Cursor.fetchall
    ) -> list[Row]:
        try:
            with self.lock:
                if self._begins_at_write and not sql.startswith(_READS):
                    self._begin()
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
        if self._guarded:
            self.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of an empty file; others keep the room that they had
        self.execute("PRAGMA journal_mode = WAL")
        self.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")
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
        # The quick check of SQLite 3.40 finds fault with sound tables without rowids whose primary key does not have
        # the order of their columns; the slow one does not.
        if seen and self.value("PRAGMA quick_check(1)") != "ok":
            found: str = self.value("PRAGMA integrity_check(1)")
            if found != "ok":
                raise damaged(self.path, found)
        return seen

    def _keep_a_copy(self, seen: int) -> None:
        """Copy the file, before it gets a form that older versions cannot read."""
        write_copy(self._connection, Path(f"{self.path}.form-{seen}"))

    def _migrate(self, seen: int) -> None:
        for step in self._migrations[seen:]:
            for statement in step:
                self.execute(statement)
        self.execute(f"PRAGMA user_version = {len(self._migrations)}")


class Store:
    """Statements over one database; callers open the transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
