"""Runs the documentation: every Python block of README.md and docs/ is a test.

A document runs from top to bottom in one namespace, against a sandbox of its own: `HITL_BASE_URL` and `HITL_API_KEY`
point at it, and the blocks may use it as `sandbox`. Where a block waits for a person, one answers.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from hitl.exceptions import ConflictError, InvalidRequestError
from hitl.server.loops.store import RequestQuery
from hitl.testing import Sandbox

ROOT = Path(__file__).parent
ANSWER = {"approved": True, "feedback": "Good as it is."}
GLANCE = 0.05  # seconds between two looks at the inbox; whoever creates a review can still change it before an answer


# What needs agent frameworks runs in environments of its own: `make test-integrations`.
_IN_FRAMEWORKS = "HITL_FRAMEWORKS" in os.environ

# Of the dependency group `heavy`, which `make setup` installs and `make test` does not.
_HEAVY = ("axe_playwright_python", "mypy", "numpy", "openai", "pandas", "playwright", "pyright", "temporalio")
_MISSING = ", ".join(name for name in _HEAVY if find_spec(name) is None)
_IMPORTS_MISSING = re.compile(rf"^ *(?:import|from) (?:{_MISSING.replace(', ', '|')})\b", re.MULTILINE)


def _is_left_out(file: Path) -> bool:
    return bool(_MISSING) and file.match("test_*.py") and _IMPORTS_MISSING.search(file.read_text()) is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave test files out that import what is not installed."""
    folder = collection_path.relative_to(ROOT)
    of_frameworks = folder.match("tests/frameworks*") or folder.match("docs/integrations")
    return (of_frameworks and not _IN_FRAMEWORKS) or _is_left_out(collection_path) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave blocks of the documentation out that import what is not installed."""
    if _MISSING:
        items[:] = [item for item in items if not _IMPORTS_MISSING.search(getattr(item, "example", _NO_BLOCK).parsed)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    if left_out := sorted(file.name for file in ROOT.glob("tests/**/*.py") if _is_left_out(file)):
        terminalreporter.write_line(f"Left out, for want of {_MISSING}: {', '.join(left_out)}. `make check` runs them.")


_NO_BLOCK = SimpleNamespace(parsed="")


def pytest_configure() -> None:
    """Let Ctrl-C be what it is everywhere: a shell that starts the tests in the background has it ignored."""
    if _MISSING and os.environ.get("CI") and not _IN_FRAMEWORKS:
        raise pytest.UsageError(f"CI runs every test, and these packages are missing: {_MISSING}")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def person_at(sandbox: Sandbox) -> Generator[None, None, None]:
    """Answer each review of the sandbox that was in the inbox at two glances running, in a thread; requests by yes."""
    done = threading.Event()

    def work() -> None:
        seen: set[str] = set()
        while not done.wait(GLANCE):
            pending = {review.id for review in sandbox.reviewer.pending()}
            for review_id in sorted(pending & seen):
                with suppress(ConflictError):  # cancelled, or out of time, since the last look
                    sandbox.reviewer.complete(review_id, ANSWER)
            seen = pending
            for request in sandbox.reviewer._loops.list_requests(RequestQuery(status="pending")).items:  # noqa: SLF001
                with suppress(InvalidRequestError):
                    sandbox.reviewer.respond(request["id"], "yes")

    person = threading.Thread(target=work, name="documentation-reviewer")
    person.start()
    try:
        yield
    finally:
        done.set()
        person.join()


class Evaluator(PythonEvaluator):
    """Runs a block, with a person if it waits for one and does not play that part itself, then the tests it defines."""

    def __call__(self, example: Example) -> None:
        """Run the block in its document's namespace."""
        names = r"\b(wait_for_reviews?|requests\.wait|as_completed|decisions|ask|require_approval)\(|prefer=\"wait="
        waits = re.search(names, example.parsed) and "reviewer." not in example.parsed
        with person_at(example.namespace["sandbox"]) if waits else nullcontext():
            super().__call__(example)
        for test in re.findall(r"^def (test_\w+)\(\):", example.parsed, re.MULTILINE):
            example.namespace[test]()


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox, None, None]:
    """Return a live sandbox that clients without arguments talk to."""
    # Not `tmp_path_factory`: its `request` would take that name from the page.
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setenv("HITL_BASE_URL", sandbox.base_url)
        patch.setenv("HITL_API_KEY", sandbox.api_key)
        patch.setenv("HITL_LEDGER", f"{folder}/ledger/approvals.db")
        yield sandbox


@pytest.fixture(scope="session")
def person() -> Callable[[Sandbox], AbstractContextManager[None]]:
    """Return `person_at`, for tests of the examples."""
    return person_at


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", Evaluator())],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    excludes=["docs/tutorial/*.md"],  # its blocks are files; tests/e2e/test_wheel.py does what a reader does
    setup=lambda namespace: namespace.update(__name__="__main__"),  # as in a program; Flask looks at it
    fixtures=["sandbox"],
    name="documentation",
).pytest()
