"""The normal form of a value in the conditions of questions: two values are equal if their normal forms are.

The inbox sends the normal form of each condition and each option to the page, whose script makes that of what is typed
(static/questions.js), so that a question is shown exactly where an answer is required.
"""

from __future__ import annotations

import json
from typing import cast

from hitl.server.primitives import from_wire, to_wire


def equal(one: object, other: object) -> bool:
    """Compare two values as conditions and rules do."""
    return normal_form(one) == normal_form(other)


def normal_form(value: object) -> str:
    """Return sorted JSON without white space: 3.0 as 3, a date-time in UTC, a line end as a line feed."""
    if isinstance(value, list):
        items = [normal_form(each) for each in cast("list[object]", value)]
        return f"[{','.join(sorted(items, key=_in_utf_16))}]"  # choices have no order; as a script sorts
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return f"{{{','.join(f'{_json(name)}:{normal_form(members[name])}' for name in sorted(members))}}}"
    return _json(_plain(value))


def _in_utf_16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return _moment(value.replace("\r\n", "\n"))
    return value


def _moment(text: str) -> str:
    if not 20 <= len(text) <= 64:
        return text
    try:
        return to_wire(from_wire(text))
    except ValueError:
        return text
