"""What the ledgers in databases share: the statements, each of them one step of a row, and the chain of records."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from uuid import uuid4

from attrs import asdict

from hitl._json import Object
from hitl.approval.canonical import hash_of
from hitl.approval.errors import LedgerError
from hitl.approval.ledger import (
    Approval,
    Decided,
    Decision,
    GivenAllowance,
    Handling,
    NewAllowance,
    NewApproval,
    Outcome,
    Record,
    Settled,
    State,
    owner,
    runs_here,
)
from hitl.approval.rows import ALLOWANCE, COLUMNS, Last, allowance_of, approvals_of, identity, link, text_of

P = ParamSpec("P")
T = TypeVar("T")
L = TypeVar("L", bound="SQLLedger")

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS hitl_approvals (
  key TEXT PRIMARY KEY, call TEXT NOT NULL, place TEXT NOT NULL, number INTEGER NOT NULL, function TEXT NOT NULL,
  arguments TEXT NOT NULL, body TEXT NOT NULL, form TEXT NOT NULL, shown TEXT NOT NULL, run TEXT, review_id TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('asked','answered','refused','consumed','finished','failed','unknown')),
  ran TEXT, decision TEXT, claim TEXT UNIQUE, owner TEXT, outcome TEXT,
  asked_at TEXT NOT NULL, decided_at TEXT, consumed_at TEXT, settled_at TEXT, UNIQUE (call, place, number)
);
CREATE TABLE IF NOT EXISTS hitl_handled (
  decision TEXT NOT NULL, handler TEXT NOT NULL, owner TEXT NOT NULL, begun_at TEXT NOT NULL, handled_at TEXT,
  PRIMARY KEY (decision, handler)
);
CREATE TABLE IF NOT EXISTS hitl_records (
  number BIGINT PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hitl_allowances (
  id TEXT PRIMARY KEY, binding TEXT NOT NULL, rule TEXT NOT NULL, function TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
  reviewer TEXT, starts TEXT NOT NULL, ends TEXT NOT NULL, uses_left INTEGER, revoked_at TEXT, revoked_by TEXT
);
"""

_SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM hitl_approvals"  # noqa: S608
_TOLERANCE: Final = timedelta(seconds=2)  # by which a clock may be set back


class Database(Protocol):
    """A connection within a transaction."""

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        """Carry out a statement whose parameters are question marks, and return its cursor."""
        ...


def verb(method: Callable[Concatenate[L, P], T]) -> Callable[Concatenate[L, P], T]:
    """Let a method raise LedgerError alone, whose context is not the database's error: that one may quote secrets."""

    @wraps(method)
    def carry_out(self: L, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except self.errors as error:
            failure = self.failure_of(error)
        raise failure

    return carry_out


class SQLLedger:
    """The methods of a Ledger, for a database that a subclass connects to."""

    name: str
    errors: tuple[type[Exception], ...]
    """What the database raises."""

    @abstractmethod
    def _transaction(self, *, is_lasting: bool = True) -> AbstractContextManager[Database]:
        """Begin a transaction that writes, one at a time; `is_lasting` if it must survive a power cut."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Database]:
        """Return a connection to read with."""

    @abstractmethod
    def _now(self, db: Database) -> str:
        """Return the time in UTC, to the microsecond, so that later ones compare greater."""

    def failure_of(self, error: Exception) -> LedgerError:
        """Return what to raise for an error of the database."""
        return LedgerError(f"the ledger {self.name} cannot be used: {error}")

    @verb
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
                self._append(db, "asked", {**identity(new), **facts}, now)
            query = f"{_SELECT} WHERE call = ? AND place = ? AND number = ?"
            return next(approvals_of(db.execute(query, (new.call, new.place, new.number))))

    @verb
    def note_review(self, key: str, review_id: str) -> Approval:
        """See Ledger."""
        with self._transaction() as db:
            db.execute("UPDATE hitl_approvals SET review_id = ? WHERE key = ? AND review_id IS NULL", (review_id, key))
            return self._row(db, key)

    @verb
    def decide(
        self, key: str, state: Decided, ran: str | None, decision: Decision, allowance: NewAllowance | None = None
    ) -> Approval:
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
                self._append(db, "decided", {**identity(row), **facts}, now)
                if allowance is not None:
                    self._give(db, row, allowance, now)
            return row

    @verb
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
                self._append(
                    db, "consumed", {**identity(row), "ran": ran, "owner": owner, "claim": hash_of(claim)}, now
                )
            return won is not None

    @verb
    def settle(self, key: str, claim: str | None, state: Settled, outcome: Outcome) -> bool:
        """See Ledger."""
        mine = "state IN ('consumed', 'unknown')" if claim is None else "state = 'consumed' AND claim = ?"
        with self._transaction() as db:
            now = self._now(db)
            won = db.execute(
                "UPDATE hitl_approvals SET state = ?, outcome = ?, settled_at = ?"  # noqa: S608
                f" WHERE key = ? AND {mine} RETURNING key",
                (state, text_of(asdict(outcome)), now, key, *([] if claim is None else [claim])),
            ).fetchone()
            if won:
                facts = {"state": state, "error": outcome.error, "by": outcome.by, "note": outcome.note}
                result = hash_of(text_of(outcome.result)) if outcome.is_kept else None
                self._append(db, "settled", {**identity(self._row(db, key)), **facts, "result": result}, now)
            return won is not None

    @verb
    def get(self, key: str) -> Approval | None:
        """See Ledger."""
        with self._reading() as db:
            return next(iter(approvals_of(db.execute(f"{_SELECT} WHERE key = ?", (key,)))), None)

    @verb
    def calls(self, call: str, place: str) -> Sequence[Approval]:
        """See Ledger."""
        with self._reading() as db:
            query = f"{_SELECT} WHERE call = ? AND place = ? ORDER BY number"
            return list(approvals_of(db.execute(query, (call, place))))

    @verb
    def approvals(self, *, states: Iterable[State] = (), run: str | None = None) -> Sequence[Approval]:
        """See Ledger."""
        wanted = list(states)
        marks = ", ".join("?" * len(wanted))
        where = [f"state IN ({marks})"] * bool(wanted) + ["run = ?"] * (run is not None)
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        with self._reading() as db:
            values = (*wanted, *([run] if run is not None else ()))
            return list(approvals_of(db.execute(f"{_SELECT}{condition} ORDER BY asked_at, key", values)))

    # --- allowances --------------------------------------------------------------------------------------------------

    @verb
    def use(self, binding: str, facts: Object) -> GivenAllowance | None:  # guard: allowance-holds
        """See Ledger."""
        with self._transaction(is_lasting=False) as db:
            now = self._now(db)
            self._mind_the_clock(db, self._last(db), now)
            row = db.execute(
                "UPDATE hitl_allowances SET uses_left = uses_left - 1 WHERE id = (SELECT id FROM hitl_allowances"  # noqa: S608
                " WHERE binding = ? AND revoked_at IS NULL AND starts <= ? AND ends > ?"
                f" AND (uses_left IS NULL OR uses_left > 0) ORDER BY ends, id LIMIT 1) RETURNING {ALLOWANCE}",
                (binding, now, now),
            ).fetchone()
            if row is None:
                return None
            used = allowance_of(row)
            told = {"allowance": used.id, "rule": used.rule, "uses_left": used.uses_left}
            self._append(db, "allowed", {**facts, **told}, now)
            return used

    @verb
    def revoke(self, allowance_id: str, by: str) -> bool:
        """See Ledger."""
        with self._transaction() as db:
            return bool(self._revoke(db, by, self._now(db), "id = ?", allowance_id))

    @verb
    def allowances(self) -> Sequence[GivenAllowance]:
        """See Ledger."""
        with self._reading() as db:
            query = f"SELECT {ALLOWANCE} FROM hitl_allowances ORDER BY starts, id"  # noqa: S608
            return [allowance_of(each) for each in db.execute(query).fetchall()]

    def _give(self, db: Database, row: Approval, new: NewAllowance, now: str) -> None:
        ends = (datetime.fromisoformat(now) + timedelta(minutes=new.minutes)).isoformat(timespec="microseconds")
        allowance_id = uuid4().hex[:12]
        reviewer = row.decision.reviewer if row.decision else None
        db.execute(
            f"INSERT INTO hitl_allowances ({ALLOWANCE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",  # noqa: S608
            (allowance_id, new.binding, new.rule, row.function, row.key, reviewer, now, ends, new.uses),
        )
        facts = {"allowance": allowance_id, "rule": new.rule, "binding": new.binding, "ends": ends, "uses": new.uses}
        self._append(db, "allowance", {**identity(row), **facts, "reviewer": reviewer}, now)

    def _revoke(self, db: Database, by: str, now: str, condition: str, *values: Any) -> Sequence[str]:
        revoked = db.execute(
            "UPDATE hitl_allowances SET revoked_at = ?, revoked_by = ?"  # noqa: S608
            f" WHERE revoked_at IS NULL AND {condition} RETURNING id",
            (now, by, *values),
        ).fetchall()
        for (allowance_id,) in revoked:
            self._link(db, self._last(db), "revoked", {"allowance": allowance_id, "by": by}, now)
        return [allowance_id for (allowance_id,) in revoked]

    def _mind_the_clock(self, db: Database, last: Last, now: str) -> bool:
        """Revoke every allowance when the clock was set back: nobody knows how long they have held."""
        if now >= last[2] or datetime.fromisoformat(last[2]) - datetime.fromisoformat(now) <= _TOLERANCE:
            return False
        return bool(self._revoke(db, "the clock, which was set back", now, "starts <> ?", ""))

    # --- records -----------------------------------------------------------------------------------------------------

    @verb
    def record(self, what: str, facts: Object) -> None:
        """See Ledger. A power cut may take the last of these, but no crash of the process."""
        with self._transaction(is_lasting=False) as db:
            self._append(db, what, facts, self._now(db))

    def records(self, since: int = 0) -> Iterator[Record]:
        """See Ledger."""
        while page := self._page(since):
            yield from page
            since = page[-1].number

    @verb
    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Handling:
        """See Ledger."""
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

    @verb
    def end_handling(self, decision: str, handler: str, facts: Object | None = None) -> None:
        """See Ledger."""
        with self._transaction() as db:
            now = self._now(db)
            ended = db.execute(
                "UPDATE hitl_handled SET handled_at = ? WHERE decision = ? AND handler = ? AND handled_at IS NULL"
                " RETURNING decision",
                (now, decision, handler),
            ).fetchone()
            if ended and facts is not None:
                self._append(db, handler, facts, now)

    @verb
    def _page(self, since: int) -> list[Record]:
        with self._reading() as db:
            query = "SELECT number, body, hash FROM hitl_records WHERE number > ? ORDER BY number LIMIT 1000"
            return [Record(*each) for each in db.execute(query, (since,)).fetchall()]

    def _append(self, db: Database, what: str, facts: Object, at: str) -> None:
        last = self._last(db)
        if self._mind_the_clock(db, last, at):
            last = self._last(db)
        self._link(db, last, what, facts, at)

    def _link(self, db: Database, last: Last, what: str, facts: Object, at: str) -> None:
        db.execute("INSERT INTO hitl_records (number, at, body, hash) VALUES (?, ?, ?, ?)", link(last, what, facts, at))

    def _last(self, db: Database) -> Last:
        last = "SELECT number, hash, at FROM hitl_records ORDER BY number DESC LIMIT 1"
        return db.execute(last).fetchone() or (0, None, "")

    def _row(self, db: Database, key: str) -> Approval:
        row = next(iter(approvals_of(db.execute(f"{_SELECT} WHERE key = ?", (key,)))), None)
        if row is None:
            raise LedgerError(f"the ledger {self.name} has no approval {key!r} any more")
        return row


def _has_ended(other: str, running: Collection[str]) -> bool:
    """Return whether who began to handle a decision is known to have ended."""
    process, _, run = other.rpartition(":")
    if process == owner():
        return run not in running
    return process.rpartition(":")[0] == owner().rpartition(":")[0] and not runs_here(process)
