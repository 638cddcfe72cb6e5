from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import hitl.server

SERVER = Path(hitl.server.__file__).parent
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|VACUUM|WITH)\s+[A-Za-z_*(]")


def strings(file: Path) -> Iterator[str]:
    """Yield the strings of a module that are not docstrings."""
    tree = ast.parse(file.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def may_hold_sql(file: Path) -> bool:
    return file.parent.name == "storage" or file.stem == "migrations" or file.stem.endswith("store")


def test_sql_stands_in_stores_only() -> None:
    with_sql = {file for file in SERVER.rglob("*.py") if any(SQL.match(text) for text in strings(file))}
    assert len(with_sql) > 10
    assert [str(file) for file in sorted(with_sql) if not may_hold_sql(file)] == []


def imports(file: Path, modules: Collection[str]) -> Iterator[str]:
    """Yield the modules of the package that a module imports, for type checkers only or not."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules else str(node.module)


def test_no_modules_import_each_other_in_a_circle() -> None:
    package = SERVER.parent
    paths = {".".join(file.relative_to(package.parent).with_suffix("").parts): file for file in package.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): file for name, file in paths.items()}
    left = {name: {*imports(file, modules)} - {name} for name, file in modules.items()}
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}
