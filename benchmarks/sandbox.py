"""What the sandbox costs: its start beside an interpreter's, and requests beside the least that a server could do.

And what a review takes of the file.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
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
STORED = 10_000
"""Reviews, of a body of `STORED_BYTES` each, by which the file is measured."""
STORED_BYTES = 700
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


def stored() -> dict[str, Ratio]:
    """Measure what a review takes of the file, exactly, with an idempotency key and without anything that repeats."""
    words = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/sandbox.db"
        with _running([*_sandbox("--rate-limit", "none"), "--data", data]) as server:
            load(server, lambda connection: _create_keyed(connection, words), STORED // CONNECTIONS)()
        with contextlib.closing(sqlite3.connect(data)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kilobytes = Path(data).stat().st_size / STORED / 1000
    return {f"KB of the file for a review of {STORED_BYTES / 1000} KB": Ratio(kilobytes, kilobytes, kilobytes)}


def load(
    server: Running, send: Callable[[http.client.HTTPConnection], None], requests: int = REQUESTS
) -> Callable[[], float]:
    """Return a measurement: the server's CPU seconds for so many requests over each of several connections at once."""

    def use_one() -> None:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc)) as connection:
            for _ in range(requests):
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


def _create_keyed(connection: http.client.HTTPConnection, words: random.Random) -> None:
    review: dict[str, Any] = {
        "template_id": "template_123",
        "content": {"title": words.randbytes(16).hex(), "text": "", "source": "gpt-4", "confidence": 0.95},
        "metadata": {"agent": "billing"},
        "assignees": ["reviewer@company.com"],
        "priority": "high",
    }
    review["content"]["text"] = words.randbytes(STORED_BYTES).hex()[: STORED_BYTES - len(json.dumps(review))]
    _exchange(connection, "POST", "/v1/reviews", json.dumps(review), {"Idempotency-Key": str(uuid.uuid4())})


def _read(connection: http.client.HTTPConnection) -> None:
    _exchange(connection, "GET", "/v1/reviews/rev_1")


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    connection.request(method, path, body, {**HEADERS, **(headers or {})})
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
