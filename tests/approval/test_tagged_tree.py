"""The table of docs/reference/approval.md that says what an approval is bound to, and schemas of gated functions."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic
import pytest

from hitl import HITLClient
from hitl.approval import SQLiteLedger, require_approval
from hitl.approval.canonical import text, tree

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "approval.md"
NAMES = {each.__name__: each for each in (Decimal, date, datetime, time, timedelta, UUID, ZoneInfo, PurePosixPath)}
ROWS = re.findall(r"^\| `([^`]+)` \| `(\{\"\$[^`]+|\[1,2\]|\{\"a\":1\})` \|$", PAGE.read_text(), re.MULTILINE)


def test_the_table_is_found() -> None:
    assert len(ROWS) > 12


@pytest.mark.parametrize(("value", "written"), ROWS)
def test_a_value_is_written_as_the_table_says(value: str, written: str) -> None:
    assert text(tree(eval(value, dict(NAMES)))) == written


@dataclass
class Item:
    sku: str


class Tools:
    def close(self, item: Item, reasons: list[str], *, at: date | None = None) -> int:
        """Close it."""
        return len(reasons)


def variadic(*items: int, **more: str) -> None: ...


@pytest.mark.parametrize("function", [Tools.close, variadic])
def test_schema_makers_see_no_difference(client: HITLClient, ledger: SQLiteLedger, function: Any) -> None:
    gated = require_approval(client, ledger=ledger)(function)
    assert inspect.signature(gated) == inspect.signature(function, eval_str=True)
    assert inspect.getdoc(gated) == inspect.getdoc(function)
    assert inspect.get_annotations(gated) == inspect.get_annotations(function)
    bound, bare = (each.__get__(Tools()) if function is Tools.close else each for each in (gated, function))
    assert inspect.signature(bound) == inspect.signature(bare, eval_str=True)
    if function is Tools.close:
        assert pydantic.TypeAdapter(bound).json_schema() == pydantic.TypeAdapter(bare).json_schema()
