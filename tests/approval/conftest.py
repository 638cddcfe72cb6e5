"""A sandbox, and a ledger of each kind for each test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

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


def _programs() -> Path | None:
    """Return the folder with PostgreSQL's programs."""
    known = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(known).parent if known else installed[-1].parent if installed else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of our own, behind a socket in a folder; return the address of its databases."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is missing")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="hitl-pg-"))
    # It refuses to run as root; who that is in a container may become somebody else.
    user: list[str] = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")

    def run(name: str, *arguments: str) -> None:
        done = subprocess.run(
            [*user, programs / name, *arguments], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr

    try:
        run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--username=hitl", str(folder / "data"))
        # Loopback as well: what breaks connections stands in between there. The port names the socket, too.
        options = f"-c listen_addresses=127.0.0.1 -c port={free_port()} -k {folder} -c fsync=off -c max_connections=200"
        run("pg_ctl", "--wait", "--silent", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "start")
        port = (folder / "data" / "postmaster.pid").read_text().splitlines()[3]
        yield f"host={folder} port={port} user=hitl"
    finally:
        subprocess.run(
            [*user, programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Make a database; return its address."""
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(f"{postgres} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{postgres} dbname={name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a ledger is kept, as `ledger_at` takes it."""
    if request.param == "sqlite":
        return str(tmp_path / "approvals.db")
    facts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(request.getfixturevalue("database"))
    return f"postgresql://{facts['user']}@/{facts['dbname']}?host={facts['host']}&port={facts['port']}"


@pytest.fixture
def file_ledger(tmp_path: Path) -> SQLiteLedger:
    return SQLiteLedger(tmp_path / "approvals.db")


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    ledger = ledger_at(address)
    yield ledger
    ledger.close()
