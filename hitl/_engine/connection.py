"""Connections as I/O steps: generators over non-blocking sockets.

They yield what to wait for and are resumed with the sockets that are ready; `hitl._engine.drivers` waits, blocking or
awaiting. So connecting, TLS, sending and receiving are written once, and a connection belongs to no event loop: each
`asyncio.run` may use it.
"""

from __future__ import annotations

import errno
import math
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import chain, zip_longest
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from hitl._clock import monotonic
from hitl._engine.background import in_background
from hitl._engine.http1 import ProtocolError, RawResponse, ResponseParser, request_head
from hitl._engine.messages import FailureKind
from hitl._engine.tls import NestedTLS
from hitl._interrupts import reraise_interrupt
from hitl._secret import Secret

T = TypeVar("T")

STAGGER = 0.25  # seconds between connection attempts (RFC 8305, 5)
PROXY_LOGIN = (
    "the proxy answered 407, for it wants a login or another one; put it into HTTP_PROXY or HTTPS_PROXY as in "
    "http://user:password@host:port, percent-encoded"
)
_OTHER_PROTOCOL = "an ssl.SSLContext of your own had it choose HTTP/2; leave out set_alpn_protocols"
_RECEIVE_SIZE = 64 * 1024
_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)

Socket: TypeAlias = socket.socket
Address: TypeAlias = tuple[Any, ...]


class WaitFor(NamedTuple):
    """Ask to be resumed with the sockets that are ready, or with none: once `until` has come, but also sooner."""

    reading: Sequence[Socket] = ()
    writing: Sequence[Socket] = ()
    until: float | None = None


IOSteps: TypeAlias = Generator[WaitFor, Sequence[Socket], T]


class DeadlineExceededError(Exception):
    """The deadline has passed; drivers throw it into steps that wait."""


class NoConnectionError(Exception):
    """No connection could be made; the message says why."""

    def __init__(self, why: str, kind: FailureKind = "refused") -> None:
        super().__init__(why)
        self.kind: FailureKind = kind


@frozen
class Route:
    """How to reach a server: directly, or through an HTTP proxy."""

    host: str  # a name or an address, without brackets
    port: int
    tls: Callable[[], ssl.SSLContext] | None = field(repr=False)  # None for plain HTTP
    proxy: tuple[str, int] | None = None
    proxy_login: Secret | None = None  # user and password, encoded for Basic authentication (RFC 7617)
    ip: str | None = None  # the address to connect to; None to look `host` up
    proxy_tls: Callable[[], ssl.SSLContext] | None = field(default=None, repr=False)  # of an https:// proxy


class Connection:
    """A connected socket, used by one exchange at a time."""

    __slots__ = ("_pid", "idle_since", "sock", "was_used")

    def __init__(self, sock: Socket) -> None:
        self.sock = sock
        self.was_used = False
        self.idle_since = 0.0  # on the monotonic clock
        self._pid = os.getpid()

    def is_idle_and_clean(self) -> bool:  # guard: idle-connection
        """Return whether the connection is this process's own, open, and has nothing to read.

        Whatever arrived between two exchanges makes it unfit, be it the end of the connection or bytes that no request
        asked for: they might be taken for the next response.
        """
        if not self._is_ours or self.sock.fileno() < 0:
            return False
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError as error:
            reraise_interrupt(error)
            return False
        return False

    def interrupt(self) -> None:
        """Break it for the thread that is using it."""
        if self._is_ours:  # a forked child would end its parent's
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError as error:  # it is closed
                reraise_interrupt(error)

    def close(self) -> None:
        """Close it; in a forked child this leaves the parent's connection alone."""
        try:
            self.sock.close()
        except OSError as error:  # it is closed all the same
            reraise_interrupt(error)

    @property
    def _is_ours(self) -> bool:  # guard: own-process
        return self._pid == os.getpid()


def connect(route: Route) -> IOSteps[Connection]:
    """Open a connection, through the proxy and the TLS handshake if there are any; raise NoConnectionError if not."""
    host, port = route.proxy or (route.ip or route.host, route.port)
    sock = yield from _connect_to_any((yield from _resolve(host, port)))
    try:
        _require_peer(sock, route.ip)
        if route.proxy_tls is not None:
            sock = yield from _secure(sock, route.proxy_tls(), host, "of the proxy: ")
        if route.tls is not None:
            if route.proxy is not None:
                yield from _tunnel(sock, route)
            sock = yield from _secure(sock, route.tls(), route.host)
    except BaseException:
        sock.close()
        raise
    return Connection(sock)


def _require_peer(sock: Socket, ip: str | None) -> None:
    if ip is not None and (reached := sock.getpeername()[0]) != ip:
        raise NoConnectionError(f"the connection to {ip} has led to {reached}; nothing was sent")


def exchange(
    sock: Socket, request: memoryview, parser: ResponseParser, deadline: float = math.inf
) -> IOSteps[RawResponse]:
    """Send a request, head and body, and return the response.

    Raises:
        OSError, ProtocolError: if the connection broke, or what came is not HTTP.
        DeadlineExceededError: if the deadline, on the monotonic clock, has passed although data keeps coming.
    """
    response: RawResponse | None = None
    while request:
        try:
            request = request[sock.send(request) :]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            # A server may refuse a large body before it has read all of it, and read no more.
            ready = yield WaitFor((sock,), (sock,))
            if ready and (data := _receive(sock)) is not None and (response := parser.feed(data)) is not None:
                break
        except (BrokenPipeError, ConnectionResetError) as error:
            reraise_interrupt(error)
            break  # the response may have come before the server closed
    while response is None:
        data = _receive(sock)
        if data is None:
            yield WaitFor((sock,))
        elif (response := parser.feed(data)) is None:
            if monotonic() > deadline:
                raise DeadlineExceededError  # without waiting, no driver has noticed
            yield WaitFor(until=0.0)  # more may be here already, but an event loop has other tasks, too
    return evolve(response, may_reuse=False) if request else response  # a part of the request was not sent


def _receive(sock: Socket) -> bytes | None:
    """Return received bytes, b"" at the end of the connection, None if there are none yet."""
    try:
        return sock.recv(_RECEIVE_SIZE)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
    except ssl.SSLZeroReturnError:
        return b""


# --- from a name to a socket -----------------------------------------------------------------------------------------


def _resolve(host: str, port: int) -> IOSteps[list[tuple[int, Address]]]:
    """Return the addresses of a host, best first. The system's resolver blocks and cannot be interrupted."""
    try:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError) as error:  # IDNA has no label of more than 63 letters
        reraise_interrupt(error)
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(0)
        found = in_background(partial(_addresses, host, port))
        found.add_done_callback(lambda _: theirs.close())  # which makes the other end readable
        while not found.done():
            yield WaitFor((ours,))
    match found.exception():
        case None:
            return found.result()
        case socket.gaierror(errno=socket.EAI_AGAIN):
            raise NoConnectionError("its name could not be looked up just now")
        case OSError() | UnicodeError() as fault:
            reraise_interrupt(fault)  # if no thread could be started, it was looked up in this one
            raise NoConnectionError("", "unknown_host")
        case other:
            raise other


def _addresses(host: str, port: int, flags: int = 0) -> list[tuple[int, Address]]:
    name = host.encode() if host.isascii() else host  # a text loads Python's IDNA, which takes as long as twenty calls
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)
    return [(int(family), address) for family, _, _, _, address in found]


def _connect_to_any(addresses: Sequence[tuple[int, Address]]) -> IOSteps[Socket]:
    """Connect to the first address that accepts (RFC 8305); a further attempt begins every `STAGGER` seconds."""
    waiting = deque(_alternating(addresses))
    pending: list[Socket] = []
    failure = "it has no address"
    try:
        while waiting or pending:
            if waiting:
                family, address = waiting.popleft()
                pending.append(socket.socket(family, socket.SOCK_STREAM))
                if (code := _begin(pending[-1], address)) not in _IN_PROGRESS:
                    pending.pop().close()
                    failure = os.strerror(code)
                    continue
            ready = yield WaitFor((), pending, monotonic() + STAGGER if waiting else None)
            for sock in ready:
                pending.remove(sock)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return sock
                sock.close()
                failure = os.strerror(code)
        raise NoConnectionError(failure)
    finally:
        for sock in pending:
            sock.close()


def _alternating(addresses: Sequence[tuple[int, Address]]) -> list[tuple[int, Address]]:
    """Return the addresses with alternating families (RFC 8305, 4), since one family may be unreachable altogether."""
    first = addresses[0][0] if addresses else 0
    same = [each for each in addresses if each[0] == first]
    other = [each for each in addresses if each[0] != first]
    return [each for each in chain.from_iterable(zip_longest(same, other)) if each is not None]


def _begin(sock: Socket, address: Address) -> int:
    """Begin to connect, and return the error number."""
    sock.settimeout(0)
    try:
        return sock.connect_ex(address)
    except OSError as error:  # the address cannot be one
        reraise_interrupt(error)
        return error.errno or errno.EINVAL


def _secure(sock: Socket, context: ssl.SSLContext, host: str, whose: str = "") -> IOSteps[Socket]:
    secured = _wrapped(sock, context, host)
    try:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                yield WaitFor((secured,))
            except ssl.SSLWantWriteError:
                yield WaitFor((), (secured,))
            else:
                if secured.selected_alpn_protocol() not in (None, "http/1.1"):
                    raise NoConnectionError(f"{whose}{_OTHER_PROTOCOL}", "tls")
                return secured
    except BaseException as error:
        secured.close()
        reraise_interrupt(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            why = getattr(error, "verify_message", "it is not trusted")
            raise NoConnectionError(f"{whose}{why}", "tls") from None
        if isinstance(error, OSError):
            raise NoConnectionError(f"TLS failed: {getattr(error, 'reason', None) or type(error).__name__}") from None
        raise


def _wrapped(sock: Socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    if isinstance(sock, ssl.SSLSocket):
        return cast("ssl.SSLSocket", NestedTLS(sock, context, host))  # it has what is used here
    # suppress_ragged_eofs: a connection cut without close_notify must not look like the end of a body (RFC 8446, 6.1).
    return context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False)


def _tunnel(sock: Socket, route: Route) -> IOSteps[None]:
    """Ask the proxy to connect this socket to the server (RFC 9110, 9.3.6)."""
    try:
        response = yield from exchange(sock, _connect_request(route), ResponseParser("CONNECT"))
    except (OSError, ProtocolError) as error:
        reraise_interrupt(error)
        raise NoConnectionError("the proxy broke off") from None
    if response.status_code == 407:
        raise NoConnectionError(PROXY_LOGIN, "proxy")
    if response.status_code >= 300:
        raise NoConnectionError(f"the proxy answered {response.status_code}")


def _connect_request(route: Route) -> memoryview:
    host = f"[{route.host}]" if ":" in route.host else route.host
    target = f"{host}:{route.port}"
    login = [] if route.proxy_login is None else [("Proxy-Authorization", f"Basic {route.proxy_login.reveal()}")]
    return memoryview(request_head("CONNECT", target, f"Host: {target}\r\n", login, None))
