"""The ledger in a SQLite file: safe for many threads and processes of one machine."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hitl._clock import monotonic
from hitl._json import Object
from hitl.approval.errors import LedgerError
from hitl.approval.rows import link
from hitl.approval.sql import SCHEMA, Database, SQLLedger, verb
from hitl.exceptions import ConfigurationError

_NETWORK: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "glusterfs")
_PATIENCE: Final = 30.0  # seconds to wait for another process
_SCHEMA: Final = SCHEMA.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")  # which needs no index of its own
_FOLLOWING: Final = "INSERT INTO hitl_records (number, at, body, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_INHERITED: Final[list[sqlite3.Connection]] = []  # by a fork: a connection is neither used nor closed there


def default_path() -> Path:
    """Return the path of the user's own ledger: `HITL_LEDGER`, or a file in the user's state directory."""
    if given := os.environ.get("HITL_LEDGER"):
        if given.startswith(("postgresql://", "postgres://")):
            raise ConfigurationError("HITL_LEDGER names a PostgreSQL database, which SQLiteLedger does not open")
        return Path(given).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "hitl" / "approvals.db"


class SQLiteLedger(SQLLedger):
    """A ledger in a file that only its owner may read.

    Threads and processes may share it; each thread has a connection of its own. Not on a network's file system, whose
    locks do not hold: there, use PostgresLedger.

    Args:
        path: The file; by default `HITL_LEDGER`, or `hitl/approvals.db` in the user's state directory.

    Raises:
        LedgerError: with each method, if the file cannot be opened, read or written.
    """

    errors = (sqlite3.Error, OSError, UnicodeError)

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self.name = str(self.path)
        self._local = threading.local()

    def close(self) -> None:
        """Close this thread's connection."""
        for name in ("lasting", "quick"):
            db, _ = self._local.__dict__.pop(name, (None, None))
            if db is not None:
                db.close()

    # --- connections -------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, *, is_lasting: bool = True) -> Generator[Database, None, None]:
        db = self._connection("lasting" if is_lasting else "quick")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    @contextmanager
    def _reading(self) -> Generator[Database, None, None]:
        yield self._connection("lasting")

    @verb
    def record(self, what: str, facts: Object) -> None:
        """See Ledger. A power cut may take the last of these, but no crash of the process."""
        if not self._follow(what, facts):
            with self._transaction(is_lasting=False) as db:
                self._append(db, what, facts, self._now(db))
                last = self._last(db)
            self._local.last = last

    def _follow(self, what: str, facts: Object) -> bool:
        """Append a record in one statement, which a call that a rule allows costs; only where this thread was last.

        Records are neither changed nor removed, so the number is free only if nobody has written since.
        """
        db, last = self._connection("quick"), getattr(self._local, "last", None)
        now = self._now(db)
        if last is None or now < last[2]:
            return False
        number, at, body, digest = link(last, what, facts, now)
        if db.execute(_FOLLOWING, (number, at, body, digest)).rowcount != 1:
            return False
        self._local.last = (number, digest, at)
        return True

    def _connection(self, name: str) -> sqlite3.Connection:
        """Return this thread's connection, one for each kind of commit; a fork needs its own."""
        db, process = getattr(self._local, name, (None, 0))
        if db is None or process != os.getpid():
            if db is not None:
                _INHERITED.append(db)
            db = self._open(synchronous="FULL" if name == "lasting" else "NORMAL")
            setattr(self._local, name, (db, os.getpid()))
        return db

    def _open(self, synchronous: str) -> sqlite3.Connection:
        _make_private(self.path)
        db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            # The switch to WAL does not wait for other processes that open the file at the same time.
            _patiently(lambda: db.execute("PRAGMA journal_mode = WAL"))
            db.execute(f"PRAGMA synchronous = {synchronous}")
            _patiently(lambda: db.executescript(_SCHEMA))
        except BaseException:
            db.close()
            raise
        return db

    def _now(self, db: Database) -> str:  # noqa: ARG002
        return datetime.now(UTC).isoformat(timespec="microseconds")


def _patiently(act: Callable[[], object]) -> None:
    until = monotonic() + _PATIENCE
    while True:
        try:
            act()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return


def _make_private(path: Path) -> None:
    """Create the file with mode 0600, or refuse one that others may read; a link is not followed."""
    if os.name != "posix":
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (kind := _file_system(path)) in _NETWORK:
        raise LedgerError(f"the ledger {path} is on {kind}, whose locks do not hold for many machines; use Postgres")
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise LedgerError(f"the ledger {path} must be a file of yours that nobody else may read or write: chmod 600")


def _file_system(path: Path) -> str:
    """Return the kind of file system that a path is on, where the system tells."""
    best, kind = "", ""
    with suppress(OSError):
        real = str(path.parent.resolve())
        for line in Path("/proc/self/mounts").read_text().splitlines():
            _, mount, each, *_ = line.split(" ")
            if (real == mount or real.startswith(f"{mount.rstrip('/')}/")) and len(mount) >= len(best):
                best, kind = mount, each
    return kind
