"""docs/how-to/regenerate.md, followed to the letter in a copy of the repository's files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "how-to" / "regenerate.md"
SNIPPET = re.compile(r"```yaml\n# openapi\.yaml: ([^\n]+)\n(.+?)```", re.DOTALL)

# `setup` would make an environment; the one that runs the tests is there already.
MAKEFILE = f"BIN := {Path(sys.executable).parent}\nsetup: ;\ninclude codegen/targets.mk\n"


def _added(text: str, place: list[str], snippet: str) -> str:
    """Add a snippet at the end of the block that `place` leads to, one level deeper than its key."""
    lines = text.splitlines()
    start, end = -1, len(lines)
    for depth, key in enumerate(place):
        start = lines.index("  " * depth + key + ":", start + 1, end)
        end = _end_of_block(lines, start, depth)
    indent = "  " * len(place)
    added = [indent + line if line else line for line in snippet.splitlines()]
    return "\n".join([*lines[:end], *added, *lines[end:], ""])


def _end_of_block(lines: list[str], start: int, depth: int) -> int:
    deeper = "  " * (depth + 1)
    end = start + 1
    for index in range(start + 1, len(lines)):
        if lines[index].strip() and not lines[index].startswith(deeper):
            break
        if lines[index].strip():
            end = index + 1
    return end


def _make(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", target], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the generation needs, with the guide's snippets in place."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copy(ROOT / "generator-config.yml", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("codegen", "generated", "hitl", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "Makefile").write_text(MAKEFILE)
    text = (ROOT / "openapi.yaml").read_text()
    for place, snippet in SNIPPET.findall(GUIDE.read_text()):
        text = _added(text, place.split(", "), snippet)
    (folder / "openapi.yaml").write_text(text)
    return folder


def test_following_the_guide_adds_the_field_and_the_operation_and_nothing_else(repository: Path) -> None:
    forgotten = _make(repository, "check-generated")
    assert forgotten.returncode != 0
    assert "Run 'make generate' and commit both." in forgotten.stdout

    generated = _make(repository, "generate")
    assert generated.returncode == 0, generated.stdout + generated.stderr

    assert _differences(ROOT / "generated", repository / "generated") == {
        "hitl_api/models/review.py",
        "hitl_api/api/teams/get_team.py",
    }
    assert "title: None | str | Unset = UNSET" in (repository / "generated/hitl_api/models/review.py").read_text()
    assert _make(repository, "check-generated").returncode == 0


def test_the_tests_that_fail_afterwards_are_those_that_the_guide_names(repository: Path) -> None:
    assert _make(repository, "generate").returncode == 0
    paths = os.pathsep.join([str(repository), str(repository / "generated")])
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider"]
    tests = subprocess.run(
        [
            *command,
            "tests/api/test_reading.py",
            "tests/codegen/test_spec_operations.py",
            "tests/codegen/test_spec_for_others.py",
        ],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = set(re.findall(r"^FAILED \S+?::(\w+)", tests.stdout, re.MULTILINE))
    assert failed == set(re.findall(r"^\| `(test_\w+)` \|", GUIDE.read_text(), re.MULTILINE)), tests.stdout


def _differences(old: Path, new: Path) -> set[str]:
    before, after = _contents(old), _contents(new)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


def test_the_guide_explains_every_file_that_takes_part() -> None:
    text = GUIDE.read_text()
    for name in ("openapi.yaml", "generator-config.yml", "codegen/lint_spec.py", "codegen/targets.mk"):
        assert f"`{name}`" in text
        assert (ROOT / name).is_file()
