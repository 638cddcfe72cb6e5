"""SQLite's errors about the disk, as messages for those who start a sandbox and for its callers.

The result codes are those of https://www.sqlite.org/rescode.html; the last eight bits of one are its kind.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from hitl.server.primitives import ApiError, SetupError

RETRY_AFTER: Final = 5
"""Seconds after which a request that failed because of the disk may be repeated."""

_READ_ONLY: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FAILED: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOLFS})


class StorageError(Exception):
    """The data file could not be read or written; the transaction was rolled back."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def api_error(self) -> ApiError:
        """Return the 503 for the caller: the error is transient, and not the request's fault."""
        return ApiError(503, self.code, str(self), headers={"Retry-After": str(RETRY_AFTER)})


def storage_error(error: sqlite3.Error) -> StorageError | None:
    """Return the error as one of the disk; None if it is about something else, such as a wrong statement."""
    kind = _kind(error)
    if kind == sqlite3.SQLITE_FULL:
        return StorageError("storage_full", "the disk is full, so nothing was changed; make room and try again")
    if kind in _READ_ONLY:
        return StorageError("storage_read_only", "the data file has become read-only, so nothing was changed")
    if kind in _DAMAGED:
        return StorageError("storage_damaged", "the data file is damaged; stop the sandbox and restore a copy of it")
    if kind in _FAILED:
        return StorageError("storage_failed", f"the data file cannot be read or written ({error}); try again")
    return None


def require_usable(path: Path) -> None:
    """Raise SetupError for a path that cannot hold a data file, before SQLite does with a vaguer message."""
    folder = path.parent
    if not folder.is_dir():
        raise SetupError(f"{path} cannot be opened; check that its folder exists")
    if path.exists() and not path.is_file():
        raise SetupError(f"{path} cannot be opened, as it is no ordinary file; give another name")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise SetupError(f"{path} is read-only here; make it writable (chmod u+rw), or give another file")
    if not os.access(folder, os.W_OK | os.X_OK):
        # The log of the last changes (WAL) is kept beside the file.
        raise SetupError(f"the folder of {path} is read-only; make it writable, or give a file in another folder")


def setup_error(path: str, error: sqlite3.Error) -> SetupError:
    """Return why a data file cannot be opened, and what to do."""
    kind = _kind(error)
    if "locked" in str(error):
        return SetupError(f"{path} is in use by another server; stop that one, or give this one another file")
    if kind == sqlite3.SQLITE_NOTADB:
        return SetupError(f"{path} is not a sandbox's data file; give another name")
    if kind == sqlite3.SQLITE_CORRUPT:
        return damaged(path, str(error))
    if kind == sqlite3.SQLITE_FULL:
        return SetupError(f"the disk of {path} is full; make room, or give a file on another disk")
    return SetupError(f"{path} cannot be opened ({error}); check that its folder exists and may be written to")


def damaged(path: str, how: str) -> SetupError:
    """Return the error for a corrupt file."""
    return SetupError(f"{path} is damaged ({how}); restore a copy of it, or give another file")


def _kind(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # sqlite3 itself raises errors without one
    return None if code is None else code & 0xFF
