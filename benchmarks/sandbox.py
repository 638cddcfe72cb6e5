"""What the sandbox costs: its start beside an interpreter's, and requests beside the least that a server could do."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from benchmarks.measure import Ratio, process, ratio

KEY = "hitl_test_benchmark"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
REVIEW = json.dumps(
    {
        "template_id": "template_123",
        "content": {"text": "A draft to check. " * 20, "metadata": {"source": "gpt-4", "confidence": 0.95}},
        "assignees": ["reviewer@company.com"],
        "priority": "high",
    }
)
CONNECTIONS = 8
REQUESTS = 100  # over each connection
ROUNDS = 5


def startup() -> dict[str, Ratio]:
    """Measure `hitl sandbox` from the command to the first answer."""
    return {"hitl sandbox answers / python -c pass": ratio(_first_answer, process("pass"), ROUNDS)}


def requests() -> dict[str, Ratio]:
    """Measure the server's CPU for creations and reads, from the same load loop; the peer always writes to a disk."""
    with tempfile.TemporaryDirectory() as folder:
        sandbox = [*_sandbox("--rate-limit", "none"), "--data"]
        peer = [sys.executable, "-m", "benchmarks.peer", f"{folder}/peer.db"]
        with (
            _running([*sandbox, f"{folder}/sandbox.db"]) as on_disk,
            _running([*sandbox, ":memory:"]) as in_memory,
            _running(peer) as theirs,
        ):
            for each in (on_disk, in_memory, theirs):
                load(each, _create)()  # the first reviews, and warm caches
            return {
                "create a review, file / Starlette + SQLite": _cpu_ratio(on_disk, theirs, _create),
                "create a review, memory / Starlette + SQLite": _cpu_ratio(in_memory, theirs, _create),
                "read a review / Starlette + SQLite": _cpu_ratio(on_disk, theirs, _read),
            }


def _cpu_ratio(ours: Running, theirs: Running, send: Callable[[http.client.HTTPConnection], None]) -> Ratio:
    return ratio(load(ours, send), load(theirs, send), ROUNDS)


def load(server: Running, send: Callable[[http.client.HTTPConnection], None]) -> Callable[[], float]:
    """Return a measurement: the server's CPU seconds for so many requests over several connections at once."""

    def use_one() -> None:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as connection:
            for _ in range(REQUESTS):
                send(connection)

    def measure() -> float:
        threads = [threading.Thread(target=use_one) for _ in range(CONNECTIONS)]
        before = server.cpu()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return server.cpu() - before

    return measure


def _create(connection: http.client.HTTPConnection) -> None:
    _exchange(connection, "POST", "/v1/reviews", REVIEW)


def _read(connection: http.client.HTTPConnection) -> None:
    _exchange(connection, "GET", "/v1/reviews/rev_1")


def _exchange(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> None:
    connection.request(method, path, body, HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (200, 201):
        raise RuntimeError(f"{method} {path} was answered {answer.status}")


def _first_answer() -> float:
    started = time.perf_counter()
    with (
        _running(_sandbox()) as server,
        contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as connection,
    ):
        _exchange(connection, "GET", "/healthz")
        return time.perf_counter() - started


def _sandbox(*options: str) -> list[str]:
    return [sys.executable, "-m", "hitl.cli", "sandbox", "--port", "0", "--api-key", KEY, *options]


@frozen
class Running:
    """A server in a process of its own."""

    url: str
    process_id: int

    def cpu(self) -> float:
        """Return the CPU seconds that it has had."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[Running]:
    """Run a server whose output begins with its address."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        assert server.stdout is not None
        try:
            found = (re.search(r"http://[\w.:]+", line) for line in server.stdout)
            yield Running(next(match[0] for match in found if match), server.pid)
        finally:
            server.kill()
