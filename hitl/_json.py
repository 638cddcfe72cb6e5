"""JSON as the wire has it: strict on the way in, typed where it is looked into."""

from __future__ import annotations

import json
from typing import Any, TypeAlias, TypeGuard

Object: TypeAlias = dict[str, Any]


def decode(content: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: unless it is strict JSON (RFC 8259) in UTF-8, nested within reason.
    """
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(value: Any) -> bytes:
    """Return the shortest JSON text of a plain value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def as_object(value: object) -> Object:
    """Return the value if it is an object, else an empty one; for looking into what may be anything."""
    return value if is_object(value) else {}


def is_object(value: object) -> TypeGuard[Object]:
    """Tell whether a decoded value is an object."""
    return isinstance(value, dict)


def as_list(value: object) -> list[Any] | None:
    """Return the value if it is a list."""
    return value if is_list(value) else None


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def as_text(value: object) -> str | None:
    """Return the value if it is a text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def _refuse_constant(name: str) -> None:
    # Python's parser takes NaN and Infinity, which are not JSON (RFC 8259, 6).
    raise ValueError(f"{name} is not JSON")
