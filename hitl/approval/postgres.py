"""The ledger in PostgreSQL: safe for the processes of many machines."""

from __future__ import annotations

import os
import re
import threading
import weakref
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, frozen

from hitl._json import Object
from hitl._secret import Secret
from hitl.approval.errors import LedgerError
from hitl.approval.ledger import Handling, Outcome, Settled
from hitl.approval.sql import SCHEMA, Database, SQLLedger
from hitl.exceptions import ConfigurationError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_MOST: Final = 4  # connections of a process: writers wait for each other anyway
# One writer at a time, since each record follows from the one before. The number has no meaning. The level is said,
# for at a stricter one a statement would not see what was committed while it waited.
_BEGIN: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s';"
    " SET LOCAL idle_in_transaction_session_timeout = '60s'; SELECT pg_advisory_xact_lock(4846217)"
)
_BEGIN_QUICKLY: Final = _BEGIN.replace(";", "; SET LOCAL synchronous_commit = off;", 1)
_PATIENCE: Final = {"connect_timeout": "30", "keepalives_idle": "30", "tcp_user_timeout": "60000"}

# A broken socket has no state; the others are class 08, and what a server says that ends (PostgreSQL, appendix A).
_LOST: Final = (None, "08000", "08003", "08006", "57P01", "57P02", "57P03", "57P05", "25P03")


class ConnectionLost(LedgerError):
    """The connection to the database broke; what was being done may have been done."""


class PostgresLedger(SQLLedger):
    """A ledger in a PostgreSQL database; needs this package's 'postgres' extra.

    Threads and processes may share it. Its tables `hitl_approvals`, `hitl_allowances`, `hitl_records` and
    `hitl_handled` are made when they are first needed. A failover to a replica that had not received a commit forgets
    it: replicate synchronously.

    Args:
        address: What libpq takes, such as "postgresql://approvals@db.internal/agents".

    Raises:
        ConfigurationError: the address cannot be read, or psycopg is missing.
        LedgerError: with each method, if the database cannot be reached, read or written, or if it does not wait for
            its disk (`synchronous_commit=off`).
    """

    def __init__(self, address: str = "") -> None:
        given, address = Secret(address), ""  # before anything that can fail sees it
        self.name = "in PostgreSQL"
        self._psycopg = _library()
        self.errors = (self._psycopg.Error, OSError, UnicodeError)
        found = _read(self._psycopg, given)
        if found is None:
            raise ConfigurationError(
                "the address of the ledger must be one that libpq takes, such as "
                "postgresql://user:password@host:5432/name; write @ as %40 and / as %2F in the password"
            )
        self._secrets, full, self.name = found
        self._connections = _Connections(self._psycopg, full, self.name)
        weakref.finalize(self, self._connections.close)

    def consume(self, key: str, ran: str, claim: str, owner: str) -> bool:
        """See Ledger. If the connection broke at the end, the row says whose the approval is."""
        try:
            return super().consume(key, ran, claim, owner)
        except ConnectionLost:
            # It waits for the lock of the lost transaction, so that nothing is undecided afterwards.
            return super().consume(key, ran, claim, owner) or self._is_claimed(key, claim, "consumed")

    def settle(self, key: str, claim: str | None, state: Settled, outcome: Outcome) -> bool:
        """See Ledger. If the connection broke at the end, the row says what was settled."""
        try:
            return super().settle(key, claim, state, outcome)
        except ConnectionLost:
            return super().settle(key, claim, state, outcome) or self._is_claimed(key, claim, state)

    def begin_handling(
        self, decision: str, handler: str, run: str, *, running: Collection[str], takes_over: bool
    ) -> Handling:
        """See SQLLedger. If the connection broke at the end, what this run has begun is its own."""
        begin = partial(super().begin_handling, decision, handler, run, running=running, takes_over=takes_over)
        try:
            return begin()
        except ConnectionLost:
            return begin()

    def end_handling(self, decision: str, handler: str, facts: Object | None = None) -> None:
        """See SQLLedger. If the connection broke, it is written down again: the handler has run."""
        try:
            super().end_handling(decision, handler, facts)
        except ConnectionLost:
            super().end_handling(decision, handler, facts)

    def close(self) -> None:
        """Close the connections that no thread uses."""
        self._connections.close()

    def __repr__(self) -> str:
        return f"PostgresLedger({self.name!r})"

    # --- connections -------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, *, is_lasting: bool = True) -> Generator[Database, None, None]:
        with self._connections.one() as connection:
            connection.execute(_BEGIN if is_lasting else _BEGIN_QUICKLY)
            yield _Marked(connection)  # if it raises, the connection is closed, and PostgreSQL rolls back
            connection.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Generator[Database, None, None]:
        with self._connections.one() as connection:
            yield _Marked(connection)

    def _now(self, db: Database) -> str:
        (now,) = db.execute("SELECT clock_timestamp()").fetchone()
        return str(now.astimezone(UTC).isoformat(timespec="microseconds"))

    def _is_claimed(self, key: str, claim: str | None, state: str) -> bool:
        row = self.get(key)
        return row is not None and claim is not None and (row.claim, row.state) == (claim, state)

    def failure_of(self, error: Exception) -> LedgerError:
        """See SQLLedger."""
        told = str(error)
        if any(each.reveal() in told for each in self._secrets):
            told = ""  # no driver is known to quote a password; if one does, its message is not repeated
        message = f"the ledger {self.name} cannot be used: {type(error).__name__}: {' '.join(told.split())}"
        is_of_connecting = getattr(error, "pgconn", None) is not None
        is_lost = isinstance(error, self._psycopg.OperationalError) and getattr(error, "sqlstate", None) in _LOST
        return (ConnectionLost if is_lost and not is_of_connecting else LedgerError)(message.rstrip(": "))


@define
class _Connections:
    """The idle connections of a process; a few are enough, and any thread may use each."""

    library: Any
    address: Secret
    name: str
    idle: list[Any] = Factory(list[Any])
    room: threading.Semaphore = Factory(lambda: threading.Semaphore(_MOST))
    process: int = Factory(os.getpid)

    @contextmanager
    def one(self) -> Generator[Connection, None, None]:
        if self.process != os.getpid():
            self._forget()
        with self.room:
            connection = self._alive() or self._open()
            try:
                yield connection
            finally:
                if connection.info.transaction_status == self.library.pq.TransactionStatus.IDLE:
                    self.idle.append(connection)
                else:
                    connection.close()

    def close(self) -> None:
        while self.process == os.getpid() and self.idle:
            self.idle.pop().close()

    def _open(self) -> Connection:
        # Without prepared statements, which poolers such as PgBouncer lose.
        connection: Connection = self.library.connect(self.address.reveal(), autocommit=True, prepare_threshold=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: Connection) -> None:
        """Refuse a database that may forget, and make the tables unless they are there."""
        connection.execute("SET client_encoding = 'UTF8'")
        found = connection.execute("SELECT current_setting('synchronous_commit'), to_regclass('hitl_allowances')")
        durability, last_table = found.fetchone() or ("off", None)
        if durability == "off":
            raise LedgerError(
                f"the ledger {self.name} has synchronous_commit = off, so it may forget that an approval was used: "
                "turn it on for this user or database"
            )
        if last_table is None:
            connection.execute(f"{_BEGIN}; {SCHEMA}; COMMIT".encode())

    def _alive(self) -> Connection | None:
        """Return a connection that the database has not closed meanwhile."""
        while self.idle:
            with suppress(IndexError):  # another thread was faster
                connection: Connection = self.idle.pop()
                with suppress(self.library.Error):
                    connection.pgconn.consume_input()
                    return connection
                connection.close()
        return None

    def _forget(self) -> None:
        """Leave the connections to the process that this one was forked from, without a word to the database."""
        for each in self.idle:
            del each.pgconn
        self.idle, self.room, self.process = [], threading.Semaphore(_MOST), os.getpid()


@frozen
class _Marked:
    """A connection that takes question marks for parameters."""

    connection: Connection

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        return self.connection.execute(query.replace("?", "%s").encode(), values)


def _library() -> Any:
    try:
        import psycopg
    except ImportError as error:
        missing = f"PostgresLedger has missing dependencies ({error})"
        raise ConfigurationError(f"{missing}: install this package with its 'postgres' extra") from error
    return psycopg


def _read(library: Any, given: Secret) -> tuple[list[Secret], Secret, str] | None:
    """Return the secrets of an address, the address with our time limits, and a name for it without secrets."""
    try:
        facts: dict[str, Any] = library.conninfo.conninfo_to_dict(given.reveal())
    except (library.Error, TypeError, AttributeError, UnicodeError):
        return None
    host, port, name = (str(facts.get(each) or "") for each in ("host", "port", "dbname"))
    # A password with an @ or a / that is not encoded ends up in these, and then in messages of libpq.
    if "@" in host + name or not re.fullmatch(r"[0-9,]*", port):
        return None
    secrets = [Secret(str(each)) for key, each in facts.items() if "password" in key and each]
    said = f"{host}{port and ':'}{port}{name and '/'}{name}"
    full = Secret(library.conninfo.make_conninfo(**{**_PATIENCE, **facts}))
    return secrets, full, f"in PostgreSQL at {said}" if said else "in PostgreSQL"
