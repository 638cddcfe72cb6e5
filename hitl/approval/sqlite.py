"""The ledger in a SQLite file: safe for many threads and processes of one machine."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from attrs import asdict

from hitl._json import Object
from hitl.approval.canonical import text
from hitl.approval.errors import LedgerError
from hitl.approval.ledger import Approval, Decided, Decision, NewApproval, Outcome, Record, Settled, State

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS approvals (
  key TEXT PRIMARY KEY, call TEXT NOT NULL, place TEXT NOT NULL, number INTEGER NOT NULL, function TEXT NOT NULL,
  arguments TEXT NOT NULL, body TEXT NOT NULL, form TEXT NOT NULL, shown TEXT NOT NULL, run TEXT, review_id TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('asked','answered','refused','consumed','finished','failed','unknown')),
  ran TEXT, decision TEXT, claim TEXT UNIQUE, owner TEXT, outcome TEXT,
  asked_at TEXT NOT NULL, decided_at TEXT, consumed_at TEXT, settled_at TEXT, UNIQUE (call, place, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
"""

_COLUMNS: Final = (
    *("key", "call", "place", "number", "function", "arguments", "body", "form", "shown", "state", "asked_at", "run"),
    *("review_id", "ran", "decision", "claim", "owner", "outcome", "decided_at", "consumed_at", "settled_at"),
)
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM approvals"  # noqa: S608
_NETWORK: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "glusterfs")
_PATIENCE: Final = 30.0  # seconds to wait for another process


def default_path() -> Path:
    """Return the path of the user's own ledger: `HITL_LEDGER`, or a file in the user's state directory."""
    if given := os.environ.get("HITL_LEDGER"):
        return Path(given).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "hitl" / "approvals.db"


class SQLiteLedger:
    """A ledger in a file that only its owner may read.

    Threads and processes may share it; each thread has a connection of its own. Not on a network's file system, whose
    locks do not hold: there, use PostgresLedger.

    Args:
        path: The file; by default `HITL_LEDGER`, or `hitl/approvals.db` in the user's state directory.

    Raises:
        LedgerError: with each method, if the file cannot be opened, read or written.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self._local = threading.local()

    def ask(self, new: NewApproval) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            now = _now()
            fresh = db.execute(
                "INSERT INTO approvals (key, call, place, number, function, arguments, body, form, shown, run, state,"
                " asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', ?) ON CONFLICT DO NOTHING RETURNING key",
                (
                    *(new.key, new.call, new.place, new.number, new.function, text_of(new.arguments)),
                    *(text_of(new.body), new.form, new.shown, new.run, now),
                ),
            ).fetchone()
            if fresh:
                facts = {"arguments": text_of(new.arguments), "form": new.form, "shown": new.shown, "run": new.run}
                self._append(db, "asked", {**_identity(new), **facts}, now)
            return self._row(db, new.key)

    def note_review(self, key: str, review_id: str) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            db.execute("UPDATE approvals SET review_id = ? WHERE key = ? AND review_id IS NULL", (review_id, key))
            return self._row(db, key)

    def decide(self, key: str, state: Decided, ran: str | None, decision: Decision) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            now, told = _now(), asdict(decision)
            won = db.execute(
                "UPDATE approvals SET state = ?, ran = ?, decision = ?, decided_at = ?"
                " WHERE key = ? AND state = 'asked' RETURNING key",
                (state, ran, text_of(told), now, key),
            ).fetchone()
            row = self._row(db, key)
            if won:
                facts = {"state": state, "ran": ran, "decision": text_of(told), "review_id": row.review_id}
                self._append(db, "decided", {**_identity(row), **facts}, now)
            return row

    def consume(self, key: str, ran: str, claim: str, owner: str) -> bool:  # guard: consume-once
        """See Ledger."""
        with self._transaction() as db:
            now = _now()
            won = db.execute(
                "UPDATE approvals SET state = 'consumed', claim = ?, owner = ?, consumed_at = ?"
                " WHERE key = ? AND state = 'answered' AND ran = ? AND claim IS NULL RETURNING key",
                (claim, owner, now, key, ran),
            ).fetchone()
            if won:
                row = self._row(db, key)
                self._append(db, "consumed", {**_identity(row), "ran": ran, "owner": owner, "claim": _hash(claim)}, now)
            return won is not None

    def settle(self, key: str, claim: str | None, state: Settled, outcome: Outcome) -> bool:
        """See Ledger."""
        with self._transaction() as db:
            now = _now()
            mine = "state = 'consumed' AND claim = ?" if claim else "state IN ('consumed', 'unknown') AND ? IS NULL"
            won = db.execute(
                f"UPDATE approvals SET state = ?, outcome = ?, settled_at = ? WHERE key = ? AND {mine} RETURNING key",  # noqa: S608
                (state, text_of(asdict(outcome)), now, key, claim),
            ).fetchone()
            if won:
                facts = {"state": state, "error": outcome.error, "by": outcome.by, "note": outcome.note}
                result = _hash(text_of(outcome.result)) if outcome.is_kept else None
                self._append(db, "settled", {**_identity(self._row(db, key)), **facts, "result": result}, now)
            return won is not None

    def get(self, key: str) -> Approval | None:
        """See Ledger."""
        with self._reading() as db:
            return next(iter(_read(db.execute(f"{_SELECT} WHERE key = ?", (key,)))), None)

    def calls(self, call: str, place: str) -> Sequence[Approval]:
        """See Ledger."""
        with self._reading() as db:
            query = f"{_SELECT} WHERE call = ? AND place = ? ORDER BY number"
            return list(_read(db.execute(query, (call, place))))

    def approvals(self, *, states: Iterable[State] = (), run: str | None = None) -> Sequence[Approval]:
        """See Ledger."""
        wanted = list(states)
        marks = ", ".join("?" * len(wanted))
        where = [f"state IN ({marks})"] * bool(wanted) + ["run = ?"] * (run is not None)
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        with self._reading() as db:
            values = (*wanted, *([run] if run is not None else ()))
            return list(_read(db.execute(f"{_SELECT}{condition} ORDER BY asked_at, key", values)))

    def record(self, what: str, facts: Object) -> None:
        """See Ledger. A power cut may take the last of these, but no crash of the process."""
        with self._transaction(is_lasting=False) as db:
            self._append(db, what, facts, _now())

    def records(self, since: int = 0) -> Iterator[Record]:
        """See Ledger."""
        while True:
            with self._reading() as db:
                query = "SELECT number, body, hash FROM records WHERE number > ? ORDER BY number LIMIT 1000"
                page = [Record(*each) for each in db.execute(query, (since,))]
            if not page:
                return
            yield from page
            since = page[-1].number

    def close(self) -> None:
        """Close this thread's connection."""
        for name in ("lasting", "quick"):
            db, _ = self._local.__dict__.pop(name, (None, None))
            if db is not None:
                db.close()

    # --- connections -------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, *, is_lasting: bool = True) -> Generator[sqlite3.Connection, None, None]:
        with self._reading(is_lasting=is_lasting) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self, *, is_lasting: bool = True) -> Generator[sqlite3.Connection, None, None]:
        failure = ""
        try:
            yield self._connection("lasting" if is_lasting else "quick")
        except (sqlite3.Error, OSError) as error:
            failure = f"the ledger {self.path} cannot be used: {error}"
        if failure:  # outside of the handler: the error's frames hold arguments of calls
            raise LedgerError(failure)

    def _connection(self, name: str) -> sqlite3.Connection:
        """Return this thread's connection, one for each kind of commit; a fork needs its own."""
        db, process = getattr(self._local, name, (None, 0))
        if db is None or process != os.getpid():
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

    # --- rows and records --------------------------------------------------------------------------------------------

    def _row(self, db: sqlite3.Connection, key: str) -> Approval:
        row = next(iter(_read(db.execute(f"{_SELECT} WHERE key = ?", (key,)))), None)
        if row is None:
            raise LedgerError(f"the ledger {self.path} has no approval {key!r} any more")
        return row

    def _append(self, db: sqlite3.Connection, what: str, facts: Object, at: str) -> None:
        last = db.execute("SELECT number, hash FROM records ORDER BY number DESC LIMIT 1").fetchone() or (0, None)
        body = text({**facts, "what": what, "at": at, "number": last[0] + 1, "previous": last[1]})
        db.execute("INSERT INTO records (number, body, hash) VALUES (?, ?, ?)", (last[0] + 1, body, _hash(body)))


def text_of(value: Any) -> str:
    """Return JSON as it is kept: numbers stay as they are written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _identity(row: NewApproval | Approval) -> Object:
    return {"key": row.key, "call": row.call, "function": row.function}


def _hash(written: str) -> str:
    return sha256(written.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _read(rows: Iterable[tuple[Any, ...]]) -> Iterator[Approval]:
    for row in rows:
        facts = dict(zip(_COLUMNS, row, strict=True))
        for name in ("arguments", "body", "decision", "outcome"):
            facts[name] = None if facts[name] is None else json.loads(facts[name])
        for name in ("asked_at", "decided_at", "consumed_at", "settled_at"):
            facts[name] = None if facts[name] is None else datetime.fromisoformat(facts[name])
        facts["decision"] = None if facts["decision"] is None else Decision(**facts["decision"])
        facts["outcome"] = None if facts["outcome"] is None else Outcome(**facts["outcome"])
        yield Approval(**facts)


def _patiently(act: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            act()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
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
