"""Connections to a data file that only read: they see what is committed, and hold up nobody who writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hitl.server.primitives import SetupError, name_key
from hitl.server.storage.errors import StorageError, setup_error, storage_error
from hitl.server.storage.querying import Querying, Row, Values
from hitl.server.storage.snapshot import open_to_read

_BUSY_MILLISECONDS: Final = 1_000


class Reader(Querying):
    """Queries that any thread may make, one after another."""

    def __init__(self, data: str | Path) -> None:
        """Open a data file that is there; SetupError if it cannot be read."""
        self._lock = threading.RLock()
        try:
            self._connection = open_to_read(data)
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            self._connection.execute("SELECT count(*) FROM sqlite_master")  # the first look opens it
        except sqlite3.Error as error:
            if not Path(data).is_file():
                raise SetupError(f"there is no data file {data}; check the name") from error
            raise setup_error(str(data), error) from error
        self._connection.create_function("name_key", 1, name_key, deterministic=True)

    @contextmanager
    def moment(self) -> Generator[None, None, None]:
        """Let all queries in the block see the same: what was committed when the first of them began."""
        with self._lock:
            self._run("BEGIN")
            try:
                yield
            finally:
                self._connection.rollback()

    def close(self) -> None:
        """Close the connection; idempotent."""
        with self._lock:
            self._connection.close()

    def _run(
        self, sql: str, values: Values = (), read: Callable[[sqlite3.Cursor], list[Row]] = sqlite3.Cursor.fetchall
    ) -> list[Row]:
        try:
            with self._lock:
                return read(self._connection.execute(sql, values))
        except sqlite3.Error as error:
            fault = storage_error(error)
            if fault is None:
                raise
            raise fault from error


class Readers:
    """As many connections to one file as threads read it at the same time; they stay open for the next ones."""

    def __init__(self, data: str | Path) -> None:
        """Read a data file that is there; it is opened when somebody does."""
        self._data = data
        self._idle: list[Reader] = []
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def reading(self) -> Generator[Reader, None, None]:
        """Yield a connection that sees the same in all queries; StorageError if there can be no further one."""
        reader = self._take()
        try:
            with reader.moment():
                yield reader
        finally:
            self._put_back(reader)

    def close(self) -> None:
        """Close the connections, each when nobody reads any more; idempotent."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    def _take(self) -> Reader:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            return Reader(self._data)
        except SetupError as error:
            raise StorageError("storage_failed", str(error)) from error

    def _put_back(self, reader: Reader) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(reader)
                return
        reader.close()
