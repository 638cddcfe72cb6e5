"""The pages of the documentation: their links and the files they name exist, and the examples run.

That their Python blocks run is seen to by conftest.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from documents import ROOT, page

from hitl.testing import Sandbox

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(file: Path) -> set[str]:
    """Return the names by which the headings of a page can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", file.read_text(), flags=re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_that_is_named_exists(file: Path) -> None:
    named = re.findall(r"`((?:hitl|generated|codegen|tests|docs|examples|changelog\.d)/[\w./-]*)`", file.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    reached = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)", page("index.md"))}
    assert set(PAGES) - reached == {ROOT / "README.md", ROOT / "docs" / "index.md"}


@pytest.fixture
def served(sandbox: Sandbox, person: Callable[[Sandbox], AbstractContextManager[None]]) -> Iterator[Sandbox]:
    """Give a sandbox where somebody answers."""
    with person(sandbox):
        yield sandbox


@pytest.mark.parametrize(
    ("example", "prints"),
    [
        ("publish_or_not.py", "Published: All about solar panels."),
        ("check_rows.py", "Kept: A-1, A-2, A-3, A-4"),
        ("two_steps.py", "Ready: Backups are kept for ten years."),
    ],
)
def test_an_example_runs(served: Sandbox, monkeypatch: pytest.MonkeyPatch, example: str, prints: str) -> None:
    monkeypatch.setenv("HITL_BASE_URL", served.base_url)
    monkeypatch.setenv("HITL_API_KEY", served.api_key)
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / example)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert prints in done.stdout.splitlines()


def test_every_example_is_tried() -> None:
    tried = {"publish_or_not.py", "check_rows.py", "two_steps.py"}
    assert {file.name for file in (ROOT / "examples").glob("*.py")} == {"demo.py", *tried}
