"""Files that only their owner may read, from their first byte: databases, and what the command keeps."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_SIDECARS = ("-wal", "-shm", "-journal")


def make_private(path: str | os.PathLike[str], *, keep_group: bool = False) -> None:
    """Create an empty file with mode 0600 where there is none, and take the rights of others from one of ours.

    SQLite takes an empty file for a new database, and gives its sidecar files the mode of the database
    (https://www.sqlite.org/tempfiles.html). Whatever fails here is left to SQLite, which says why.

    Args:
        path: The database.
        keep_group: Leave an existing file to its group if that may write, as in a file shared on purpose.
    """
    if os.name != "posix":
        return
    with suppress(OSError, ValueError):
        file = os.path.realpath(path)  # as SQLite follows symbolic links
        try:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            # Not by opening it: closing would give up the locks that this process has on it (POSIX fcntl).
            for name in (file, *(file + sidecar for sidecar in _SIDECARS)):
                _tighten(name, keep_group=keep_group)


def write_private(file: Path, text: str) -> None:
    """Replace a file as a whole, in a folder of ours that is made if need be and that nobody else may enter.

    Raises:
        OSError: if it cannot be written; the file is as it was.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tighten(str(file.parent), keep_group=False)
    handle, name = tempfile.mkstemp(dir=file.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _tighten(name: str, *, keep_group: bool) -> None:
    if os.name != "posix":
        return
    with suppress(OSError):
        status = os.lstat(name)
        mode = stat.S_IMODE(status.st_mode)
        is_folder = stat.S_ISDIR(status.st_mode)
        wanted = mode & (0o700 if is_folder else 0o660 if keep_group and mode & stat.S_IWGRP else 0o600)
        if (is_folder or stat.S_ISREG(status.st_mode)) and status.st_uid == os.geteuid() and mode & 0o077 & ~wanted:
            Path(name).chmod(wanted)
