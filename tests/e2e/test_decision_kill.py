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
    with (
        Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox,
        HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client,
    ):
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


MEASURED = """
import gc, sys, tracemalloc
from hitl import HITLClient

url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen, sizes = 0, {}
with HITLClient(key, base_url=url) as client:

    @client.on_decision()
    def handle(review):
        global seen
        assert review.content["n"] == seen  # in order, and none is lost
        seen += 1
        if seen in (count // 4, count):
            gc.collect()
            sizes[seen] = tracemalloc.get_traced_memory()[0]
        if seen == count:
            client.close()

    tracemalloc.start()
    client.run(since="beginning", cursor_store=sys.argv[4])
print(sizes[count] - sizes[count // 4])
"""


def test_memory_does_not_grow_with_the_number_of_decisions(tmp_path: Path) -> None:
    count = 2000
    with (
        Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox,
        HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client,
    ):
        items = ({"template_id": "template_123", "content": {"n": n, "text": "x" * 5000}} for n in range(count))
        for review in client.create_reviews(items):
            sandbox.reviewer.complete(review, {"approved": True})
        arguments = [sandbox.base_url, sandbox.api_key, str(count), str(tmp_path / "cursor")]
        command = [sys.executable, "-c", MEASURED, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=ROOMY, check=True)
    # The texts take 7.5 MB between the two looks. (A table of the interpreter's own may double once.)
    assert int(done.stdout) < 2_000_000


def _until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + ROOMY
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.002)
