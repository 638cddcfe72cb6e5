"""A copy of a database at one moment, while others write: through a connection of its own, as one read transaction.

The writers go on meanwhile, as readers do not stop them in WAL mode (https://www.sqlite.org/wal.html#concurrency). Not
in steps: a backup begins anew with each commit of another connection, and so would never end on a busy server.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from hitl._private_file import make_private
from hitl.server.primitives import SetupError, about
from hitl.server.storage.errors import damaged, setup_error

_HEADER: Final = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html#magic_header_string
_PART: Final = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file that was written, with its `size` in bytes and its SHA-256 in hexadecimal digits."""

    path: Path
    size: int
    sha256: str


def snapshot(data: str | Path, target: Path) -> Snapshot:
    """Copy a data file, whether a server has it or not; SetupError if that fails, and then no copy is left behind."""
    if not Path(data).is_file():
        raise SetupError(f"there is no data file {data}; check the name")
    with about("target"):
        if _is_same(data, target):
            raise SetupError(f"{target} is the data file itself; give the copy another name")
        if target.exists() and not _is_database(target):
            raise SetupError(f"{target} is there and is no copy of a data file; give another name")
    try:
        with closing(open_to_read(data)) as source, about("target"):
            return write_copy(source, target)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise setup_error(str(data), error) from error
        raise SetupError(f"{data} could not be copied to {target} ({error}); nothing was changed") from error


def open_to_read(data: str | Path) -> sqlite3.Connection:
    """Return a connection that cannot write, to a file that is there; any thread may use it."""
    uri = f"file:{quote(os.fsencode(os.path.abspath(data)))}?mode=ro"  # noqa: PTH100 - a symbolic link stays one
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def write_copy(source: sqlite3.Connection, target: Path) -> Snapshot:
    """Write what a connection sees now to a file, which is there as a whole or not at all, and which only we may read.

    Raises:
        SetupError: the file cannot be written, or is damaged as the database is.
        sqlite3.Error: the database cannot be read.
    """
    with _written_whole(target) as part:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file without others beside it
            if (found := copy.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise damaged(str(target), f"as it was copied: {found}")
        return Snapshot(target, part.stat().st_size, _sha256(part))


@contextmanager
def _written_whole(target: Path) -> Generator[Path, None, None]:
    """Yield the name to write to, which takes the place of the target at the end."""
    if not target.parent.is_dir():
        raise SetupError(f"{target} cannot be written; check that its folder exists")
    part = Path(f"{target}.part")
    try:
        part.unlink(missing_ok=True)  # of an attempt that was cut off
        make_private(part)
        yield part
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise SetupError(f"{target} cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _is_same(one: str | Path, other: Path) -> bool:
    return other.exists() and other.samefile(one)


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_HEADER)) in (b"", _HEADER)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(_PART):
            digest.update(part)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
