"""Waits in processes of their own: interrupted from the keyboard, and forked in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from hitl import HITLClient
from hitl.testing import Sandbox

ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}
ROOMY = 60.0  # seconds; a machine may be busy

INTERRUPTED = """
import sys, threading
from hitl import HITLClient

client = HITLClient()
led, followed = sys.argv[1:]
ended = []
threading.Thread(target=lambda: ended.append(client.wait_for_review(followed).status)).start()
try:
    print("waiting", flush=True)
    client.wait_for_reviews([led, followed], return_when="FIRST")
except KeyboardInterrupt:
    print("interrupted", flush=True)
threading.enumerate()[-1].join()
client.close()
print(*ended, [each.name for each in threading.enumerate()], client.wait_stats().open, flush=True)
"""

FORKED = """
import os, sys, threading, time
from hitl import HITLClient

client = HITLClient()
both, child_only = sys.argv[1:]
waiter = threading.Thread(target=client.wait_for_review, args=[both])
waiter.start()
while not client.wait_stats().open:
    time.sleep(0.01)
time.sleep(0.5)  # the parent's read is held by then
if os.fork() == 0:
    print("child", [review.status for review in client.wait_for_reviews([both, child_only])], flush=True)
    os._exit(0)
print("forked", flush=True)
waiter.join()
os.wait()
client.close()
print("parent", client.wait_stats().open, flush=True)
"""


def start(sandbox: Sandbox, script: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HITL_BASE_URL": sandbox.base_url, "HITL_API_KEY": sandbox.api_key}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def reviews() -> Any:
    with Sandbox() as sandbox, HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        yield sandbox, client.create_reviews([ASKED] * 2)


def test_an_interrupt_ends_only_the_wait_of_the_thread_that_it_hits(reviews: Any) -> None:
    sandbox, (led, followed) = reviews
    with start(sandbox, INTERRUPTED, led.id, followed.id) as process:
        try:
            assert heard(process) == "waiting"
            time.sleep(0.5)  # most likely it is in the middle of a read by then; wherever it is, it must end
            process.send_signal(signal.SIGINT)
            assert heard(process) == "interrupted"
            sandbox.reviewer.complete(followed, {"approved": True})
            out, err = process.communicate(timeout=ROOMY)
        finally:
            process.kill()
    assert (out.strip(), process.returncode) == ("completed ['MainThread'] 0", 0), err


def test_a_forked_child_waits_for_itself(reviews: Any) -> None:
    sandbox, (both, child_only) = reviews
    with start(sandbox, FORKED, both.id, child_only.id) as process:
        try:
            assert heard(process) == "forked"
            for review in (both, child_only):
                sandbox.reviewer.complete(review, {"approved": True})
            out, err = process.communicate(timeout=ROOMY)
        finally:
            process.kill()
    assert sorted(out.splitlines()) == ["child ['completed', 'completed']", "parent 0"], err
