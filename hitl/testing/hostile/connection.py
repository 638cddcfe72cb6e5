"""One connection of the hostile server: requests are read from it, and answers delivered, however broken."""

from __future__ import annotations

import math
import socket
import ssl
import struct
import threading
from contextlib import suppress

from hitl._clock import monotonic
from hitl.testing.hostile.faults import Ending, Fault
from hitl.testing.hostile.messages import Request, Wire

HONEST = Fault("none")

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with a time of 0: closing sends RST instead of FIN (socket(7))
_LONGEST_HEAD = 1_000_000
_LINGER = 2.0  # seconds for which a closed connection waits for the client to close, too


class GoneError(Exception):
    """The client has gone, or the server stops."""


class Connection:
    """What the server knows of one client's connection.

    Args:
        number: 1 for the first.
        plain: The accepted socket.
        stopping: Set when the server stops.
    """

    def __init__(self, number: int, plain: socket.socket, stopping: threading.Event) -> None:
        self.number = number
        self._socket = plain
        self._stopping = stopping
        self._read = bytearray()
        self.was_used = False

    def secure(self, context: ssl.SSLContext) -> None:
        """Make the handshake of TLS; raise GoneError if it fails."""
        try:
            secured = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self._socket = secured  # before the handshake, so that it can be interrupted
            secured.do_handshake()
        except OSError as error:
            raise GoneError from error

    def await_request(self) -> None:
        """Wait for the first byte of a request, without reading on."""
        if not self._read:
            self._receive()

    def request(self, hears: int | None = None) -> Request:
        """Read a request, or as much of it as `hears` says.

        Raises:
            GoneError: if the client closes before anything is there, or the server stops.
        """
        enough = math.inf if hears is None else hears
        try:
            end, body = self._whole(enough)
        except ValueError as error:  # a length that is no number: no client of ours
            raise GoneError from error
        raw = bytes(self._read[: end or int(min(enough, len(self._read)))])
        del self._read[: len(raw)]
        self.was_used = True
        return _parsed(raw, body, self.number, is_whole=bool(end))

    def deliver(self, wire: Wire) -> None:
        """Send the pieces, and pause where they say so."""
        for piece in wire:
            if isinstance(piece, bytes):
                self._send(piece)
            elif self._stopping.wait(None if math.isinf(piece) else piece):
                raise GoneError

    def end(self, ending: Ending) -> None:
        """End the connection in one of the ways that there are."""
        if ending == "silence":
            self._until_gone(math.inf)
        elif ending == "reset":
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        else:
            # Bytes of the client that nobody reads would turn the end into a reset (RFC 9112, 9.6).
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_WR)
            self._until_gone(monotonic() + _LINGER)
        self._socket.close()

    def interrupt(self) -> None:
        """Close the connection under those who wait for it; called by another thread."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # SSLSocket.shutdown would make TLS forget itself

    def drop(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _whole(self, enough: float) -> tuple[int, bytes]:
        """Return where the request ends, and its body; 0 if it does not end within what is heard."""
        start = self._after(b"\r\n\r\n", 0, enough)
        if not start:
            return 0, b""
        fields = _fields(self._read[:start])
        if "chunked" in fields.get("transfer-encoding", "").lower():
            return self._chunks(start, enough)
        end = start + int(fields.get("content-length", "0"))
        return (end if self._reach(end, enough) else 0), bytes(self._read[start:end])

    def _chunks(self, start: int, enough: float) -> tuple[int, bytes]:
        body = b""
        while data := self._after(b"\r\n", start, enough):
            size = int(self._read[start:data].split(b";")[0], 16)
            start = data + size + 2
            if not self._reach(start, enough):
                break
            if not size:
                return start, body
            body += self._read[data : data + size]
        return 0, body

    def _after(self, mark: bytes, start: int, enough: float) -> int:
        """Read until the mark is there, and return the place behind it; 0 if it does not come."""
        while (place := self._read.find(mark, start)) < 0:
            if not self._reach(len(self._read) + 1, min(enough, start + _LONGEST_HEAD)):
                return 0
        return place + len(mark) if place + len(mark) <= enough else 0

    def _reach(self, length: int, enough: float) -> bool:
        """Read until this many bytes have arrived; return False if they do not, or exceed what is read."""
        while len(self._read) < length and length <= enough:
            if not self._receive():
                return False
        return length <= enough

    def _receive(self) -> bytes:
        """Read what is there; raise GoneError if there is nothing to come and nothing has."""
        try:
            data = self._socket.recv(65536)
        except OSError as error:
            raise GoneError from error
        if self._stopping.is_set() or not (data or self._read):
            raise GoneError
        self._read += data
        return data

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise GoneError from error

    def _until_gone(self, deadline: float) -> None:
        with suppress(OSError):
            while not self._stopping.is_set() and (left := deadline - monotonic()) > 0:
                self._socket.settimeout(None if math.isinf(left) else left)
                if not self._socket.recv(65536):
                    return


def _parsed(raw: bytes, body: bytes, number: int, *, is_whole: bool) -> Request:
    head = raw.partition(b"\r\n\r\n")[0] if b"\r\n\r\n" in raw else b""
    method, target, *_ = [*head.split(b"\r\n")[0].decode("latin-1").split(" "), "", ""]
    return Request(method, target, _fields(head), body, number, monotonic(), is_whole, raw)


def _fields(head: bytes | bytearray) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            fields[name] = f"{fields[name]}, {value.strip()}" if name in fields else value.strip()
    return fields
