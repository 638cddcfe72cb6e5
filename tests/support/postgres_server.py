"""A PostgreSQL of our own, behind a socket in a folder that is removed afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def programs() -> Path | None:
    """Return the folder with PostgreSQL's programs; None where it is not installed."""
    known = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(known).parent if known else installed[-1].parent if installed else None


@contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[str]:
    """Run a server; yield the address of its databases, without `dbname`.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    folder_of_programs = programs()
    if folder_of_programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="hitl-pg-"))
    # It refuses to run as root; who that is in a container may become somebody else.
    user: list[str] = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")

    def run(name: str, *arguments: str) -> None:
        command = [*user, folder_of_programs / name, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    try:
        run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--username=hitl", str(folder / "data"))
        # Loopback as well: what breaks connections stands in between there. The port names the socket, too.
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={free_port()} -k {folder} -c fsync={'on' if fsync else 'off'}"
            " -c max_connections=200"
        )
        run("pg_ctl", "--wait", "--silent", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "start")
        port = (folder / "data" / "postmaster.pid").read_text().splitlines()[3]
        yield f"host={folder} port={port} user=hitl"
    finally:
        stop = [*user, folder_of_programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"]
        subprocess.run(stop, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def url_of(address: str) -> str:
    """Return the address of a database as a URL, as `ledger_at` takes it."""
    import psycopg

    facts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address)
    return f"postgresql://{facts['user']}@/{facts['dbname']}?host={facts['host']}&port={facts['port']}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
