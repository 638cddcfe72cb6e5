"""Fields that show the content: their value in a result is the content as the reviewer edited it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hitl.server.primitives import Fault
from hitl.server.primitives.validation import name_of, same
from hitl.server.results.fields import Field
from hitl.server.results.texts import text_faults


def shown_faults(field: Field, content: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with a shown field in a result; content that comes back unchanged is always right."""
    name = field["name"]
    value = result.get(name)
    if value is None or (name in content and same(value, content[name])):
        return
    wanted = name_of(content.get(name, ""))
    if not field.get("editable"):
        yield Fault(name, "shows the content, which may not be edited here; leave it out")
    elif name_of(value) != wanted:
        yield Fault(name, f"must be {wanted}, as it is in the content, not {name_of(value)}")
    elif isinstance(value, str):
        yield from text_faults(field, value)
