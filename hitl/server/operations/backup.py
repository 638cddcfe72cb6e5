"""Backups: written beside a running server, and restored where there is none."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hitl.server.operations.data_store import DataStore
from hitl.server.primitives import MACHINE, Now, SetupError, about, to_wire, utc_now
from hitl.server.storage import Audit, Database, FileLock, InUseError, Reader, Snapshot, is_locked, snapshot
from hitl.server.storage.database import Migrations
from hitl.server.storage.file_system import give_to_owner_of_folder
from hitl.server.webhooks.delivery_store import DeliveryStore

_SIDECARS: Final = ("", "-wal", "-shm", "-journal")
_STAMP: Final = ".backed-up"
"""Follows the name of a data file in that of an empty file, whose time is that of the last backup."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written, and how many reviews it holds."""

    file: Snapshot
    reviews: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored file holds, and what was ended in it: counts by `sessions`, `tickets`, `messages` and so on."""

    reviews: int
    ended: dict[str, int]
    held: int
    """Deliveries that wait for `resume_deliveries`."""


@dataclass(frozen=True, slots=True)
class Migration:
    """The form of a data file before and after; the same number if there was nothing to do."""

    before: int
    after: int


def back_up(data: str | Path, target: Path) -> Backup:
    """Write what a data file holds at one moment to another file, whether a server has it or not.

    Raises:
        SetupError: it cannot be read or written; nothing was changed.
    """
    with about("target"):
        if is_locked(target):
            raise SetupError(f"{target} is the data file of a running server; give another name")
    written = snapshot(data, target)
    with suppress(OSError):  # a backup is one all the same; only `check` looks at it
        stamp = Path(f"{data}{_STAMP}")
        stamp.touch(0o600)
        os.utime(stamp)
    with closing(Reader(target)) as reader:
        return Backup(written, DataStore(reader).reviews())


def last_backup(data: str | Path) -> float | None:
    """Return when `back_up` was last done, in seconds since 1970; None if it never was."""
    with suppress(OSError):
        return Path(f"{data}{_STAMP}").stat().st_mtime
    return None


def restore(
    backup: Path, data: str | Path, migrations: Migrations, *, keep_sessions: bool = False, now: Now = utc_now
) -> Restored:
    """Make a data file of a backup, in the present form.

    An old copy must not bring back a person who was shut out since, nor tell everybody old news: sessions, tickets and
    planned messages end, and deliveries wait until somebody says that they may go.

    Raises:
        SetupError: the data file is there or in use, or the backup is none; nothing was changed.
    """
    there = [each for each in (Path(f"{data}{end}") for end in _SIDECARS) if each.exists()]
    if is_locked(data):
        raise InUseError(data)
    if there:
        names = ", ".join(each.name for each in there)
        raise SetupError(f"{names} is there already; move it away first, or restore to another name")
    with about("backup"):
        if not form_of(backup):
            raise SetupError(f"{backup} is empty, and no backup of a data file")
    with _locked(data), _built_beside(data) as part:
        snapshot(backup, part)
        with closing(Database(part, migrations, guarded=True)) as database:
            restored = _quieten(database, now, keep_sessions=keep_sessions)
        give_to_owner_of_folder(part)
        part.replace(data)
    return restored


def migrate(data: Path, migrations: Migrations, *, dry_run: bool) -> Migration:
    """Bring a data file to the present form; as a `dry_run`, do so with a copy that is deleted again.

    Raises:
        SetupError: a server has it, its form is newer, or it cannot be migrated; it is as it was.
    """
    before = form_of(data)
    if dry_run:
        with _built_beside(data) as part:
            snapshot(data, part)
            Database(part, migrations, guarded=True).close()
    else:
        Database(data, migrations, guarded=True).close()
    return Migration(before, len(migrations))


def form_of(data: str | Path) -> int:
    """Return the number of schema steps that a data file has seen."""
    with closing(Reader(data)) as reader:
        return DataStore(reader).form()


def _quieten(database: Database, now: Now, *, keep_sessions: bool) -> Restored:
    store, audit = DataStore(database), Audit(database)
    with database.transaction():
        ended = store.end_what_lives(keep_sessions=keep_sessions)
        held = DeliveryStore(database).hold()
        detail = {"ended": ended, "held": held}
        audit.record("server.restored", "", at=to_wire(now()), actor=MACHINE, detail=detail)
    return Restored(store.reviews(), ended, held)


@contextmanager
def _locked(data: str | Path) -> Generator[None, None, None]:
    lock = FileLock(data)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _built_beside(data: str | Path) -> Generator[Path, None, None]:
    """Yield the name of a file to work on; whatever lies under it at the end is deleted, with what SQLite adds."""
    part = Path(f"{data}.part")
    try:
        yield part
    finally:
        for each in part.parent.glob(f"{_escaped(part.name)}*"):
            with suppress(OSError):
                each.unlink()


def _escaped(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)
