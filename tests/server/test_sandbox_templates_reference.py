"""The reference page on templates, held to what the sandbox does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hitl.server.ecma_regex import LONGEST_TEXT
from hitl.server.results import faults
from hitl.server.reviews.schemas import FIELD_TYPES, TEMPLATE_CREATE

PAGE = (Path(__file__).parents[2] / "docs/reference/templates.md").read_text("utf-8")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def template() -> dict[str, Any]:
    (example,) = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)
    body: dict[str, Any] = json.loads(example)
    return body


def test_every_field_type_has_its_row() -> None:
    rows = [line.split("|")[1] for line in PAGE.partition("## Field types")[2].splitlines() if line.startswith("| `")]
    types = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert set(FIELD_TYPES) <= set(types)


def test_the_example_is_accepted(template: dict[str, Any]) -> None:
    assert list(TEMPLATE_CREATE("", template)) == []


def test_the_example_asks_what_it_says(template: dict[str, Any]) -> None:
    result = {"approved": False, "reason": "facts", "ticket": "42"}
    told = [(fault.field, fault.issue) for fault in faults(template, {}, result, complete=True, now=NOW)]
    assert told == [("ticket", "Like ED-42."), ("feedback", "Say which facts are wrong.")]


def test_the_limit_of_texts_is_the_one_that_is_told() -> None:
    assert f"{LONGEST_TEXT:,} characters" in PAGE
