"""`hitl server` as a process of its own, and `hitl reviewers` beside it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-W", "error", "-m", "hitl.cli"]


@dataclass
class TeamProcess:
    """A team's server that answers: where it is, and its data file."""

    url: str
    data: Path

    def reviewers(self, *arguments: str) -> Any:
        """Return the document that a command prints, which reaches the server through its socket."""
        command = [*COMMAND, "reviewers", *arguments, "--data", str(self.data), "--json"]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert outcome.returncode == 0, outcome.stderr
        return json.loads(outcome.stdout)


@contextmanager
def team_running(data: Path, *options: str) -> Generator[TeamProcess, None, None]:
    """Run a server over a file; when the block is left, it must end in an orderly way and have said nothing of errors."""
    command = [*COMMAND, "server", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield TeamProcess(_address(process), data)
            process.send_signal(signal.SIGTERM)
        except BaseException:
            process.kill()
            raise
        finally:
            _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    assert process.returncode == 0, errors


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    errors = "" if process.stderr is None else process.stderr.read()
    raise AssertionError(f"it ended: {errors}")
