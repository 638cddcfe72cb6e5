"""A program that handles decisions and is killed again and again: each decision is handled, none is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hitl import HITLClient
from hitl.testing import Sandbox

LIFE = Path(__file__).with_name("decision_lives.py")
ROOMY = 60.0  # seconds that a busy machine may take
COUNT, KILLS = 400, 8


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_each_decision_is_handled_although_the_program_is_killed(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "handled"
    file.touch()
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox, HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        reviews = client.create_reviews({"template_id": "template_123", "content": {"n": n}} for n in range(COUNT))
        person = Thread(target=lambda: [sandbox.reviewer.complete(each, {"approved": True}) for each in reviews])
        person.start()

        def handled() -> list[str]:
            return file.read_text().split()

        def begin() -> Any:
            command = [sys.executable, str(LIFE), sandbox.base_url, sandbox.api_key, str(tmp_path), kind]
            return subprocess.Popen(command)

        for kill in range(KILLS):
            program = begin()
            wanted = min(COUNT, len(set(handled())) + COUNT // (KILLS + 2))
            _until(lambda wanted=wanted: len(set(handled())) >= wanted)
            program.send_signal(signal.SIGKILL)
            program.wait()
            assert len(set(handled())) < COUNT, f"kill {kill} came too late to prove anything"
        program = begin()
        _until(lambda: len(set(handled())) == COUNT)
        program.kill()
        program.wait()
        person.join()
        counts = Counter(handled())
        assert set(counts) == {review.id for review in reviews}
        assert sum(counts.values()) <= COUNT + KILLS  # at most the one that was being handled comes again
        # In the order in which they were made, whatever comes again.
        assert list(dict.fromkeys(handled())) == [review.id for review in reviews]


def _until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + ROOMY
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)
