"""A receiver of webhooks on this machine, which forwards them byte for byte to a handler under development."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias, cast

import httpx

from hitl.cli.failures import CommandError
from hitl.cli.http_clients import http_client
from hitl.cli.output import OutputError
from hitl.exceptions import SignatureError
from hitl.webhooks import WebhookEvent, construct_event

Headers: TypeAlias = Sequence[tuple[str, str]]
Forward: TypeAlias = Callable[[Headers, bytes], tuple[int | None, str | None]]
"""Forwards a delivery; returns the status of the handler's response, and why there is none."""

_HOP_BY_HOP: Final = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Headers that belong to one connection, not to the message (RFC 9110, 7.6.1)."""

_MAX_BODY: Final = 5 * 1024 * 1024  # bytes; deliveries are smaller
_IDLE_TIMEOUT: Final = 30.0  # seconds


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


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """One delivery and its outcome."""

    event: WebhookEvent | None  # None if the signature was not valid
    delivery_id: str = ""  # the same for each attempt; empty if the sender gave none
    forwarded: int | None = None  # the status of the handler's response
    error: str | None = None  # why the delivery was refused or the handler did not respond

    @property
    def subject_id(self) -> str:
        """The id of the event's subject, such as a review."""
        parts = self.event.data.values() if self.event else ()
        objects = (cast("dict[str, Any]", part) for part in parts if isinstance(part, dict))
        return next((str(each["id"]) for each in objects if "id" in each), "")

    @property
    def status(self) -> int:
        """The status of the response to the sender."""
        if self.event is None:
            return 401
        return 200 if self.error is None and self.forwarded is None else self.forwarded or 502


class Receiver(ThreadingHTTPServer):
    """The server; only this machine can reach it."""

    daemon_threads = True

    def __init__(
        self, port: int, secret: str, forward: Forward, on_delivery: Callable[[ReceivedDelivery], None]
    ) -> None:
        """Listen on a port, 0 for a free one.

        Deliveries with a valid signature are forwarded; `on_delivery` gets each delivery before the sender gets its
        response, in a thread of its own.
        """
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise CommandError(f"cannot listen on port {port}: {error.strerror}; choose another with --port") from error
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._secret = secret
        self._forward = forward
        self._on_delivery = on_delivery
        self.failure: OutputError | None = None
        """Why a delivery could not be printed, which stopped the server."""

    def receive(self, headers: Headers, body: bytes) -> int:
        """Verify and forward one delivery; return the status of the response."""
        delivery_id = next((value for name, value in headers if name.lower() == "webhook-id"), "")
        try:
            event = construct_event(headers, body, self._secret)
        except SignatureError as error:
            delivery = ReceivedDelivery(None, delivery_id, error=str(error))
        else:
            delivery = ReceivedDelivery(event, delivery_id, *self._forward(headers, body))
        try:
            self._on_delivery(delivery)
        except OutputError as failure:  # for the thread that serves; this one is about to end
            self.failure = failure
            self.shutdown()
        return delivery.status


class _Handler(BaseHTTPRequestHandler):
    timeout = _IDLE_TIMEOUT
    server_version = "hitl"
    sys_version = ""

    def do_POST(self) -> None:
        """Receive a delivery."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self._respond(411)
        elif int(length) > _MAX_BODY:
            self._respond(413)
        else:
            headers = [(name, str(value)) for name, value in self.headers.items()]
            self._respond(cast("Receiver", self.server).receive(headers, self.rfile.read(int(length))))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by http.server
        """Log nothing: deliveries are printed as events."""

    def _respond(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
