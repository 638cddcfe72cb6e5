"""What the ledgers in databases share: the statements, each of them one step of a row, and the chain of records."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, Protocol, TypeAlias

from attrs import asdict

from hitl._json import Object
from hitl.approval.canonical import text
from hitl.approval.errors import LedgerError
from hitl.approval.ledger import (
    Approval,
    Decided,
    Decision,
    NewApproval,
    Outcome,
    Record,
    Settled,
    State,
    owner,
    runs_here,
)

Handling: TypeAlias = Literal["begun", "handled", "elsewhere"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS hitl_approvals (
  key TEXT PRIMARY KEY, call TEXT NOT NULL, place TEXT NOT NULL, number INTEGER NOT NULL, function TEXT NOT NULL,
  arguments TEXT NOT NULL, body TEXT NOT NULL, form TEXT NOT NULL, shown TEXT NOT NULL, run TEXT, review_id TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('asked','answered','refused','consumed','finished','failed','unknown')),
  ran TEXT, decision TEXT, claim TEXT UNIQUE, owner TEXT, outcome TEXT,
  asked_at TEXT NOT NULL, decided_at TEXT, consumed_at TEXT, settled_at TEXT, UNIQUE (call, place, number)
);
CREATE TABLE IF NOT EXISTS hitl_records (number BIGINT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS hitl_handled (
  decision TEXT NOT NULL, handler TEXT NOT NULL, owner TEXT NOT NULL, begun_at TEXT NOT NULL, handled_at TEXT,
  PRIMARY KEY (decision, handler)
);
"""

_COLUMNS: Final = (
    *("key", "call", "place", "number", "function", "arguments", "body", "form", "shown", "state", "asked_at", "run"),
    *("review_id", "ran", "decision", "claim", "owner", "outcome", "decided_at", "consumed_at", "settled_at"),
)
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM hitl_approvals"  # noqa: S608


class Database(Protocol):
    """A connection within a transaction."""

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        """Carry out a statement whose parameters are question marks, and return its cursor."""
        ...


class SQLLedger:
    """The methods of a Ledger, for a database that a subclass connects to."""

    name: str

    @abstractmethod
    def _transaction(self, *, is_lasting: bool = True) -> AbstractContextManager[Database]:
        """Begin a transaction that writes, one at a time; `is_lasting` if it must survive a power cut."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Database]:
        """Return a connection to read with."""

    @abstractmethod
    def _now(self, db: Database) -> str:
        """Return the time, for people: no decision depends on it."""

    def ask(self, new: NewApproval) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            now = self._now(db)
            fresh = db.execute(
                "INSERT INTO hitl_approvals (key, call, place, number, function, arguments, body, form, shown, run,"
                " state, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', ?)"
                " ON CONFLICT DO NOTHING RETURNING key",
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
            db.execute("UPDATE hitl_approvals SET review_id = ? WHERE key = ? AND review_id IS NULL", (review_id, key))
            return self._row(db, key)

    def decide(self, key: str, state: Decided, ran: str | None, decision: Decision) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            now, told = self._now(db), asdict(decision)
            won = db.execute(
                "UPDATE hitl_approvals SET state = ?, ran = ?, decision = ?, decided_at = ?"
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
            now = self._now(db)
            won = db.execute(
                "UPDATE hitl_approvals SET state = 'consumed', claim = ?, owner = ?, consumed_at = ?"
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
            now = self._now(db)
            mine = "state = 'consumed' AND claim = ?" if claim else "state IN ('consumed', 'unknown') AND ? IS NULL"
            won = db.execute(
                "UPDATE hitl_approvals SET state = ?, outcome = ?, settled_at = ?"  # noqa: S608
                f" WHERE key = ? AND {mine} RETURNING key",
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
            self._append(db, what, facts, self._now(db))

    def records(self, since: int = 0) -> Iterator[Record]:
        """See Ledger."""
        while True:
            with self._reading() as db:
                query = "SELECT number, body, hash FROM hitl_records WHERE number > ? ORDER BY number LIMIT 1000"
                page = [Record(*each) for each in db.execute(query, (since,))]
            if not page:
                return
            yield from page
            since = page[-1].number

    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Handling:
        """Begin to deal with a decision, unless another run does or has; see HITLClient.run.

        What was begun by a process of this machine that has ended, or by a run that is not among those `running` in
        this process, is taken over; what another machine has begun only if `takes_over`.
        """
        me = f"{owner()}:{run}"
        with self._transaction() as db:
            now, place = self._now(db), (decision, handler)
            won = db.execute(
                "INSERT INTO hitl_handled (decision, handler, owner, begun_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING RETURNING decision",
                (*place, me, now),
            ).fetchone()
            if won:
                return "begun"
            query = "SELECT owner, handled_at FROM hitl_handled WHERE decision = ? AND handler = ?"
            other, handled_at = db.execute(query, place).fetchone()
            if handled_at is not None:
                return "handled"
            if other != me and not takes_over and not _has_ended(other, running):
                return "elsewhere"
            db.execute(
                "UPDATE hitl_handled SET owner = ?, begun_at = ? WHERE decision = ? AND handler = ?", (me, now, *place)
            )
            return "begun"

    def end_handling(self, decision: str, handler: str) -> None:
        """Write down that a handler has dealt with a decision; may be repeated."""
        with self._transaction() as db:
            db.execute(
                "UPDATE hitl_handled SET handled_at = ? WHERE decision = ? AND handler = ? AND handled_at IS NULL",
                (self._now(db), decision, handler),
            )

    # --- rows and records --------------------------------------------------------------------------------------------

    def _row(self, db: Database, key: str) -> Approval:
        row = next(iter(_read(db.execute(f"{_SELECT} WHERE key = ?", (key,)))), None)
        if row is None:
            raise LedgerError(f"the ledger {self.name} has no approval {key!r} any more")
        return row

    def _append(self, db: Database, what: str, facts: Object, at: str) -> None:
        last = db.execute("SELECT number, hash FROM hitl_records ORDER BY number DESC LIMIT 1").fetchone() or (0, None)
        body = text({**facts, "what": what, "at": at, "number": last[0] + 1, "previous": last[1]})
        db.execute("INSERT INTO hitl_records (number, body, hash) VALUES (?, ?, ?)", (last[0] + 1, body, _hash(body)))


def _has_ended(other: str, running: Collection[str]) -> bool:
    """Return whether who began to handle a decision is known to have ended."""
    process, _, run = other.rpartition(":")
    if process == owner():
        return run not in running
    return process.rpartition(":")[0] == owner().rpartition(":")[0] and not runs_here(process)


def text_of(value: Any) -> str:
    """Return JSON as it is kept: numbers stay as they are written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _identity(row: NewApproval | Approval) -> Object:
    return {"key": row.key, "call": row.call, "function": row.function}


def _hash(written: str) -> str:
    return sha256(written.encode()).hexdigest()


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
