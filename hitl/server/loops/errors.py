"""The errors of generation B, in the words of its documentation: without codes, clients compare sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hitl.server.primitives import ApiError, Fault

_CODES: Final = {400: "validation_error", 403: "insufficient_permissions", 404: "not_found"}


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


def msg_and_data(error: ApiError) -> tuple[str, Any]:
    """Return `msg` and `data` of any error."""
    if isinstance(error, LoopApiError):
        return error.msg, error.data
    if error.code == "validation_error":
        details = error.details or {}
        return ("Validation failed" if details.get("field") else "Invalid request body"), details or error.message
    if error.code in _MSGS:
        return _MSGS[error.code], error.details or error.message
    return error.message, error.details


_MSGS: Final = {
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "payload_too_large": "Request body too large",
    "rate_limit_exceeded": "API key request limit exceeded",
    "internal_error": "Internal server error",
}
