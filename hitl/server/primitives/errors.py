"""Errors of requests and of the setup, and the messages of field faults."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """An issue, a clause without a full stop, and its place, such as `fields[0].type`; empty for the whole body."""

    field: str
    issue: str


class ApiError(Exception):
    """A refused request.

    `details` are facts for programs; for faults of fields `{"field", "issue", "errors": [{"field", "issue"}, …]}`.
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

    setting: str | None = None
    """The argument that is wrong, such as `host`, where it is one alone."""


@contextmanager
def about(setting: str) -> Generator[None, None, None]:
    """Let a SetupError of the block say which setting it is about, unless it knows that better."""
    try:
        yield
    except SetupError as error:
        error.setting = error.setting or setting
        raise


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise the `validation_error` that lists all faults, if there are any."""
    if found := list(faults):
        raise _validation_error(found)


def invalid(issue: str, field: str = "") -> ApiError:
    """Return the `validation_error` for a single fault."""
    return _validation_error([Fault(field, issue)])


def not_found(kind: str, thing_id: str, field: str | None = None) -> ApiError:
    """Return the 404 of a `kind`, such as "review", and of the field of the body that names it, if one does."""
    message = f"there is no {kind} {thing_id[:128]!r}; list the {kind}s to see which ids exist"
    return ApiError(404, f"{kind}_not_found", message, None if field is None else {"field": field})


def conflict(message: str) -> ApiError:
    """Return the 409 for what the present state does not allow."""
    return ApiError(409, "conflict", message)


def _validation_error(faults: Sequence[Fault]) -> ApiError:
    first = faults[0]
    message = f"{first.field}: {first.issue}" if first.field else first.issue
    if len(faults) > 1:
        message += f" (and {len(faults) - 1} more, see details.errors)"
    errors = [{"field": fault.field, "issue": fault.issue} for fault in faults]
    return ApiError(400, "validation_error", message, {**errors[0], "errors": errors})
