"""The error that API functions raise for a response that openapi.yaml does not describe"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class UnexpectedStatus(Exception):
    """A response that openapi.yaml does not describe

    Its body does not fit its status: it is no JSON, or lacks what the description requires. Or its status is not
    described, and Client.raise_on_unexpected_status is True; one that HTTP does not name is always refused.

    Attributes:
        status_code: The status of the response; a success does not mean that its body can be read.
        content: The body as it came.
    """

    def __init__(self, status_code: int, content: bytes, reason: str = ""):
        # All that it is made of stays in `args`, which is what pickle and copy make it again from.
        super().__init__(status_code, content, reason)
        self.status_code = status_code
        self.content = content

    def __str__(self) -> str:
        reason = self.args[2]
        return (
            f"Unexpected {'body with ' if reason else ''}status code: {self.status_code}{reason and f' ({reason})'}"
            f"\n\nResponse content:\n{self.content.decode(errors='ignore')}"
        )


@contextmanager
def reading(response: httpx.Response) -> Iterator[None]:
    """Turn whatever a malformed response makes a parser raise into UnexpectedStatus"""
    try:
        yield
    except UnexpectedStatus:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error!s:.200}"
        raise UnexpectedStatus(response.status_code, response.content, reason) from error


__all__ = ["UnexpectedStatus", "reading"]
