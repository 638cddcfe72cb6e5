"""Generation B's envelope `{error, msg, data}`, and its errors: without codes, clients compare documented sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http import json_response
from hitl.server.primitives import ApiError, Fault

_PREFIXES: Final = ("/v1/api/", "/v1/test/", "/v1/upload/", "/v1/workflows/")
_CODES: Final = {400: "validation_error", 403: "insufficient_permissions", 404: "not_found"}
_MSGS: Final = {
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "payload_too_large": "Request body too large",
    "rate_limit_exceeded": "API key request limit exceeded",
    "internal_error": "Internal server error",
}


class LoopApiError(ApiError):
    """An error with the `msg`, the documented sentence, and the `data` of generation B's envelope."""

    def __init__(self, status: int, msg: str, data: str | None = None) -> None:
        super().__init__(status, _CODES[status], f"{msg}: {data}" if data else msg)
        self.msg = msg
        self.data = data


def refuse_invalid(faults: Iterable[Fault], msg: str = "Validation failed") -> None:
    """Raise the 400 that names every fault; do nothing if there is none."""
    issues = [f"{fault.field} {fault.issue}".strip() for fault in faults]
    if issues:
        raise LoopApiError(400, msg, "; ".join(issues))


def is_used_at(path: str) -> bool:
    """Return whether answers at this path use generation B's envelope."""
    return f"{path}/".startswith(_PREFIXES)


def success(msg: str, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that holds `data`."""
    return json_response({"error": False, "msg": msg, "data": data}, status, headers)


def error_response(request: Request, error: ApiError) -> Response:
    """Return an error in this envelope."""
    msg, data = _msg_and_data(error)
    if error.status == 401:
        msg = _unauthorized(request.headers.get("Authorization"))
    more = {} if data is None else {"data": data}
    return json_response({"error": True, "msg": msg, **more}, error.status, error.headers)


def _msg_and_data(error: ApiError) -> tuple[str, Any]:
    """Return `msg` and `data` of any error."""
    if isinstance(error, LoopApiError):
        return error.msg, error.data
    if error.code == "validation_error":
        details = error.details or {}
        return ("Validation failed" if details.get("field") else "Invalid request body"), details or error.message
    if error.code in _MSGS:
        return _MSGS[error.code], error.details or error.message
    return error.message, error.details


def _unauthorized(authorization: str | None) -> str:
    """Return the documented sentence for what was sent instead of a valid key."""
    if not authorization:
        return "Missing Authorization header"
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return "Invalid Authorization header format. Use 'Bearer <api_key>'"
    return "Invalid API key" if key.strip() else "Empty API key"
