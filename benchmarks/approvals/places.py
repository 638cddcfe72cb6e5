"""Where a trial takes place: a review server in a process of its own, with a person by script, and a ledger."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import field, frozen

from hitl import HITLClient
from hitl.approval import Ledger, ledger_at
from hitl.testing import Sandbox

ROOT = Path(__file__).parents[2]
KINDS = ("sqlite", "postgres")


@frozen
class Place:
    """What a process of a trial is told.

    Attributes:
        url: The review server.
        key: Its API key.
        ledger: What `ledger_at` takes.
        folder: Where the processes leave their traces.
    """

    url: str
    key: str
    ledger: str
    folder: Path
    _started: list[subprocess.Popen[str]] = field(factory=list["subprocess.Popen[str]"], init=False, repr=False)

    def client(self) -> HITLClient:
        """Return a client of the server."""
        return HITLClient(self.key, base_url=self.url, timeout=120.0)

    def open_ledger(self) -> Ledger:
        """Return the ledger."""
        return ledger_at(self.ledger)

    def start(self, program: str, *arguments: object) -> subprocess.Popen[str]:
        """Start a module of this package; its arguments are those of the place, and these."""
        told = [self.url, self.key, self.ledger, str(self.folder), *map(str, arguments)]
        command = [sys.executable, "-m", f"benchmarks.approvals.{program}", *told]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self._started.append(process)
        return process

    def close(self) -> None:
        """Kill what was started and still runs."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    @classmethod
    def of(cls, arguments: list[str]) -> tuple[Place, list[str]]:
        """Return the place that a program was told, and its other arguments."""
        url, key, ledger, folder, *others = arguments
        return cls(url, key, ledger, Path(folder)), others


def in_tenths(seconds: float) -> float:
    """Return seconds to one place."""
    return round(seconds, 1)


@contextmanager
def review_server() -> Iterator[tuple[str, str]]:
    """Run a server whose reviews are answered by script; yield its address and API key."""
    command = [sys.executable, "-m", "benchmarks.approvals.places"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            url, key = process.stdout.readline().split()
            yield url, key
        finally:
            process.kill()


@contextmanager
def ledger_of(kind: str, folder: Path) -> Iterator[str]:
    """Make a ledger: a file in the folder, or a database of a PostgreSQL that waits for its disk."""
    if kind == "sqlite":
        yield str(folder / "approvals.db")
        return
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from postgres_server import postgres_server, url_of

    with postgres_server(fsync=True) as address:
        yield url_of(f"{address} dbname=postgres")


def _is_slow(content: object) -> bool:
    return isinstance(content, dict) and content.get("arguments", {}).get("number", 0) % 10 == 0


def main() -> None:
    """Serve until nobody reads what is printed: one review in ten is answered after a while, the others at once."""
    with Sandbox(rate_limit=(1_000_000_000, 60.0)) as sandbox:
        sandbox.reviewer.on(content=_is_slow).after(0.05).approve()
        sandbox.reviewer.on().approve()
        print(sandbox.base_url, sandbox.api_key, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
