"""A PostgreSQL of a test's own, from the programs that Debian's package `postgresql` installs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder with PostgreSQL's programs; None if there are none."""
    known = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(known).parent if known else installed[-1].parent if installed else None


@contextmanager
def running(programs: Path) -> Generator[str, None, None]:
    """Run a server behind a socket in a folder and on a loopback port; give its address without a database."""
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
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
