"""Every change that is acknowledged is on the disk before the acknowledgement leaves, as the system's calls show."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_process import REVIEW, fill_form, running

CHANGES = 20


@pytest.fixture
def strace() -> str:
    path = shutil.which("strace")
    if path is None:
        missing = "no strace: install it (Debian: apt install strace)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


def changes(trace: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each request that changes something with the files that were synchronised before its answer left."""
    request, synced, pending = "", list[str](), ""
    for line in trace:
        if asked := re.search(r'(?:recv\w*|read)\(.*"((?:POST|DELETE|PATCH) [^ ]+)', line):
            request, synced = asked[1], []
        elif done := re.search(r"f(?:data)?sync\(\d+<([^>]+)>.* = 0$", line):
            synced.append(done[1])
        elif begun := re.search(r"f(?:data)?sync\(\d+<([^>]+)> <unfinished \.\.\.>$", line):
            pending = begun[1]  # strace splits a call during which another thread makes one
        elif re.search(r"<\.\.\. f(?:data)?sync resumed>.* = 0$", line):
            synced.append(pending)
        elif request and re.search(r'(?:send\w*|writev?)\(.*"HTTP/1\.1 (?:20|303)', line):
            yield request, synced
            request = ""


def test_each_acknowledged_change_was_synchronised_before_its_answer(strace: str, tmp_path: Path) -> None:
    data, log = tmp_path / "sandbox.db", tmp_path / "trace"
    calls = "trace=fsync,fdatasync,sendto,sendmsg,recvfrom,recvmsg,read,write,writev"  # the last three are uvloop's
    tracer = [strace, "-f", "-y", "-s", "100", "-e", calls, "-e", "signal=none", "-o", str(log)]
    with running(data, before=tracer) as sandbox, sandbox.api() as api, sandbox.browser() as browser:
        for number in range(1, CHANGES + 1):
            assert api.post("/v1/reviews", json=REVIEW).status_code == 201
            form = fill_form(browser, f"rev_{number}", "ann@example.com")
            assert browser.post(f"/inbox/reviews/rev_{number}/answer", data=form).status_code == 303
    told = list(changes(log.read_text().splitlines()))
    asked = [request for request, _ in told]
    assert asked.count("POST /v1/reviews") == CHANGES
    assert sum(request.endswith("/answer") for request in asked) == CHANGES
    wal = f"{data}-wal"
    assert [request for request, synced in told if wal not in synced] == []
