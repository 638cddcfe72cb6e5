"""What type checkers see: the programs of tests/typing, read by mypy and pyright, both strict."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import mypy  # noqa: F401 - where it is not installed, conftest.py leaves this file out
import pytest

PROGRAMS = Path(__file__).parents[1] / "typing"


def lines_with_errors(*command: str | Path) -> dict[str, set[int]]:
    """Run a checker, and return the lines that it finds fault with, by the name of their file."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=PROGRAMS.parents[1])
    found: dict[str, set[int]] = {"good.py": set(), "bad.py": set()}
    for name, line in re.findall(r"^.*?(\w+\.py):(\d+):.* error: ", done.stdout, re.MULTILINE):
        found.setdefault(name, set()).add(int(line))
    assert done.returncode == 1, done.stdout + done.stderr  # 0 would mean that it has not read bad.py
    return found


@pytest.fixture(scope="module", params=["mypy", "pyright"])
def errors(request: pytest.FixtureRequest) -> dict[str, set[int]]:
    if request.param == "pyright":
        return lines_with_errors("pyright", "--pythonpath", sys.executable, "--project", PROGRAMS)
    # Its cache is kept with pytest's: an empty one costs ten seconds.
    cache = request.config.cache.mkdir("mypy")
    return lines_with_errors("mypy", "--strict", "--cache-dir", cache, PROGRAMS / "good.py", PROGRAMS / "bad.py")


def test_programs_that_are_right_type_check(errors: dict[str, set[int]]) -> None:
    assert errors["good.py"] == set()


def test_each_slip_is_an_error_where_it_was_made(errors: dict[str, set[int]]) -> None:
    lines = (PROGRAMS / "bad.py").read_text().splitlines()
    assert errors["bad.py"] == {number for number, line in enumerate(lines, 1) if "# error: " in line}


def test_no_fault_is_found_in_the_package_on_the_way(errors: dict[str, set[int]]) -> None:
    assert errors.keys() == {"good.py", "bad.py"}
