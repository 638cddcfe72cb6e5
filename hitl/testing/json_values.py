"""Results as they arrive over HTTP, so that a test cannot give an answer that no reviewer could."""

from __future__ import annotations

import json
from typing import Any

from hitl.exceptions import ContentError


def json_value(value: Any) -> Any:
    """Return a copy as JSON carries it.

    Raises:
        ContentError: Something in the value has no JSON form.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ContentError(f"the result has no JSON form: {error}", path="result") from error
