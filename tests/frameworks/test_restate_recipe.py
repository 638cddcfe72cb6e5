"""The recipe of docs/integrations/restate.md on the real server, with workers that are killed while they wait."""

# The framework is not installed where types are checked.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import restate  # noqa: F401  # the recipe needs it
from recipes import ROOMY, ROOT, free_port, kill, process, python, until, world_of, write_module

from hitl.testing import Sandbox


def binary() -> str:
    """Return Restate's server, as `npm install @restatedev/restate-server-linux-x64` brings it, or RESTATE_SERVER names it."""
    installed = [str(each) for each in ROOT.glob("node_modules/@restatedev/restate-server-*/bin/restate-server")]
    found = next(filter(None, [os.environ.get("RESTATE_SERVER"), shutil.which("restate-server"), *installed]), None)
    assert found, "install the server with npm, and let RESTATE_SERVER name its binary"
    return found


class Site:
    """Restate's server, a sandbox, and what runs the recipe."""

    def __init__(self, folder: Path, sandbox: Sandbox, stack: ExitStack) -> None:
        self.sandbox, self._folder, self._stack = sandbox, folder, stack
        self._ingress, self._admin, self._service, node = (free_port() for _ in range(4))
        self.paid = folder / "paid"
        ingress = f"http://127.0.0.1:{self._ingress}"
        self._world = world_of(sandbox, PAID=self.paid, RESTATE_INGRESS=ingress)
        self.http = stack.enter_context(httpx.Client(base_url=ingress, timeout=60))
        write_module("restate.md", folder)
        settings = {
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{self._ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{self._admin}",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
            "RESTATE_LOG_FILTER": "error",
            "RESTATE_DISABLE_TELEMETRY": "true",
        }
        self._run([binary(), "--base-dir", str(folder / "restate")], **settings)

    def worker(self, **more: str) -> Any:
        """Start a worker."""
        return self._run(python("-m", "uvicorn", "refunds:app", "--port", str(self._service)), **more)

    def listener(self) -> Any:
        """Start what passes decisions on."""
        return self._run(python("-c", "import refunds; refunds.listen()"))

    def resume(self, review: Any) -> None:
        """Pass a decision on once more, as a webhook's handler does."""
        program = f"import refunds; refunds.resume(refunds.client.get_review({review.id!r}))"
        assert self._run(python("-c", program)).wait(ROOMY) == 0

    def register(self) -> None:
        """Tell the server where the workers are."""
        service = {"uri": f"http://127.0.0.1:{self._service}", "use_http_11": True}
        admin = f"http://127.0.0.1:{self._admin}/deployments"
        until(lambda: httpx.post(admin, json=service, timeout=30).is_success, ignore=httpx.HTTPError)

    def begin(self, order: str) -> str:
        """Start a refund, and return the id of its invocation."""
        answer = self.http.post("/refunds/refund/send", json={"order": order, "amount": 500}).raise_for_status()
        return str(answer.json()["invocationId"])

    def result(self, invocation: str) -> Any:
        return self.http.get(f"/restate/invocation/{invocation}/attach").raise_for_status().json()

    def asked(self) -> Any:
        (review,) = until(self.sandbox.reviewer.pending)
        return review

    def _run(self, command: list[str], **more: str) -> Any:
        return self._stack.enter_context(process(command, self._folder, {**self._world, **more}))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Sandbox(rate_limit=(1_000_000, 60.0)) as sandbox, ExitStack() as stack:
        yield Site(tmp_path, sandbox, stack)


def test_workers_that_are_killed_ask_once_and_pay_once(site: Site) -> None:
    worker = site.worker()
    site.register()
    invocation = site.begin("order-7")
    review = site.asked()
    kill(worker)
    site.sandbox.reviewer.complete(review, {"approved": True, "arguments": {"order": "order-7", "amount": 50}})
    kill(site.worker())
    site.worker()
    site.listener()
    assert site.result(invocation) == "paid back 50"
    site.resume(review)  # a decision that comes again, after the end
    assert site.paid.read_text() == "order-7 50\n"
    assert len(site.sandbox.reviewer.asked()) == 1


def test_what_resolves_the_awakeable_approves_nothing(site: Site) -> None:
    site.worker()
    site.register()
    invocation = site.begin("order-7")
    review = site.asked()
    site.http.post(f"/restate/awakeables/{review.metadata['awakeable']}/resolve", json="completed").raise_for_status()
    site.sandbox.reviewer.complete(review, {"approved": False, "feedback": "Too much."})
    assert "Too much." in site.result(invocation)
    assert not site.paid.exists()


def test_an_answer_that_does_not_fit_pays_nothing(site: Site) -> None:
    site.worker()
    site.register()
    invocation = site.begin("order-7")
    site.sandbox.reviewer.complete(site.asked(), {"approved": True, "arguments": {"order": "order-7", "sum": 1}})
    site.listener()
    response = site.http.get(f"/restate/invocation/{invocation}/attach")
    assert response.status_code == 500
    assert "do not fit" in response.text
    assert not site.paid.exists()


def test_an_answer_after_the_timeout_pays_nothing(site: Site) -> None:
    site.worker(REFUND_PATIENCE="0.1")
    site.register()
    invocation = site.begin("order-7")
    assert site.result(invocation) == "Nobody answered."
    site.sandbox.reviewer.complete(review := site.asked(), {"approved": True})
    site.resume(review)
    assert site.result(invocation) == "Nobody answered."
    assert not site.paid.exists()
