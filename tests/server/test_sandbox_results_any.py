"""Whatever a template says and whatever comes as a result, the answer is a list of faults and never a failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hitl.server.primitives.errors import Fault
from hitl.server.results import faults
from hitl.server.reviews.schemas import FIELD_TYPES, TEMPLATE_CREATE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = st.sampled_from(["a", "b", "c"])
WORDS = st.sampled_from(["", "a", "approve", "reject", "annotate", ".pdf", "image/*", "[", "2026-01-20", "9999-12-31T23:59:59-23:59"])  # fmt: skip
LINKS = st.sampled_from(["http://[", "https://a/b.pdf", "data:,x", "data:;base64,?", "data:image/png;base64,aGk=", "HTTP://a%00", "a@b.c"])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | LINKS | st.text(max_size=4)
KEYS = st.sampled_from(["url", "name", "decision", "annotations", "text", "x"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=5)
CONDITIONS = st.sampled_from(["field('a') == false", "field('b') < field('c')", "'a' in field('c')"])
PATTERNS = st.sampled_from(["", "a", "^[a-c]+$"])

FIELD = st.fixed_dictionaries(
    {
        "type": st.sampled_from(FIELD_TYPES),
        "options": st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(
            lambda values: [{"value": value, "label": value} for value in values]
        ),
    },
    optional={
        "required": st.booleans(),
        "conditional": st.fixed_dictionaries({"field": NAMES, "value": LEAVES}),
        "validation": st.fixed_dictionaries({}, optional={"required": st.booleans(), "pattern": PATTERNS}),
        "max_length": st.integers(1, 5) | st.just(2.0),
        "accept": st.lists(WORDS, max_size=3),
        "max_size": st.sampled_from(["1B", "1.5 KB", "10mb"]),
        "multiple": st.booleans(),
        "tools": st.lists(WORDS, max_size=3),
        "scale": st.integers(1, 100) | st.just(5.0),
        "min_date": st.sampled_from(["today", "2026-01-20", "9999-12-31T23:59:59Z"]),
        "editable": st.booleans(),
    },
)


def _named(fields: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [{"name": name, **field} for name, field in zip("abc", fields, strict=True)]


RULE = st.fixed_dictionaries({"condition": CONDITIONS}, optional={"required_fields": st.lists(NAMES), "message": WORDS})
TEMPLATE = st.fixed_dictionaries(
    {"name": st.just("Any"), "fields": st.tuples(FIELD, FIELD, FIELD).map(_named)},
    optional={
        "validation": st.fixed_dictionaries({"rules": st.lists(RULE, max_size=2)}),
        "settings": st.fixed_dictionaries({"require_comments": st.booleans()}),
    },
)


@given(TEMPLATE, st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.booleans())
def test_an_accepted_template_judges_every_result(
    template: dict[str, Any], content: dict[str, Any], result: dict[str, Any], complete: bool
) -> None:
    if list(TEMPLATE_CREATE("", template)):
        return
    for fault in faults(template, content, result, complete=complete, now=NOW):
        assert isinstance(fault, Fault)
        assert fault.field
        assert fault.issue
