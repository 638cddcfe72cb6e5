"""What speaks against a value, in the words of the program that asks: `_flags` of an object or of a record.

`{"total": 2417.4, "_flags": {"total": "10 × the median"}}` marks one value, `{"_flags": "Possible duplicate"}` the
whole object. Anything else of this name is a value like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hitl._json import is_object

FLAGS: Final = "_flags"
WHOLE: Final = ""
"""The name under which the reason stands that is about all of an object."""


def flags_of(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the reasons by the names of what they are about; none if there are none that can be read."""
    found = value.get(FLAGS)
    if isinstance(found, str) and found.strip():
        return {WHOLE: found}
    if is_object(found) and all(isinstance(reason, str) and reason.strip() for reason in found.values()):
        return dict(found)
    return {}


def are_flagged(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether records have flags: some of them, and none has anything else of that name."""
    marked = [row for row in rows if row.get(FLAGS) not in (None, {}, "")]
    return bool(marked) and all(flags_of(row) for row in marked)


def without_flags(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything but the flags."""
    return {name: each for name, each in value.items() if name != FLAGS}


def sentence(flags: Mapping[str, str], names: Sequence[str]) -> str:
    """Return all reasons in a line; a single one needs no name, because its value is marked."""
    if len(flags) == 1:
        (name, reason) = next(iter(flags.items()))
        return reason if name == WHOLE or name in names else f"{name}: {reason}"
    return "; ".join(reason if name == WHOLE else f"{name}: {reason}" for name, reason in flags.items())
