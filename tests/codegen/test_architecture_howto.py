"""The diffs of docs/explanation/architecture.md, applied to a copy of the repository, and the tests that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
MAKEFILE = f"BIN := {Path(sys.executable).parent}\nsetup: ;\ninclude codegen/targets.mk\n"
COPIED = ("codegen", "docs", "generated", "hitl", "tests", "conftest.py", "generator-config.yml", "openapi.yaml")
NAMED = {
    "Add a field": [
        "tests/client/test_package.py",
        "tests/api/test_reading.py",
        "tests/client/test_public_names.py",
        "tests/server/test_sandbox_reviews.py",
        "tests/e2e/test_docs_api.py",
    ],
    "Add an operation": [
        "tests/client/test_package.py",
        "tests/codegen/test_spec_operations.py",
        "tests/codegen/test_spec_for_others.py",
        "tests/contract/test_requests_fit.py",
        "tests/e2e/test_docs_api.py",
    ],
}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("title", NAMED)
def test_following_the_page_works_and_leaves_the_tests_that_it_names(title: str, tmp_path: Path) -> None:
    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'generated'}"}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, **more
        )

    for name in (*COPIED, "pyproject.toml", "README.md", "CHANGELOG.md"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    for diff in re.findall(r"```diff\n(.+?)```", section(title), re.DOTALL):
        applied = run("git", "apply", "-", input=diff)
        assert applied.returncode == 0, f"{applied.stderr}\n{diff}"
    for command in (["make", "generate"], [sys.executable, "codegen/async_client.py"]):
        made = run(*command)
        assert made.returncode == 0, made.stdout + made.stderr

    tests = run(sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", *NAMED[title])
    failed = re.findall(r"^FAILED (\S+?)::(\w+)", tests.stdout, re.MULTILINE)
    told = re.findall(r"^\| `(.+?)` \|", section(title), re.MULTILINE)
    assert {name if name in told else file for file, name in failed} == set(told), tests.stdout
