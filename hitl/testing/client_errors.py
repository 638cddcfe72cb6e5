"""What the desk refuses, as the error that a client would raise for it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from hitl import exceptions
from hitl.server.primitives.errors import ApiError

_ERRORS: Mapping[int, type[exceptions.APIStatusError]] = {
    400: exceptions.InvalidRequestError,
    404: exceptions.NotFoundError,
    409: exceptions.ConflictError,
}
_NOT_FOUND: Mapping[str, type[exceptions.APIStatusError]] = {
    "review_not_found": exceptions.ReviewNotFoundError,
    "template_not_found": exceptions.TemplateNotFoundError,
}


@contextmanager
def as_client_error() -> Generator[None, None, None]:
    """Turn what the desk refuses into what a client would raise for it."""
    try:
        yield
    except ApiError as refusal:
        kind = _NOT_FOUND.get(refusal.code) or _ERRORS.get(refusal.status, exceptions.APIStatusError)
        raise kind(refusal.message, status_code=refusal.status, code=refusal.code, details=refusal.details) from refusal
