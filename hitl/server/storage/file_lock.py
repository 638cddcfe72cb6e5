"""The one server of a data file: a lock beside it, which the operating system gives up when its process ends."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from hitl.server.primitives import SetupError
from hitl.server.storage.file_system import make_data_file

HAS_LOCKS = sys.platform != "win32"
"""Elsewhere the database's own lock does the same, and then nobody else can read the file beside the server."""

_PATIENCE: Final = 0.3
"""Seconds for which a start tries again: whoever looks whether there is a server holds the lock for a moment."""

_PAUSE: Final = 0.01


class InUseError(SetupError):
    """Another process has the data file."""

    def __init__(self, data: str | Path) -> None:
        super().__init__(f"{data} is in use by another server; stop that one, or give this one another file")


class FileLock:
    """Held from its creation on; it is a file of its own, since SQLite's locks may be dropped by any `close`.

    The file holds how its owner is reached; see `announced`.
    """

    def __init__(self, data: str | Path) -> None:
        """Lock a data file; InUseError if another process has it, SetupError if there can be no lock."""
        try:
            self.path = lock_path(data)
            make_data_file(self.path)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except (OSError, ValueError) as error:  # a ValueError for a name that holds a null character
            why = getattr(error, "strerror", None) or error
            name = f"{Path(data).name}.lock"
            raise SetupError(f"{str(data)!r} cannot be opened: its lock, {name!r}, fails ({why})") from error
        if not self._lock():
            os.close(self._handle)
            raise InUseError(data)
        self.announce("")  # what was written by an owner that was killed

    def announce(self, where: str) -> None:
        """Say how the owner of the data file is reached."""
        if HAS_LOCKS:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, os.fsencode(where), 0)

    def release(self) -> None:
        """Give the lock up; idempotent. The file stays: deleting it would let two processes have a lock each."""
        if self._handle >= 0:
            self.announce("")
            os.close(self._handle)
            self._handle = -1

    def _lock(self) -> bool:
        deadline = time.monotonic() + _PATIENCE
        while not _try_to_lock(self._handle):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True


def lock_path(data: str | Path) -> Path:
    """Return the lock of a data file, the same one for every link to it."""
    return Path(f"{os.path.realpath(data)}.lock")


def is_locked(data: str | Path) -> bool:
    """Return whether another process has a data file; SetupError if it may not be looked at."""
    if not HAS_LOCKS:
        return False
    try:
        handle = os.open(lock_path(data), os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        why = f"the lock of {data} cannot be opened ({error.strerror})"
        raise SetupError(f"{why}; run this as the server's user") from error
    try:
        return not _try_to_lock(handle, shared=True)
    finally:
        os.close(handle)


def announced(data: str | Path) -> str:
    """Return how the owner of a locked data file is reached; empty if it has not said so."""
    try:
        return os.fsdecode(lock_path(data).read_bytes())
    except FileNotFoundError:
        return ""


def _try_to_lock(handle: int, *, shared: bool = False) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl  # not on Windows

    try:
        # Shared, several processes may look at once without taking each other for an owner.
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
