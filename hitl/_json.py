"""Strict JSON, and typed access to decoded values."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn, TypeAlias, TypeGuard

Object: TypeAlias = dict[str, Any]

MOST_VALUES = 500_000  # commas and opening brackets, which are quick to count, also inside strings


def decode(content: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: unless it is strict JSON (RFC 8259) in UTF-8 without a byte order mark, with unique names, finite
            numbers and no lone surrogates; or if it is too deep, or too large to be read in a fraction of a second.
    """
    # 16 MiB of `{},{},{}` take 400 MB, and seconds in which no deadline is checked.
    if len(content) > MOST_VALUES and content.count(b",") + content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES} values")
    text = content.decode("utf-8")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        value = _TOO_DEEP
    if value is _TOO_DEEP:
        raise ValueError("it is nested too deeply")
    # Only an escape can contain one: UTF-8 has no surrogates (RFC 3629, 3). A single character is found fastest.
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        _refuse_lone_surrogates(value)
    return value


def encode(value: Any) -> bytes:
    """Return the shortest JSON text of a plain value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def canonical(content: bytes) -> bytes:
    """Return the JSON text that is the same for equal values: names sorted, no spaces."""
    value = json.loads(content)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def as_object(value: object) -> Object:
    """Return the value if it is an object, else an empty one."""
    return value if is_object(value) else {}


def is_object(value: object) -> TypeGuard[Object]:
    """Return whether a decoded value is an object."""
    return isinstance(value, dict)


def as_list(value: object) -> list[Any] | None:
    """Return the value if it is a list."""
    return value if is_list(value) else None


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether a value is a list."""
    return isinstance(value, list)


def as_text(value: object) -> str | None:
    """Return the value if it is a non-blank string."""
    return value if isinstance(value, str) and value.strip() else None


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Parsers differ in which of the two they keep (RFC 8259, 4).
        raise ValueError("an object has the same name twice")
    return found


_LARGEST = sys.float_info.max


def _finite(text: str) -> float:
    number = float(text)
    if -_LARGEST <= number <= _LARGEST:
        return number
    raise ValueError("a number is too large")


def _refuse_constant(name: str) -> NoReturn:
    # Python's parser accepts NaN and Infinity, which are not JSON (RFC 8259, 6).
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        is_whole = False
    else:
        is_whole = True
    if not is_whole:
        raise ValueError("a text holds half of a surrogate pair, or it is nested too deeply")


_TOO_DEEP = object()
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
