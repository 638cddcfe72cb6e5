"""An HTTP/1.1 client: requests go in, responses and failures come out, as plain data. It knows nothing of reviews.

For `hitl._transport` and for the server's webhooks. It imports nothing of ours but strict JSON, secrets and errors, and
reads no environment. `docs/decisions/0006-own-connections.md` says why there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._engine.client import AsyncClient, Client, ClientOptions
    from hitl._engine.httpx_adapter import AsyncHttpxTransport, HttpxTransport
    from hitl._engine.messages import Request, Response, TransportFailure, TransportResult
    from hitl._engine.tls import client_context, tls_context
    from hitl._engine.url import Origin, is_loopback, is_unspecified

__all__ = [
    "AsyncClient",
    "AsyncHttpxTransport",
    "Client",
    "ClientOptions",
    "HttpxTransport",
    "Origin",
    "Request",
    "Response",
    "TransportFailure",
    "TransportResult",
    "client_context",
    "is_loopback",
    "is_unspecified",
    "tls_context",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "client": ("AsyncClient", "Client", "ClientOptions"),
        "httpx_adapter": ("AsyncHttpxTransport", "HttpxTransport"),
        "messages": ("Request", "Response", "TransportFailure", "TransportResult"),
        "tls": ("client_context", "tls_context"),
        "url": ("Origin", "is_loopback", "is_unspecified"),
    },
)
