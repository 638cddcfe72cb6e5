"""The table of docs/reference/asking.md: which field asks for a type."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from hitl._forms import form_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "asking.md"
ROWS = re.findall(r"^\| `([^`]+)` \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)


class Color(enum.Enum):
    RED = "red"


@dataclass
class Ge:
    ge: int


NAMES: dict[str, Any] = {
    "Annotated": Annotated,
    "Color": Color,
    "Decimal": Decimal,
    "Ge": Ge,
    "Literal": Literal,
    "date": date,
    "datetime": datetime,
}


def test_the_table_is_found() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize(("kind", "field"), ROWS)
def test_the_field_of_a_type_is_that_in_the_table(kind: str, field: str) -> None:
    (asked,) = form_of(eval(kind, dict(NAMES))).fields()
    assert (asked["type"], asked["name"]) == (field, "approved" if kind == "bool" else "answer")
