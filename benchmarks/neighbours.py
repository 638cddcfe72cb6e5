"""The slowest request of somebody else while the sandbox is busy with hostile or large ones; over 100 ms fails.

Run it on a machine that does nothing else: `python -m benchmarks.neighbours`. The first row is the sandbox at rest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

LIMIT = 0.1
KEY = "hitl_test_neighbours"
TEMPLATE = "content_review"
LARGE = 100_000
LARGEST = 5_000_000


class Busy:
    """A sandbox in a process of its own, an API client and a browser past its session."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        link = next(line.split()[1] for line in process.stdout if "/inbox/enter/" in line)
        base = link.partition("/inbox/")[0]
        self.api = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {KEY}"}, timeout=120)
        self.browser = httpx.Client(base_url=base, timeout=120, follow_redirects=True)
        self.browser.get(link).raise_for_status()
        self.browser.event_hooks["response"] = [
            lambda answer: None if answer.is_redirect else answer.raise_for_status()
        ]

    def create(self, content: Any) -> str:
        """Create a review."""
        answer = self.api.post("/v1/reviews", json={"template_id": TEMPLATE, "content": content})
        review_id: str = answer.raise_for_status().json()["data"]["id"]
        return review_id

    def slowest(self, act: Callable[[], object]) -> float:
        """Return the seconds of another client's slowest request while something is done."""
        times: list[float] = []
        done = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=self.api.base_url, headers=self.api.headers, timeout=120) as other:
                while not done.is_set():
                    start = time.perf_counter()
                    other.get(f"/v1/templates/{TEMPLATE}")
                    times.append(time.perf_counter() - start)
                    time.sleep(0.002)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.05)
        times.clear()
        act()
        time.sleep(0.02)
        done.set()
        thread.join()
        return max(times, default=0.0)


def attacks(busy: Busy) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is done, with its name; contents made by one are there for those after it."""
    yield "nothing", lambda: time.sleep(1)
    for number in range(100):
        busy.create({"text": "alpha beta gamma delta " * (LARGE // 24), "n": number})
    yield "list 100 reviews of 100 kB", lambda: busy.api.get("/v1/reviews?limit=100")
    yield "inbox: list them", lambda: busy.browser.get("/inbox/")
    yield "inbox: search them", lambda: busy.browser.get("/inbox/?q=nowhere")
    yield "inbox: by due date", lambda: busy.browser.get("/inbox/?sort=due")
    for name, content in (
        ("text", {"text": "é" * (LARGEST // 6)}),
        ("numbers", {"n": [1] * 490_000}),
        ("floats", {"n": [1.5e300] * 490_000}),
        ("keys", {str(number): number for number in range(240_000)}),
    ):
        made: list[str] = []
        yield f"create the largest: {name}", lambda made=made, content=content: made.append(busy.create(content))
        yield f"read it: {name}", lambda made=made: busy.api.get(f"/v1/reviews/{made[0]}")
        yield f"inbox: draw it: {name}", lambda made=made: busy.browser.get(f"/inbox/reviews/{made[0]}")
        changed = {"content": {"text": "b" * LARGEST}}
        yield f"change it: {name}", lambda made=made, body=changed: busy.api.patch(f"/v1/reviews/{made[0]}", json=body)
    many = json.dumps({f"k{number}": 1 for number in range(200_000)})
    headers = {"Content-Type": "application/json"}
    yield "refuse 200,000 unknown names", lambda: busy.api.post("/v1/reviews", content=many, headers=headers)
    yield "refuse 5 MB of brackets", lambda: busy.api.post("/v1/reviews", content="[" * LARGEST, headers=headers)
    fields = [
        {"name": f"f{n}", "type": "select", "options": [{"value": f"v{each}", "label": "x"} for each in range(50)]}
        for n in range(900)
    ]
    yield "a template of 45,000 options", lambda: busy.api.post("/v1/templates", json={"name": "t", "fields": fields})


def main() -> int:
    """Print the slowest of each."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", "0", "--data", str(Path(folder) / "s.db"), "--api-key", KEY, "--rate-limit", "none"]
        command = [sys.executable, "-m", "hitl.cli", "sandbox", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                busy = Busy(process)
                times = {name: busy.slowest(act) for name, act in attacks(busy)}
            finally:
                process.terminate()
    for name, seconds in times.items():
        print(f"{seconds * 1000:7.1f} ms  {name}")
    return int(max(times.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
