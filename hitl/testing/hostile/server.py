"""HostileServer: a raw-socket HTTP server that does, on request, everything that a client must survive."""

from __future__ import annotations

import math
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from hitl._clock import monotonic
from hitl.testing.hostile.connection import HONEST, Connection, GoneError
from hitl.testing.hostile.faults import Fault
from hitl.testing.hostile.messages import Reply, Request
from hitl.testing.hostile.reviews import Reviews
from hitl.testing.hostile.script import Script

_GLANCE = 0.05  # seconds between two looks at whether the server is to stop or to listen again
_BACKLOG = 512


class HostileServer:
    """A review server that answers honestly until it is told otherwise, as a context manager.

    It needs nothing but the standard library, keeps a small review API in memory (create, get, list, change, cancel),
    lets every API key in, and answers each connection in a thread of its own.

    Attributes:
        requests: What arrived, in order, as `Request`.
        connections: How many connections were accepted.

    Example:
        >>> from hitl import HITLClient
        >>> from hitl.testing import HostileServer, hostile
        >>> with HostileServer() as server, HITLClient("key", base_url=server.url) as client:
        ...     server.next(hostile.answer(503))
        ...     review = client.create_review("content_review", {"text": "A draft"}, idempotency_key="draft-1")
        Traceback (most recent call last):
        ...
        hitl.exceptions.ServerError: create_review: the server answered 503 fault: the test asked for this fault ...
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        honours_keys: bool = True,
        shows_keys: bool | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take the port; nothing is answered before the server is entered.

        Args:
            host: An address of this machine, IPv4 or IPv6.
            port: 0 for a free one.
            honours_keys: Make one review of creations with the same Idempotency-Key, as the sandbox does.
            shows_keys: Repeat the key in the answer, by which clients learn that it is honoured; as `honours_keys` if
                not given.
            tls: Speak HTTPS with the certificate of this context.
        """
        self.requests: list[Request] = []
        self.connections = 0
        self._host, self._tls = host, tls
        self._reviews = Reviews(
            honours_keys=honours_keys, shows_keys=honours_keys if shows_keys is None else shows_keys
        )
        self._script = Script()
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._reserved: socket.socket | None = _bound(host, port)
        self.port: int = self._reserved.getsockname()[1]
        self._refusing_until = math.inf
        self._open: dict[Connection, threading.Thread] = {}
        self._lock = threading.RLock()
        self._acceptor = threading.Thread(target=self._accept, name="hostile-server", daemon=True)

    @property
    def url(self) -> str:
        """Where the server is, for `HITLClient(base_url=...)`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def reviews(self) -> dict[str, dict[str, Any]]:
        """The reviews that there are, by id, as the API shows them: what was really created."""
        return self._reviews.by_id

    def next(self, *faults: Fault, times: float = 1, path: str | None = None, method: str | None = None) -> None:
        """Plan faults: each request meets the first one that concerns it.

        Args:
            faults: Values of `hitl.testing.hostile`; several are met one after the other.
            times: By how many requests each is met; `math.inf` for all that come.
            path: Only requests of this path, in which `*` stands for anything, such as "/v1/reviews/*".
            method: Only requests of this method, such as "POST".
        """
        for fault in faults:
            self._script.plan(fault, times, path, method)

    def clear(self) -> None:
        """Forget the faults that are planned, and listen again after `refuse`."""
        self._script.clear()
        self._refusing_until = 0.0

    def unmet(self) -> list[str]:
        """Return the faults that no request has met, in words."""
        return self._script.unmet()

    def refuse(self, seconds: float = math.inf) -> None:
        """Refuse connections from now on, for so long or until `clear`; those that are open end."""
        with self._lock:
            self._refusing_until = monotonic() + seconds
            self._stop_listening()
            for connection in self._open:
                connection.interrupt()

    def decide(self, review_id: str, status: str = "completed", **result: Any) -> None:
        """Answer a review as a person would; `result` has the fields of the answer."""
        self._reviews.decide(review_id, status, **result)

    def start(self) -> None:
        """Start answering; what entering the server does."""
        with self._lock:
            self._listen()
        self._acceptor.start()

    def close(self) -> None:
        """End all connections and threads; what leaving the server does. Doing it twice is fine."""
        self._stopping.set()
        with self._lock:
            self._stop_listening()
            threads = list(self._open.values())
            for connection in self._open:
                connection.interrupt()
        if self._acceptor.is_alive():
            self._acceptor.join()
        for thread in threads:
            thread.join()
        if self._reserved is not None:
            self._reserved.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<HostileServer at {self.url}>"

    def _listen(self) -> None:
        if self._listener is None and self._reserved is not None:
            self._refusing_until = math.inf
            self._listener, self._reserved = self._reserved, None
            self._listener.listen(_BACKLOG)
            self._listener.settimeout(_GLANCE)

    def _stop_listening(self) -> None:
        # A socket that is bound and does not listen keeps the port, and lets connections be refused.
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept() on Linux; elsewhere the next poll does
            self._listener.close()
            self._listener = None
            self._reserved = _bound(self._host, self.port)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            listener = self._listener
            if listener is None:
                self._stopping.wait(_GLANCE / 10)
                self._listen_again()
                continue
            with suppress(OSError):
                accepted, _ = listener.accept()
                self._begin(accepted, listener)

    def _listen_again(self) -> None:
        with self._lock:
            if not self._stopping.is_set() and monotonic() >= self._refusing_until:
                self._listen()

    def _begin(self, accepted: socket.socket, listener: socket.socket) -> None:
        with self._lock:
            if self._listener is not listener:  # it has stopped listening in between
                accepted.close()
                return
            accepted.settimeout(None)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            connection = Connection(self.connections, accepted, self._stopping)
            thread = threading.Thread(
                target=self._serve, args=(connection,), name=f"hostile-server-{self.connections}", daemon=True
            )
            self._open[connection] = thread
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            if self._tls is not None:
                connection.secure(self._tls)
            while self._one(connection):
                pass
        except GoneError:
            pass
        finally:
            connection.drop()
            with self._lock:
                self._open.pop(connection, None)

    def _one(self, connection: Connection) -> bool:
        """Read and answer one request; return whether the connection is good for another."""
        fault = self._script.take_unheard() if not connection.was_used else None
        if fault is None or fault.hears:
            connection.await_request()
        fault = fault or self._script.take_unheard()
        request = connection.request(None if fault is None else fault.hears)
        if request.raw:
            self.requests.append(request)
        fault = fault or self._script.take(request) or HONEST
        reply = fault.rewrite(self._honest(request, fault))
        connection.deliver(fault.deliver(reply.wire()))
        ending = fault.ending or ("close" if _is_last(request) else "keep")
        if ending != "keep":
            connection.end(ending)
        return ending == "keep"

    def _honest(self, request: Request, fault: Fault) -> Reply:
        if not (request.is_whole and fault.handles):
            return Reply()
        reply = self._reviews.answer(request)
        return replace(reply, body=b"", framing="none") if request.method == "HEAD" else reply


def _is_last(request: Request) -> bool:
    return "close" in request.headers.get("connection", "").lower() or not request.is_whole


def _bound(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    return found
