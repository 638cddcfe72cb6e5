"""A small SQLite database that all processes of a machine may share: survives restarts, `kill -9` and forks."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from hitl._clock import monotonic
from hitl._private_file import make_private
from hitl.exceptions import ConfigurationError, HITLError

_PATIENCE: Final = 10.0  # seconds to wait for other processes

_MODES: Final = (
    # A crash of the program loses nothing in this mode; a loss of power may lose what came in the last moments.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
)


class SharedFile:
    """The file of a store, which `what` names in errors; threads share it."""

    def __init__(self, path: str | os.PathLike[str], tables: Sequence[str], *, what: str) -> None:
        """Open or create the file; ConfigurationError if it cannot be opened, or is no database."""
        self.path = os.fspath(path)
        self._setup = (*_MODES, *tables)
        self._what = what
        self._inherited: list[sqlite3.Connection] = []
        try:
            self._open()
        except sqlite3.Error as error:
            raise ConfigurationError(f"the {what} cannot open {self.path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def change(self, statement: str, parameters: tuple[object, ...]) -> int:
        """Execute a statement, and return how many rows it changed; HITLError if the file cannot be used."""
        return self._execute(statement, parameters)[0]

    def row(self, statement: str, parameters: tuple[object, ...]) -> Any:
        """Return the first row of a query, or None; HITLError if the file cannot be used."""
        return self._execute(statement, parameters)[1]

    def _execute(self, statement: str, parameters: tuple[object, ...]) -> tuple[int, Any]:
        try:
            if self._process != os.getpid():
                # After a fork a connection must not be used nor closed, and a thread that is gone may hold the lock.
                self._inherited.append(self._connection)
                self._open()
            with self._lock:
                cursor = self._connection.execute(statement, parameters)
                return cursor.rowcount, cursor.fetchone()
        except sqlite3.Error as error:
            raise HITLError(f"the {self._what} cannot use {self.path}: {error}") from error

    def _open(self) -> None:
        self._lock = threading.Lock()
        if self.path not in ("", ":memory:"):
            make_private(self.path, keep_group=True)
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            set_up(connection, self._setup)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._process = os.getpid()


def set_up(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    """Execute the statements that prepare a file, which other processes may prepare at the same time."""
    deadline = monotonic() + _PATIENCE
    for statement in statements:
        while True:
            try:
                connection.execute(statement)
                break
            except sqlite3.OperationalError as error:
                # While another process makes the file, changing the journal mode does not wait: it fails at once
                # (https://www.sqlite.org/c3ref/busy_handler.html, on deadlocks).
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    raise
                time.sleep(0.01)
