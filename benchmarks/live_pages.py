"""What open pages of the inbox cost a busy server: the share of a core, the lag of updates, and how long pages take.

`python -m benchmarks.live_pages` creates 10,000 open reviews, then 1,000 a minute, first with no page open and then
with 100 that are told of each; `--reviews`, `--pages`, `--rate` and `--seconds` change that. It fails if the pages
cost more than a tenth of a core, or if a page takes longer than 300 ms in nine of ten cases.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.sandbox import HEADERS, KEY

MOST_CORE = 0.1
MOST_SECONDS = 0.3
PATHS = ("/inbox/?view=mine", "/inbox/?view=open", "/inbox/?view=open&sort=due", "/inbox/reviews/{}?view=mine")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """What one run saw: CPU seconds of the server for each second, and the seconds of pages and of updates."""

    core: float = 0.0
    pages: list[float] = field(default_factory=list[float])
    lags: list[float] = field(default_factory=list[float])

    def __str__(self) -> str:
        """Describe it in a line."""
        lag = f", updates after {at(self.lags, 0.5) * 1000:.0f} ms (99 %: {at(self.lags, 0.99) * 1000:.0f})"
        pages = f"pages in {at(self.pages, 0.5) * 1000:.0f} ms (90 %: {at(self.pages, 0.9) * 1000:.0f})"
        return f"{self.core:6.1%} of a core, {pages}{lag if self.lags else ''}"


def at(values: list[float], share: float) -> float:
    """Return the value below which so many of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def main() -> int:
    """Measure, print, and return 1 if it is too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--rate", type=float, default=1000, help="reviews a minute")
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder) / "data.db") as (server, url, link):
        cookie, program = _cookie(link), http.client.HTTPConnection(urlsplit(url).netloc)
        for number in range(given.reviews):
            _create(program, number)
        runs = [asyncio.run(_measure(server.pid, url, cookie, pages, given)) for pages in (0, given.pages)]
    quiet, busy = runs
    print(f"{given.reviews:,} open reviews, {given.rate:.0f} more a minute")
    for pages, run in zip((0, given.pages), runs, strict=True):
        print(f"  {pages:4} pages  {run}")
    cost = busy.core - quiet.core
    print(f"  the pages cost {cost:.1%} of a core")
    return int(cost > MOST_CORE or at(busy.pages, 0.9) > MOST_SECONDS)


async def _measure(pid: int, url: str, cookie: str, pages: int, given: argparse.Namespace) -> Run:
    run, created = Run(), dict[str, float]()
    streams = [asyncio.create_task(_listen(url, cookie, created, run)) for _ in range(pages)]
    await asyncio.sleep(2)
    started, cpu = time.perf_counter(), _cpu(pid)
    looking = asyncio.create_task(asyncio.to_thread(_look, url, cookie, given.seconds, run))
    await asyncio.to_thread(_create_for, url, given.seconds, given.rate / 60, created)
    await looking
    run.core = (_cpu(pid) - cpu) / (time.perf_counter() - started)
    await asyncio.sleep(1)
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    return run


async def _listen(url: str, cookie: str, created: dict[str, float], run: Run) -> None:
    """Read the stream of one page, and note how long after its creation a review is told."""
    reader, writer = await asyncio.open_connection(*(urlsplit(url).hostname, urlsplit(url).port))
    writer.write(f"GET /inbox/events HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nCookie: {cookie}\r\n\r\n".encode())
    try:
        while line := await reader.readline():
            if line.startswith(b"data: ") and (found := re.search(rb'"review_id": "(\w+)"', line)):
                begun = created.get(found[1].decode())
                if begun is not None:
                    run.lags.append(time.perf_counter() - begun)
    finally:
        writer.close()


def _create_for(url: str, seconds: float, rate: float, created: dict[str, float]) -> None:
    program, started = http.client.HTTPConnection(urlsplit(url).netloc), time.perf_counter()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, started + number / rate - time.perf_counter()))
        created[_create(program, number)] = time.perf_counter()


def _look(url: str, cookie: str, seconds: float, run: Run) -> None:
    """Open a page each quarter of a second, as a few reviewers do."""
    browser, started, number = http.client.HTTPConnection(urlsplit(url).netloc), time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        path = PATHS[number % len(PATHS)].format(f"rev_{number * 7 % 900 + 1}")
        begun = time.perf_counter()
        browser.request("GET", path, headers={"Cookie": cookie})
        answer = browser.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path} was answered {answer.status}")
        run.pages.append(time.perf_counter() - begun)
        number += 1
        time.sleep(0.25)


def _create(program: http.client.HTTPConnection, number: int) -> str:
    body = {
        "template_id": "template_123",
        "content": {"title": f"Refund {number}.00 EUR", "text": "A draft to check. " * 20},
        "assignees": [f"reviewer{number % 20}@example.com"],
    }
    program.request("POST", "/v1/reviews", json.dumps(body), HEADERS)
    answer = program.getresponse()
    return str(json.loads(answer.read())["data"]["id"])


def _cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _cookie(link: str) -> str:
    browser = http.client.HTTPConnection(urlsplit(link).netloc)
    browser.request("GET", urlsplit(link).path)
    session = (browser.getresponse().headers["Set-Cookie"] or "").partition(";")[0]
    return f"{session}; hitl_reviewer=reviewer1%40example.com"


@contextlib.contextmanager
def _running(data: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a sandbox, and yield its process, its address and a link to its inbox."""
    command = [sys.executable, "-m", "hitl.cli", "sandbox", "--port", "0", "--rate-limit", "none", "--api-key", KEY]
    with subprocess.Popen([*command, "--data", str(data)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            found = (match[0] for line in server.stdout if (match := re.search(r"http://[\w.:/-]+", line)))
            yield server, next(found), next(found)
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
