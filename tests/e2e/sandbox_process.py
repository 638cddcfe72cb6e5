"""`hitl sandbox` as a process of its own, for tests that take something away from it: its disk, its time, its life."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

KEY = "hitl_test_key"
HEADERS = {"Authorization": f"Bearer {KEY}"}
REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@dataclass
class Running:
    """A sandbox that answers: its process id, where it is, and a link into its inbox."""

    pid: int
    url: str
    inbox: str

    def api(self) -> httpx.Client:
        """Return a client that has the key."""
        return httpx.Client(base_url=self.url, headers=HEADERS, timeout=60)

    def browser(self) -> httpx.Client:
        """Return a client that is inside the inbox; the link is good for one."""
        entry = httpx.get(self.inbox)
        assert entry.status_code == 303
        return httpx.Client(base_url=self.url, cookies=entry.cookies, timeout=60)


@contextmanager
def running(data: Path, *options: str, before: Sequence[str] = ()) -> Iterator[Running]:
    """Run a sandbox over a file; `before` is what stands in front of the command, such as a tracer.

    When the block is left, the sandbox must end in an orderly way and have said nothing of errors.
    """
    command = [sys.executable, "-W", "error", "-m", "hitl.cli", "sandbox", "--port", "0", "--data", str(data)]
    command += ["--api-key", KEY, "--rate-limit", "none", *options]
    with subprocess.Popen([*before, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            addresses = _addresses(process)
            pid = _traced(process.pid) if before else process.pid
            yield Running(pid, *addresses)
            os.kill(pid, signal.SIGTERM)
        except BaseException:
            process.kill()
            raise
        finally:
            _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors, errors
    assert process.returncode == 0, errors


def fill_form(browser: httpx.Client, review_id: str, reviewer: str, decision: str = "complete") -> dict[str, str]:
    """Return a review's form as a reviewer fills it in."""
    page = browser.get(f"/inbox/reviews/{review_id}").text
    hidden = dict(re.findall(r'name="(form_token|version|fingerprint)" value="([^"]*)"', page))
    return {**hidden, "reviewer": reviewer, "field.approved": "true", "decision": decision}


def _traced(tracer: int) -> int:
    """Return the process that another one runs: the tracer itself does not pass signals on."""
    return int(Path(f"/proc/{tracer}/task/{tracer}/children").read_text().split()[0])


def _addresses(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    greeting = ""
    while "export HITL_API_KEY" not in greeting:
        line = process.stdout.readline()
        assert line, f"it ended: {process.stderr.read() if process.stderr else ''}"
        greeting += line
    inbox = re.search(r"Inbox\s+(\S+)", greeting)
    url = re.search(r"API\s+(\S+)", greeting)
    assert inbox is not None
    assert url is not None
    return url[1], inbox[1]
