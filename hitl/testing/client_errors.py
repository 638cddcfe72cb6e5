"""Refusals of the review service, as the errors that a client raises for them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from hitl import exceptions
from hitl.server.primitives.errors import ApiError

_BY_STATUS: Mapping[int, type[exceptions.APIStatusError]] = {
    400: exceptions.InvalidRequestError,
    404: exceptions.NotFoundError,
    409: exceptions.ConflictError,
}
_BY_CODE: Mapping[str, type[exceptions.APIStatusError]] = {
    "review_not_found": exceptions.ReviewNotFoundError,
    "template_not_found": exceptions.TemplateNotFoundError,
}


@contextmanager
def client_errors() -> Generator[None, None, None]:
    """Raise refusals inside the block as the client's errors."""
    try:
        yield
    except ApiError as error:
        kind = _BY_CODE.get(error.code) or _BY_STATUS.get(error.status, exceptions.APIStatusError)
        raise kind(error.message, status_code=error.status, code=error.code, details=error.details) from error
