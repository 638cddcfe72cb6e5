"""The ledger in PostgreSQL: safe for the processes of many machines."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from attrs import frozen

from hitl.approval.errors import LedgerError
from hitl.approval.sql import SCHEMA, Database, SQLLedger

if TYPE_CHECKING:
    import psycopg

# One writer at a time, since each record follows from the one before. The number has no meaning.
_LOCK = "SELECT pg_advisory_xact_lock(4846217)"


class PostgresLedger(SQLLedger):
    """A ledger in a PostgreSQL database; needs this package's 'postgres' extra.

    Its tables are `hitl_approvals` and `hitl_records`, made when they are first needed. A failover to a replica that
    had not received a commit forgets it: replicate synchronously.

    Args:
        address: What libpq takes, such as "postgresql://approvals@db.internal/agents".

    Raises:
        LedgerError: with each method, if the database cannot be reached, read or written, or if it does not wait for
            its disk (`synchronous_commit=off`).
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = "in PostgreSQL"
        self._local = threading.local()

    def consume(self, key: str, ran: str, claim: str, owner: str) -> bool:
        """See Ledger. After a connection that broke at the end, the row says whether the claim stands."""
        try:
            return super().consume(key, ran, claim, owner)
        except LedgerError:
            row = self.get(key)  # by a new connection
            if row is not None and row.claim == claim:
                return True
            if row is None or row.state != "answered":
                raise
        return super().consume(key, ran, claim, owner)

    def close(self) -> None:
        """Close this thread's connection."""
        connection, _ = self._local.__dict__.pop("connection", (None, 0))
        if connection is not None:
            connection.close()

    def __repr__(self) -> str:
        return "PostgresLedger()"  # the address may hold a password

    @contextmanager
    def _transaction(self, *, is_lasting: bool = True) -> Generator[Database, None, None]:  # noqa: ARG002
        with self._connected() as connection, connection.transaction():
            connection.execute(_LOCK)
            yield _Marked(connection)

    @contextmanager
    def _reading(self) -> Generator[Database, None, None]:
        with self._connected() as connection:
            yield _Marked(connection)

    def _now(self, db: Database) -> str:
        (now,) = db.execute("SELECT clock_timestamp()").fetchone()
        return str(now.isoformat(timespec="microseconds"))

    @contextmanager
    def _connected(self) -> Generator[psycopg.Connection[Any], None, None]:
        import psycopg

        failure = ""
        try:
            yield self._connection()
        except psycopg.Error as error:
            # Without the error itself, which may quote the address.
            failure = (
                f"the ledger {self.name} cannot be used: {type(error).__name__}: {error.diag.message_primary or ''}"
            )
            with suppress(psycopg.Error):
                self.close()
        if failure:
            raise LedgerError(failure)

    def _connection(self) -> psycopg.Connection[Any]:
        """Return this thread's connection; a fork needs its own."""
        import psycopg

        connection, process = getattr(self._local, "connection", (None, 0))
        if connection is None or connection.closed or process != os.getpid():
            connection = psycopg.connect(self._address, autocommit=True)
            self._prepare(connection)
            self._local.connection = (connection, os.getpid())
        return connection

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        found = connection.execute("SHOW synchronous_commit").fetchone()
        if found is None or found[0] == "off":
            raise LedgerError("synchronous_commit is off, so the database may forget that an approval was used")
        with connection.transaction():
            connection.execute(_LOCK)
            for statement in SCHEMA.split(";"):
                if statement.strip():
                    _Marked(connection).execute(statement)


@frozen
class _Marked:
    """A connection that takes question marks for parameters."""

    connection: psycopg.Connection[Any]

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        return self.connection.execute(query.replace("?", "%s").encode(), values)
