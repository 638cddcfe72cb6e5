"""A sandbox, and a ledger of each kind for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres_server import postgres_server, programs, url_of

from hitl import HITLClient
from hitl.approval import Ledger, SQLiteLedger, ledger_at
from hitl.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of our own; return the address of its databases."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is missing")
        pytest.skip("PostgreSQL is not installed")
    with postgres_server() as address:
        yield address


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Return the address of an empty database. It is one and is emptied, which takes a fraction of making another."""
    address = f"{postgres} dbname=postgres"
    yield address
    with psycopg.connect(address, autocommit=True) as connection:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}".encode())
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a ledger is kept, as `ledger_at` takes it."""
    if request.param == "sqlite":
        return str(tmp_path / "approvals.db")
    return url_of(request.getfixturevalue("database"))


@pytest.fixture
def file_ledger(tmp_path: Path) -> SQLiteLedger:
    return SQLiteLedger(tmp_path / "approvals.db")


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    ledger = ledger_at(address)
    yield ledger
    ledger.close()
