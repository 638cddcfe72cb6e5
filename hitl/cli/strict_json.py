"""Strict JSON (RFC 8259): what Python's parser accepts beyond it would reach the server as something else."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeGuard


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text; ValueError if it is not strict JSON or is nested too deeply."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a decoded value is an object."""
    return isinstance(value, dict)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"{text} is too large for a number")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is Python's, not JSON")
