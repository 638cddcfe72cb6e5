"""What generation B refuses, in the words of its documentation, which clients compare because there are no codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hitl.server.primitives.errors import ApiError, Fault

_CODES: Final = {400: "validation_error", 403: "insufficient_permissions", 404: "not_found"}


class LoopApiError(ApiError):
    """A refusal with the `msg` and `data` of generation B's envelope.

    Attributes:
        msg: The documented sentence.
        data: More about it, a string as the documentation shows, or None.
    """

    def __init__(self, status: int, msg: str, data: str | None = None) -> None:
        super().__init__(status, _CODES[status], f"{msg}: {data}" if data else msg)
        self.msg = msg
        self.data = data


def refuse_invalid(faults: Iterable[Fault], msg: str = "Validation failed") -> None:
    """Raise the 400 that names every fault; do nothing if there is none."""
    told = [f"{fault.field} {fault.issue}".strip() for fault in faults]
    if told:
        raise LoopApiError(400, msg, "; ".join(told))


def loop_not_found() -> ApiError:
    """Return the 404 of a loop."""
    return LoopApiError(404, "Loop not found")


def request_not_found() -> ApiError:
    """Return the 404 of a request."""
    return LoopApiError(404, "Request not found")


def forbidden(msg: str) -> ApiError:
    """Return the 403 for what belongs to somebody else."""
    return LoopApiError(403, msg)


def told(refusal: ApiError) -> tuple[str, Any]:
    """Return `msg` and `data` of any refusal, also of those that know nothing of generation B."""
    if isinstance(refusal, LoopApiError):
        return refusal.msg, refusal.data
    if refusal.code == "validation_error":
        details = refusal.details or {}
        return ("Validation failed" if details.get("field") else "Invalid request body"), details or refusal.message
    if refusal.code in _MSGS:
        return _MSGS[refusal.code], refusal.details or refusal.message
    return refusal.message, refusal.details


_MSGS: Final = {
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "payload_too_large": "Request body too large",
    "rate_limit_exceeded": "API key request limit exceeded",
    "internal_error": "Internal server error",
}
