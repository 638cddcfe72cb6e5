"""Rules for strings: their length and their pattern."""

from __future__ import annotations

from collections.abc import Iterator

from hitl.server.ecma_regex import LONGEST_TEXT, Pattern
from hitl.server.primitives import Fault
from hitl.server.results.fields import Field, validation


def text_faults(field: Field, value: str) -> Iterator[Fault]:
    """Yield the faults of a string, in the template's own words if its pattern does not match."""
    name, longest, pattern = field["name"], field.get("max_length"), validation(field).get("pattern")
    if longest is not None and len(value) > longest:
        yield Fault(name, f"may have at most {int(longest)} characters, this has {len(value)}")
    elif pattern and len(value) > LONGEST_TEXT:
        yield Fault(name, f"may have at most {LONGEST_TEXT} characters, because it has a pattern")
    elif pattern and not Pattern(pattern).occurs_in(value):
        yield Fault(name, str(validation(field).get("custom_message") or f"must match the pattern {pattern}"))
