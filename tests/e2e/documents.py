"""Reads the pages of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

Row = list[str]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(name: str, header: str) -> list[Row]:
    """Return the body of the table whose header begins with these words."""
    lines = iter(page(name).splitlines())
    next(line for line in lines if line.startswith(f"| {header} |"))
    next(lines)  # the rule below the header
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def words(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
