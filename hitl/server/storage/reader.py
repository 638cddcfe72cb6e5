"""A second connection to a data file, which only reads: it sees what is committed, and holds up nobody who writes."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from hitl.server.primitives import SetupError, name_key
from hitl.server.storage.database import Row, Values
from hitl.server.storage.errors import setup_error, storage_error
from hitl.server.storage.snapshot import open_to_read

_BUSY_MILLISECONDS = 1_000


class Reader:
    """Queries that any thread may make, one after another."""

    def __init__(self, data: str | Path) -> None:
        """Open a data file that is there; SetupError if it cannot be read."""
        self._lock = threading.Lock()
        try:
            self._connection = open_to_read(data)
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            self._connection.execute("SELECT count(*) FROM sqlite_master")  # the first look opens it
        except sqlite3.Error as error:
            if not Path(data).is_file():
                raise SetupError(f"there is no data file {data}; check the name") from error
            raise setup_error(str(data), error) from error
        self._connection.create_function("name_key", 1, name_key, deterministic=True)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query; StorageError for errors of the disk."""
        try:
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            fault = storage_error(error)
            if fault is None:
                raise
            raise fault from error

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first column of a query's first row, or None."""
        rows = self.rows(sql, values)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the connection; idempotent."""
        with self._lock:
            self._connection.close()
