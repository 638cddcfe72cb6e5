"""Values of a test as they would arrive over HTTP, so that a test cannot answer what no reviewer could."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from hitl.exceptions import ContentError


def plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy that holds JSON values only; see `plain_value` for what raises."""
    return cast("dict[str, Any]", plain_value(dict(result)))


def plain_value(value: Any) -> Any:
    """Return a copy of anything that has a JSON form.

    Raises:
        ContentError: Something in it has no JSON form.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ContentError(f"the result has no JSON form: {error}", path="result") from error
