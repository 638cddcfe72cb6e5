"""The one way in which the API writes JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response


def json_response(envelope: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with a JSON body: characters as they are, and nothing that is no JSON, such as NaN."""
    body = json.dumps(envelope, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Response(body, status, headers, media_type="application/json")
