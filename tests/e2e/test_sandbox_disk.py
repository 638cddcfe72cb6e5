"""The disk of a running sandbox fills up and gets room again: no answer lies, nothing is lost, nobody restarts it."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from pathlib import Path

import httpx
from receiver import receiving
from sandbox_process import REVIEW, Running, fill_form, running

LARGE = {"template_id": "template_123", "content": {"text": "x" * 300_000}}


def let_files_grow_to(sandbox: Running, size: int) -> None:
    """Let no file of the sandbox grow any further, as a disk that is full does."""
    resource.prlimit(sandbox.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def fill(sandbox: Running, data: Path) -> None:
    let_files_grow_to(sandbox, max(file.stat().st_size for file in data.parent.glob("sandbox.db*")))


def statuses(api: httpx.Client) -> dict[str, str]:
    found = api.get("/v1/reviews?limit=100").json()["data"]
    return {review["id"]: review["status"] for review in found}


def test_a_full_disk_refuses_what_it_cannot_keep_and_takes_it_when_there_is_room(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with receiving() as receiver, running(data) as sandbox, sandbox.api() as api, sandbox.browser() as browser:
        events = ["review.created", "review.completed"]
        assert api.post("/v1/webhooks", json={"url": receiver.url, "events": events}).status_code == 201
        assert api.post("/v1/reviews", json=REVIEW).status_code == 201
        form = fill_form(browser, "rev_1", "ann@example.com")
        while api.get("/v1/webhooks/deliveries?status=pending").json()["data"]:
            threading.Event().wait(0.05)
        fill(sandbox, data)
        kept = dict(statuses(api))
        for number in range(20):
            answer = api.post("/v1/reviews", json=LARGE, headers={"Idempotency-Key": f"job-{number}"})
            if answer.status_code == 201:  # what the file had room for
                kept[answer.json()["data"]["id"]] = "created"
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] in {"storage_full", "storage_failed"}
        assert answer.headers["Retry-After"] == "5"
        assert statuses(api) == kept
        decided = [browser.post("/inbox/reviews/rev_1/answer", data={**form, "field.feedback": "x" * 300_000})]
        assert decided[0].status_code == 503
        assert statuses(api) == kept
        assert browser.get("/inbox/").status_code == 200
        let_files_grow_to(sandbox, resource.RLIM_INFINITY)
        assert api.post("/v1/reviews", json=LARGE, headers={"Idempotency-Key": "job-19"}).status_code == 201
        assert browser.post("/inbox/reviews/rev_1/answer", data=form).status_code == 303
        expected = statuses(api)
        assert len(expected) == len(kept) + 1
        for _ in range(600):
            if api.get("/v1/webhooks/deliveries?status=pending").json()["meta"]["pagination"]["total"] == 0:
                break
            threading.Event().wait(0.1)
        told = [body for body in receiver.bodies() if b"review.completed" in body]
        assert len(told) >= 1
    with running(data) as sandbox, sandbox.api() as api:
        assert statuses(api) == expected
        assert api.post("/v1/reviews", json=LARGE, headers={"Idempotency-Key": "job-19"}).headers["Idempotent-Replayed"]


def test_the_command_says_in_one_line_that_there_is_no_room(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from hitl.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        f"sys.argv = ['hitl', 'sandbox', '--port', '0', '--data', {str(tmp_path / 'sandbox.db')!r}]; main()"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Error: --data: {tmp_path / 'sandbox.db'} cannot be ")
    assert ended.stderr.count("\n") == 1
