"""Errors of requests and of the setup, and the messages of field faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """An issue, a clause without a full stop, and its place, such as `fields[0].type`; empty for the whole body."""

    field: str
    issue: str


class ApiError(Exception):
    """A refused request.

    Attributes:
        code: The machine-readable word of the error envelope.
        details: Facts for programs; for faults of fields `{"field", "issue", "errors": [{"field", "issue"}, …]}`.
        headers: Headers of the answer, such as `Allow` or `Retry-After`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details) if details is not None else None
        self.headers = dict(headers or {})


class SetupError(RuntimeError):
    """The server cannot start with these settings; the message says why and what to do."""


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise the `validation_error` that lists all faults, if there are any."""
    found = list(faults)
    if found:
        raise ApiError(400, "validation_error", _sentence(found), _details(found))


def invalid(issue: str, field: str = "") -> ApiError:
    """Return the `validation_error` for a single fault."""
    fault = Fault(field, issue)
    return ApiError(400, "validation_error", _sentence([fault]), _details([fault]))


def not_found(kind: str, thing_id: str) -> ApiError:
    """Return the 404 of a `kind`, such as "review"."""
    message = f"there is no {kind} {thing_id[:128]!r}; list the {kind}s to see which ids exist"
    return ApiError(404, f"{kind}_not_found", message)


def conflict(message: str) -> ApiError:
    """Return the 409 for what the present state does not allow."""
    return ApiError(409, "conflict", message)


def _sentence(faults: Sequence[Fault]) -> str:
    first = faults[0]
    message = f"{first.field}: {first.issue}" if first.field else first.issue
    return message if len(faults) == 1 else f"{message} (and {len(faults) - 1} more, see details.errors)"


def _details(faults: Sequence[Fault]) -> dict[str, Any]:
    errors = [{"field": fault.field, "issue": fault.issue} for fault in faults]
    return {**errors[0], "errors": errors}
