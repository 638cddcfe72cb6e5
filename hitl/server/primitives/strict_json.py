"""JSON as a request must bring it: a few things that Python's parser lets pass are refused here."""

from __future__ import annotations

import json
import math
from typing import Any, Final, cast

from hitl.server.primitives.errors import ApiError, invalid

MAX_DEPTH: Final = 100
"""How deep objects and arrays may stand inside each other."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request body is.

    Raises:
        Refusal: The body is no UTF-8, no JSON (NaN and Infinity are not in it), no object, nested too deeply, names a
            member twice, or holds a number or a character that has no place in a database.
    """
    try:
        value: object = json.loads(
            body.decode(), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_without_repeats
        )
        # A lone surrogate has no UTF-8 form, so it could be neither stored nor answered.
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise invalid("the body is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise invalid("a text in the body holds half of a surrogate pair; send whole characters") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise invalid(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object")
    members = cast("dict[str, Any]", value)
    if _is_deeper(members, MAX_DEPTH):
        raise _too_deep()
    return members


def _too_deep() -> ApiError:
    return invalid(f"the body is nested deeper than {MAX_DEPTH} levels; flatten it")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {repeated[:64]!r} stands twice in one object")
    return members


def _is_deeper(value: object, most: int) -> bool:
    """Measure level by level, without recursion."""
    level: list[object] = [value]
    for _ in range(most + 1):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []
