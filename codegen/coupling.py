"""Counts how many lines of tests stand on the inside of a room that is not their own.

    python codegen/coupling.py            print the files that do, and the share of each folder of tests

A test may import the public package, the inside of the room that its folder is named for (tests/waiting:
hitl/_waiting) and, from tests/client, the private modules at the root of hitl/. A file that imports anything else
counts with all of its lines, the door of another room (`from hitl._calls import ...`) included: its names may change
with that room. The second figure of each row leaves doors out.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
PUBLIC = {
    *("hitl", "hitl.exceptions", "hitl.models", "hitl.retry", "hitl.webhooks", "hitl.testing", "hitl.testing.hostile"),
    *("hitl.approval", "hitl.cli", "hitl.integrations", "hitl.pytest_plugin"),
    *(f"hitl.integrations.{file.stem}" for file in (ROOT / "hitl" / "integrations").glob("[!_]*.py")),
}


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, each by its full name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                name = f"{node.module}.{each.name}"
                yield name if is_module(name) else node.module


def is_module(name: str) -> bool:
    """Tell whether this is a module or a package of ours."""
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def is_foreign(module: str, folder: str) -> bool:
    """Tell whether a module is private, and not of the room that a folder of tests is named for."""
    parts = module.split(".")
    if parts[0] != "hitl" or module in PUBLIC:
        return False
    if folder == "client":
        return not ROOT.joinpath(*parts).with_suffix(".py").exists() or len(parts) > 2
    return parts[1].lstrip("_") != folder


def foreign_imports(path: Path, *, doors: bool = True) -> list[str]:
    """Return the modules that a file of tests should not know; without `doors`, those inside of rooms only."""
    folder = path.relative_to(TESTS).parts[0]
    found = {module for module in imported(path) if is_foreign(module, folder)}
    return sorted(found if doors else {module for module in found if not is_door(module)})


def is_door(module: str) -> bool:
    """Tell whether this is the package of a room."""
    return ROOT.joinpath(*module.split(".")).is_dir()


def share(*, doors: bool = True) -> float:
    """Return the share of lines of tests that are in files with foreign imports."""
    lengths = {path: len(path.read_text().splitlines()) for path in TESTS.rglob("*.py")}
    return sum(length for path, length in lengths.items() if foreign_imports(path, doors=doors)) / sum(lengths.values())


def main() -> None:
    """Print the table."""
    lines: Counter[str] = Counter()
    coupled: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for path in sorted(TESTS.rglob("*.py")):
        folder, count = path.relative_to(TESTS).parts[0], len(path.read_text().splitlines())
        lines[folder] += count
        if found := foreign_imports(path):
            coupled[folder] += count
            inside[folder] += count if foreign_imports(path, doors=False) else 0
            print(f"{count:6} {path.relative_to(ROOT)}: {', '.join(found)}")
    print()
    for folder, count in lines.most_common():
        print(f"{coupled[folder]:6} {inside[folder]:6} of {count:6} lines  {folder}")
    shares = f"{share():.1%}, {share(doors=False):.1%} without doors"
    print(f"{coupled.total():6} {inside.total():6} of {lines.total():6} lines, {shares}")


if __name__ == "__main__":
    main()
