"""An HTTP/1.1 client that knows no reviews: origins and requests go in, responses and failures come out, as plain data.

For `hitl._transport`, which maps calls to it; what flows read of its messages (`Response`, `TransportFailure`) is plain
data, too. It imports nothing of ours but strict JSON, secrets and errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._engine.client import EngineClient
    from hitl._engine.codec import RequestCodec
    from hitl._engine.drivers import drive, drive_async
    from hitl._engine.httpx_adapter import AsyncHttpxTransport, HttpxTransport, PoolTransport
    from hitl._engine.messages import Request, Response, TransportFailure, TransportResult
    from hitl._engine.proxies import is_loopback, is_unspecified, proxy_for
    from hitl._engine.url import address

__all__ = [
    "AsyncHttpxTransport",
    "EngineClient",
    "HttpxTransport",
    "PoolTransport",
    "Request",
    "RequestCodec",
    "Response",
    "TransportFailure",
    "TransportResult",
    "address",
    "drive",
    "drive_async",
    "is_loopback",
    "is_unspecified",
    "proxy_for",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "client": ("EngineClient",),
        "codec": ("RequestCodec",),
        "drivers": (
            "drive",
            "drive_async",
        ),
        "httpx_adapter": (
            "AsyncHttpxTransport",
            "HttpxTransport",
            "PoolTransport",
        ),
        "messages": (
            "Request",
            "Response",
            "TransportFailure",
            "TransportResult",
        ),
        "proxies": (
            "is_loopback",
            "is_unspecified",
            "is_unspecified",
            "proxy_for",
        ),
        "url": ("address",),
    },
)
