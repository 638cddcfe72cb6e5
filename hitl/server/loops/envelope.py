"""Generation B's envelope `{error, msg, data}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import json_response
from hitl.server.loops.errors import msg_and_data
from hitl.server.primitives import ApiError

_PREFIXES: Final = ("/v1/api/", "/v1/test/")


def is_used_at(path: str) -> bool:
    """Return whether answers at this path use generation B's envelope."""
    return f"{path}/".startswith(_PREFIXES)


def success(msg: str, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that holds `data`."""
    return json_response({"error": False, "msg": msg, "data": data}, status, headers)


def error_response(request: Request, error: ApiError) -> Response:
    """Return an error in this envelope."""
    msg, data = msg_and_data(error)
    if error.status == 401:
        msg = _unauthorized(request.headers.get("Authorization"))
    more = {} if data is None else {"data": data}
    return json_response({"error": True, "msg": msg, **more}, error.status, error.headers)


def _unauthorized(authorization: str | None) -> str:
    """Return the documented sentence for what was sent instead of a valid key."""
    if not authorization:
        return "Missing Authorization header"
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return "Invalid Authorization header format. Use 'Bearer <api_key>'"
    return "Invalid API key" if key.strip() else "Empty API key"
