"""Finds the guards of the package by the names that mark them, so that tests can take them out.

A guard is a function, a method or a constant that keeps a promise of the fault list. A comment on the line that begins
its definition, or alone on the line before, names it:

    def _unzipped(body: bytes) -> bytes:  # guard: whole-gzip

The comment moves with the guard when that is renamed or moved, and costs nothing at run time. A name that marks nothing,
or two things, fails the tests that take it out; so does a mark that no test uses.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hitl

PACKAGE = Path(hitl.__file__).parent
MARK = re.compile(r"(.*)# guard: (\S+)$")


@dataclass(frozen=True)
class Guard:
    """Where a guard is defined; `path` is its name in the module, such as "Exchange._honours_key"."""

    module: str
    path: str

    def take_out(self, patch: pytest.MonkeyPatch, without: Callable[[Any], Any]) -> None:
        """Put what `without` makes of the guard in its place, in all modules of the client that use it."""
        modules = client_modules()  # before the guard is gone, or one that is loaded later would keep what replaces it
        owner_path, _, name = self.path.rpartition(".")
        owner: Any = importlib.import_module(self.module)
        if owner_path:
            owner = getattr(owner, owner_path)
            patch.setattr(owner, name, without(inspect.getattr_static(owner, name)))
            return
        guard = getattr(owner, name)
        replacement = without(guard)
        for module in modules:
            if vars(module).get(name) is guard:
                patch.setattr(module, name, replacement)


def guard(name: str) -> Guard:
    """Return the guard of that name."""
    found = marked().get(name, [])
    if len(found) != 1:
        pytest.fail(
            f"{len(found)} definitions in hitl/ are marked '# guard: {name}'. If the guard moved, its mark must move with "
            "it; if it is gone, the promise that it kept needs another one"
        )
    return found[0]


@cache
def marked() -> dict[str, list[Guard]]:
    """Return all guards by name."""
    found: dict[str, list[Guard]] = {}
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text()
        if marks := dict(_marks(source)):
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            homes = dict(_definitions(ast.parse(source)))
            for number, name in marks.items():
                assert number in homes, f"{path}:{number}: a guard's mark stands on the line that begins a definition"
                found.setdefault(name, []).append(Guard(module, homes[number]))
    return found


@cache
def client_modules() -> list[ModuleType]:
    """Load all that a client may use, but for the command, the server and the tools for tests."""
    others = ("hitl.cli", "hitl.integrations", "hitl.pytest_plugin", "hitl.server", "hitl.testing")
    for each in pkgutil.walk_packages(hitl.__path__, "hitl."):
        if not each.name.startswith(others):
            importlib.import_module(each.name)
    return [
        module for name, module in sys.modules.items() if f"{name}.".startswith("hitl.") and not name.startswith(others)
    ]


def _marks(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line of the definition that each mark belongs to, with the mark's name."""
    for number, line in enumerate(source.splitlines(), 1):
        if mark := MARK.fullmatch(line):
            yield number if mark[1].strip() else number + 1, mark[2]


def _definitions(owner: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[int, str]]:
    """Yield the first line of each definition, with its name in the module."""
    for node in owner.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield node.lineno, prefix + node.name
            yield from _definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                yield node.lineno, prefix + target.id
