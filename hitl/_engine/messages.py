"""What goes into the engine and what comes out of it, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from hitl._json import decode
from hitl.exceptions import Sent


@frozen
class Response:
    """An HTTP answer as plain data; header names are lower case.

    Attributes:
        status_code: Any integer that the server sent.
        headers: By lower-case name; several values of one name are joined with a comma.
        content: The body, its content-encoding undone.
        fault: Why the body cannot be trusted, in words, such as a gzip encoding that ends too early; None if it can.
        is_framed: False if the body ended because the connection did, so that a part looks like the whole.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    fault: str | None = None
    is_framed: bool = True

    def json(self) -> Any:
        """Return the decoded body; raise ValueError unless it is whole, and strict JSON in UTF-8."""
        if self.fault is not None:
            raise ValueError(self.fault)
        return decode(self.content)

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status_code < 300


FailureKind: TypeAlias = Literal["refused", "unknown_host", "tls", "timeout", "broken", "stale"]


@frozen
class TransportFailure:
    """No HTTP answer.

    Attributes:
        message: What happened, as a clause without a full stop.
        sent: "no" if not a byte of the request has left, "maybe" if some have, "yes" if an answer had begun.
        kind: "refused": no connection came about. "unknown_host": its name means nothing. "tls": it could not prove
            who it is. "timeout": time ran out. "broken": the connection broke, or what came is no HTTP. "stale": a
            connection that had been used before was closed before a byte of the answer came.
    """

    message: str
    sent: Sent
    kind: FailureKind = "broken"

    @property
    def is_timeout(self) -> bool:
        """True if time ran out."""
        return self.kind == "timeout"


TransportResult: TypeAlias = Response | TransportFailure


@frozen
class Request:
    """An HTTP request as plain data; `path` is already quoted and starts with a slash."""

    method: str
    path: str
    query: Mapping[str, Any] = field(factory=dict[str, Any])
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes | None = field(default=None, repr=False)
