"""What goes into the engine and what comes out, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from hitl._json import MAX_VALUES, TOO_LARGE, decode, holds_more
from hitl.exceptions import Sent


@frozen(slots=False)  # with slots, a frozen class sets each attribute by a call
class Request:
    """An HTTP request; `path` is already quoted and starts with a slash."""

    method: str
    path: str
    query: Mapping[str, Any] = field(factory=dict[str, Any])
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes | None = field(default=None, repr=False)


@frozen(slots=False)  # for the cached property
class Response:
    """An HTTP response."""

    status_code: int
    headers: Mapping[str, str]  # by lower-case name; values of the same name are joined with a comma (RFC 9110, 5.3)
    content: bytes = field(repr=False)  # the body with its content-encoding undone
    fault: str | None = None  # why the body cannot be trusted, such as a truncated gzip stream
    is_framed: bool = True  # False if the body ended with the connection, so that a part of it would look complete

    def json(self) -> Any:
        """Return the decoded body; raise ValueError unless it is whole, and strict JSON in UTF-8.

        It is decoded once: whoever is given it must not change it.
        """
        return self._document

    @cached_property
    def _document(self) -> Any:
        if self.fault is not None:
            raise ValueError(self.fault)
        return decode(self.content)

    @property
    def is_too_large(self) -> bool:
        """True if the body exceeds the limits of what is read."""
        return self.fault == TOO_LARGE or holds_more(self.content, MAX_VALUES)

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status_code < 300


FailureKind: TypeAlias = Literal[
    "refused",  # no connection
    "unknown_host",  # the name does not resolve
    "tls",  # the certificate is not trusted
    "proxy",  # the proxy wants another login
    "timeout",  # the deadline passed
    "broken",  # the connection broke, or what came is not HTTP
    "stale",  # a connection that had been used before was closed before a byte of the response came
]


@frozen
class TransportFailure:
    """Why there is no response."""

    message: str  # a clause without a full stop
    sent: Sent  # "no": not a byte of the request has left. "maybe": some have. "yes": a response had begun.
    kind: FailureKind = "broken"

    @property
    def is_timeout(self) -> bool:
        """True if the deadline passed."""
        return self.kind == "timeout"


TransportResult: TypeAlias = Response | TransportFailure

_NO_CONNECTION: Mapping[FailureKind, str] = {
    "refused": "no connection to {server} could be made ({why}); is the server running there?",
    "timeout": "no connection to {server} came about in time",
    "tls": "{server} could not prove who it is ({why})",
    "proxy": "{why}; nothing was sent to {server}",
    "unknown_host": "the name of {server} is unknown to the resolver; is base_url right?",
}


def no_connection(server: str, kind: FailureKind, why: str = "") -> TransportFailure:
    """Return the failure of a request that found no connection, so that nothing was sent."""
    return TransportFailure(_NO_CONNECTION[kind].format(server=server, why=why), "no", kind)
