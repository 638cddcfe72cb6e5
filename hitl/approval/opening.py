"""Which ledger an address, or the environment, means."""

from __future__ import annotations

import os

from hitl.approval.ledger import Ledger


def ledger_at(address: str | None = None) -> Ledger:
    """Return the ledger at an address; nothing is opened yet.

    Args:
        address: The path of a file, or "postgresql://…". By default `HITL_LEDGER`, or the file `hitl/approvals.db` in
            the user's state directory.

    Raises:
        ConfigurationError: the address cannot be read, or psycopg is missing.
    """
    address = address or os.environ.get("HITL_LEDGER")
    if address is not None and address.startswith(("postgresql://", "postgres://")):
        from hitl.approval.postgres import PostgresLedger

        return PostgresLedger(address)
    from hitl.approval.sqlite import SQLiteLedger

    return SQLiteLedger(address or None)
