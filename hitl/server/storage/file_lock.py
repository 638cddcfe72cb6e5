"""The one server of a data file: a lock beside it, which the operating system gives up when its process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hitl._private_file import make_private
from hitl.server.primitives import SetupError

HAS_LOCKS = sys.platform != "win32"
"""Elsewhere the database's own lock does the same, and then nobody else can read the file beside the server."""


class FileLock:
    """Held from its creation on; it is a file of its own, since SQLite's locks may be dropped by any `close`."""

    def __init__(self, data: str | Path) -> None:
        """Lock a data file; SetupError if another process has it."""
        self.path = Path(f"{data}.lock")
        try:
            make_private(self.path)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except (OSError, ValueError) as error:  # a ValueError for a name that holds a null character
            why = getattr(error, "strerror", None) or error
            raise SetupError(f"{str(data)!r} cannot be opened: its lock, {self.path.name!r}, fails ({why})") from error
        if not _try_to_lock(self._handle):
            os.close(self._handle)
            raise SetupError(f"{data} is in use by another server; stop that one, or give this one another file")

    def release(self) -> None:
        """Give the lock up; idempotent. The file stays: deleting it would let two processes have a lock each."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_locked(data: str | Path) -> bool:
    """Return whether a server has a data file."""
    path = Path(f"{data}.lock")
    if not HAS_LOCKS or not path.exists():
        return False
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return not _try_to_lock(handle)
    finally:
        os.close(handle)


def _try_to_lock(handle: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl  # not on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
