"""A workflow with every part in a process of its own: the program that waits is killed, and loses nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandbox_process import KEY, running

LIFE = Path(__file__).with_name("workflow_lives.py")


@contextmanager
def program(*arguments: object) -> Generator[subprocess.Popen[str], None, None]:
    command = [sys.executable, str(LIFE), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("framework", ["flask", "starlette"])
def test_a_program_that_is_killed_while_it_waits_learns_the_answer_when_it_runs_again(
    framework: str, tmp_path: Path
) -> None:
    with program("receiver", tmp_path, framework) as receiver:
        action = f"http://127.0.0.1:{int(line(receiver))}/action"
        workflow = ("--workflow", f"refund={action}", "--workflow", "unfinished=draft")
        with running(tmp_path / "sandbox.db", *workflow) as sandbox:
            with program("refund", tmp_path, sandbox.url, KEY) as first:
                request_id = line(first)
            assert first.wait() != 0  # it was killed
            with sandbox.browser() as browser:
                page = browser.get(f"/inbox/requests/{request_id}").text
                token = page.partition('name="form_token" value="')[2].partition('"')[0]
                answer = {
                    "form_token": token,
                    "reviewer": "ann@example.com",
                    "field.answer": "true",
                    "decision": "complete",
                }
                assert browser.post(f"/inbox/requests/{request_id}/answer", data=answer).status_code == 303
            with program("refund", tmp_path, sandbox.url, KEY) as again:
                assert line(again) == request_id
                assert line(again) == "approved 129"
                assert again.wait() == 0
            with sandbox.api() as api:
                assert api.post("/v1/workflows/unfinished/trigger", json={}).status_code == 400
