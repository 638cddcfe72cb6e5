"""What the sandbox costs: its start beside an interpreter's, and requests beside the least that a server could do."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

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
CONNECTIONS = 4
REQUESTS = 100  # over each connection
ROUNDS = 5


def startup() -> dict[str, Ratio]:
    """Measure `hitl sandbox` from the command to the first answer."""
    return {"hitl sandbox answers / python -c pass": ratio(_first_answer, process("pass"), ROUNDS)}


def requests() -> dict[str, Ratio]:
    """Measure creations and reads, each on disk, from the same load loop."""
    with tempfile.TemporaryDirectory() as folder:
        sandbox = [*_sandbox("--rate-limit", "none"), "--data", f"{folder}/sandbox.db"]
        peer = [sys.executable, "-m", "benchmarks.peer", f"{folder}/peer.db"]
        with _running(sandbox) as ours, _running(peer) as theirs:
            load(ours, _create)()  # the first reviews, and warm caches
            load(theirs, _create)()
            return {
                "create a review / Starlette + SQLite": ratio(load(ours, _create), load(theirs, _create), ROUNDS),
                "read a review / Starlette + SQLite": ratio(load(ours, _read), load(theirs, _read), ROUNDS),
            }


def load(url: str, send: Callable[[http.client.HTTPConnection], None]) -> Callable[[], float]:
    """Return a measurement: the wall seconds of so many requests over several connections at once."""

    def use_one() -> None:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection:
            for _ in range(REQUESTS):
                send(connection)

    def measure() -> float:
        threads = [threading.Thread(target=use_one) for _ in range(CONNECTIONS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

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
        _running(_sandbox()) as url,
        contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection,
    ):
        _exchange(connection, "GET", "/healthz")
        return time.perf_counter() - started


def _sandbox(*options: str) -> list[str]:
    return [sys.executable, "-m", "hitl.cli", "sandbox", "--port", "0", "--api-key", KEY, *options]


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[str]:
    """Run a server whose output begins with its address, and yield that."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        assert server.stdout is not None
        try:
            found = (re.search(r"http://[\w.:]+", line) for line in server.stdout)
            yield next(match[0] for match in found if match)
        finally:
            server.kill()
