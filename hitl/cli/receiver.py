"""A receiver of webhooks on this machine, for the time of development."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias, cast

from hitl.cli.failures import CommandError
from hitl.exceptions import SignatureError
from hitl.webhooks import WebhookEvent, construct_event

Headers: TypeAlias = Sequence[tuple[str, str]]
Forward: TypeAlias = Callable[[Headers, bytes], tuple[int | None, str | None]]

_LARGEST_BODY: Final = 5 * 1024 * 1024  # bytes; deliveries are smaller
_SILENCE: Final = 30.0  # seconds after which a sender that says nothing is left


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery, and what became of it.

    Attributes:
        event: What it tells; None if it was not genuine.
        delivery_id: The same at each attempt; empty if the sender gave none.
        forwarded: What the handler that it was forwarded to answered; None if there is none, or it did not answer.
        trouble: Why it was refused, or not answered.
    """

    event: WebhookEvent | None
    delivery_id: str = ""
    forwarded: int | None = None
    trouble: str | None = None

    @property
    def subject_id(self) -> str:
        """The id of what the event is about."""
        parts = self.event.data.values() if self.event else ()
        objects = (cast("dict[str, Any]", part) for part in parts if isinstance(part, dict))
        return next((str(each["id"]) for each in objects if "id" in each), "")

    @property
    def status(self) -> int:
        """What the sender is answered."""
        if self.event is None:
            return 401
        return 200 if self.trouble is None and self.forwarded is None else self.forwarded or 502


class Receiver(ThreadingHTTPServer):
    """The server; only this machine reaches it.

    Attributes:
        url: Where deliveries are to go.
    """

    daemon_threads = True

    def __init__(self, port: int, secret: str, forward: Forward, tell: Callable[[Arrival], None]) -> None:
        """Listen.

        Args:
            port: 0 for a free one.
            secret: The key of the signatures.
            forward: Hands a genuine delivery on; returns the status of the answer, and why there was none.
            tell: Is told about each delivery, in a thread of its own, before the sender is answered.
        """
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise CommandError(f"cannot listen on port {port}: {error.strerror}; choose another with --port") from error
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._secret = secret
        self._forward = forward
        self._tell = tell

    def take(self, headers: Headers, body: bytes) -> int:
        """Check and hand on one delivery, and return the status of the answer."""
        delivery_id = next((value for name, value in headers if name.lower() == "webhook-id"), "")
        try:
            event = construct_event(headers, body, self._secret)
        except SignatureError as error:
            arrival = Arrival(None, delivery_id, trouble=str(error))
        else:
            arrival = Arrival(event, delivery_id, *self._forward(headers, body))
        self._tell(arrival)
        return arrival.status


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    timeout = _SILENCE
    server_version = "hitl"
    sys_version = ""

    def do_POST(self) -> None:
        """Take a delivery."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self._answer(411)
        elif int(length) > _LARGEST_BODY:
            self._answer(413)
        else:
            headers = [(name, str(value)) for name, value in self.headers.items()]
            self._answer(cast("Receiver", self.server).take(headers, self.rfile.read(int(length))))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by http.server
        """Keep silent: what arrives is told as events."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
