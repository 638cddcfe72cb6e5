"""The command in a process of its own, with and without a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

PATIENCE = 60  # seconds that a process may take before the test fails


def start(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_the_end(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    with start(environment, *arguments) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def run_on_terminal(environment: Mapping[str, str], *arguments: str, stdout: int | None = None) -> tuple[str, str]:
    """Run the command with its standard error on a terminal, and its output too if `stdout` is None; return both."""
    master, terminal = os.openpty()
    env = {**os.environ, **environment}
    try:
        done = subprocess.run(
            command(*arguments), env=env, stdout=stdout or terminal, stderr=terminal, timeout=PATIENCE, check=True
        )
        return (done.stdout or b"").decode(), os.read(master, 100_000).decode()
    finally:
        os.close(terminal)
        os.close(master)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "hitl.cli", *arguments]
