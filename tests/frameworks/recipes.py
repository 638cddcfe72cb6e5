"""Runs what a page of docs/integrations shows: its Python blocks as one module, in processes that can be killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hitl.testing import Sandbox

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "integrations"
ROOMY = 120.0  # seconds that a busy machine may take


def write_module(page: str, folder: Path) -> Path:
    """Write the Python blocks of a page as one module, named by what the page calls the file."""
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGES / page).read_text(), re.MULTILINE | re.DOTALL)
    module = folder / "refunds.py"
    module.write_text("\n".join(blocks))
    return module


def world_of(sandbox: Sandbox, **more: object) -> dict[str, str]:
    """Return the environment of a program that talks to a sandbox."""
    ours = {"HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
    return {**os.environ, **ours, **{name: str(value) for name, value in more.items()}}


@contextmanager
def process(
    command: list[str], folder: Path, world: Mapping[str, str]
) -> Generator[subprocess.Popen[bytes], None, None]:
    """Run a program in a folder; it is killed when the block is left, if not before."""
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(command, cwd=folder, env=world, stdout=log, stderr=log, start_new_session=True) as running,
    ):
        try:
            yield running
        finally:
            kill(running)


def kill(running: subprocess.Popen[bytes]) -> None:
    """Kill a program and its children with SIGKILL."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def python(*arguments: str) -> list[str]:
    """Return a command of this environment."""
    return [sys.executable, *arguments]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], *, ignore: type[Exception] | tuple[type[Exception], ...] = ()) -> Any:
    """Return what a condition gives once it is true."""
    ends = time.monotonic() + ROOMY
    while True:
        try:
            if found := condition():
                return found
        except ignore:
            pass
        assert time.monotonic() < ends
        time.sleep(0.02)
