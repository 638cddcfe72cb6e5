"""The recipe of docs/integrations/celery.md on a Redis of its own, with workers that are killed while a person thinks."""

# The framework is not installed where types are checked.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from recipes import ROOMY, free_port, kill, process, python, until, world_of, write_module

from hitl.testing import Sandbox


class Site:
    """Redis, a sandbox, and what runs the recipe."""

    def __init__(self, folder: Path, sandbox: Sandbox, stack: ExitStack) -> None:
        self.sandbox, self._folder, self._stack = sandbox, folder, stack
        self.paid, port = folder / "paid", free_port()
        broker = f"redis://127.0.0.1:{port}/0"
        self._world = world_of(sandbox, PAID=self.paid, BROKER=broker)
        write_module("celery.md", folder)
        server = shutil.which("redis-server")
        assert server, "install Debian's package redis-server"
        self._run([server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)])
        until(redis.Redis.from_url(broker).ping, ignore=redis.ConnectionError)
        self.app = Celery(broker=broker, backend=broker)
        stack.callback(self.app.close)

    def worker(self) -> Any:
        return self._run(
            python(
                "-m", "celery", "-A", "refunds", "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"
            )
        )

    def listener(self) -> Any:
        """Start what passes decisions on."""
        return self._run(python("-c", "import refunds; refunds.listen()"))

    def result(self, task: str) -> Any:
        return self.app.AsyncResult(task).get(timeout=ROOMY)

    def asked(self) -> Any:
        (review,) = until(self.sandbox.reviewer.pending)
        return review

    def _run(self, command: list[str]) -> Any:
        return self._stack.enter_context(process(command, self._folder, self._world))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox, ExitStack() as stack:
        yield Site(tmp_path, sandbox, stack)


def test_workers_that_are_killed_ask_once_and_pay_once(site: Site) -> None:
    site.app.send_task("refunds.refund", ["order-7", 500])
    worker = site.worker()
    review = site.asked()
    kill(worker)
    site.app.send_task("refunds.refund", ["order-7", 500])  # what Redis does once the task's time is over
    site.sandbox.reviewer.complete(review, {"approved": True, "arguments": {"order": "order-7", "amount": 50}})
    kill(site.listener())
    site.listener()
    site.worker()
    assert site.result(f"go-on-{review.id}") == "paid back 50"
    for _ in range(3):  # a webhook that comes again, after the end
        again = site.app.send_task("refunds.go_on", [review.id])
        assert again.get(timeout=ROOMY) == "It was paid already, or another worker is about to."
    assert site.paid.read_text() == "order-7 50\n"
    assert len(site.sandbox.reviewer.asked()) == 1


def test_what_is_enqueued_approves_nothing(site: Site) -> None:
    site.worker()
    asking = site.app.send_task("refunds.refund", ["order-7", 500])
    review_id = asking.get(timeout=ROOMY)
    early = site.app.send_task("refunds.go_on", [review_id])
    with pytest.raises(Exception, match="still"):
        early.get(timeout=ROOMY)
    site.sandbox.reviewer.complete(review_id, {"approved": False, "feedback": "Too much."})
    site.listener()
    assert "Too much." in site.result(f"go-on-{review_id}")
    assert not site.paid.exists()


def test_an_answer_that_does_not_fit_pays_nothing(site: Site) -> None:
    site.worker()
    asking = site.app.send_task("refunds.refund", ["order-7", 500])
    review_id = asking.get(timeout=ROOMY)
    site.sandbox.reviewer.complete(review_id, {"approved": True, "arguments": {"order": "order-7", "sum": 1}})
    site.listener()
    with pytest.raises(Exception, match="do not fit"):
        site.result(f"go-on-{review_id}")
    assert not site.paid.exists()
