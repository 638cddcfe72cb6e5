"""Forwarding of deliveries to a handler under development, byte for byte."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import httpx

from hitl.cli.http_clients import http_client
from hitl.cli.receiver import Forward, Headers

_HOP_BY_HOP: Final = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Headers that belong to one connection, not to the message (RFC 9110, 7.6.1)."""


@contextmanager
def forwarding(url: str | None) -> Generator[Forward, None, None]:
    """Provide a function that forwards a delivery to a URL; without one it does nothing."""
    if url is None:
        yield lambda _headers, _body: (None, None)
        return
    with http_client(url) as http:

        def forward(headers: Headers, body: bytes) -> tuple[int | None, str | None]:
            kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
            try:
                return http.post(url, content=body, headers=kept).status_code, None
            except httpx.HTTPError as error:
                return None, f"cannot connect to {url}: {error}"

        yield forward
