"""Forwarding of deliveries to a handler under development, byte for byte."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

import httpx

from hitl.cli.http_clients import http_client
from hitl.cli.receiver import Headers

_HOP_BY_HOP: Final = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Headers that belong to one connection, not to the message (RFC 9110, 7.6.1)."""


class Forwarder:
    """Forwards deliveries to one URL, or nowhere."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._http = http_client(url) if url else None

    def forward(self, headers: Headers, body: bytes) -> tuple[int | None, str | None]:
        """Forward a delivery; return the response's status, and why there is none."""
        if self._http is None or self._url is None:
            return None, None
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        try:
            return self._http.post(self._url, content=body, headers=kept).status_code, None
        except httpx.HTTPError as error:
            return None, f"cannot connect to {self._url}: {error}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http.close()
