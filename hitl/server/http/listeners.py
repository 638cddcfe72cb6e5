"""The listening socket: a port, a Unix socket, or one that a service manager has opened before."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from hitl._engine import is_loopback, is_unspecified
from hitl.server.http.host_check import in_url
from hitl.server.primitives import SetupError, about

_HIGHEST_PORT: Final = 65_535

_BACKLOG: Final = 2048
"""Connections that may wait to be accepted, as many as uvicorn asks for by default."""

_SOCKET_MODE: Final = 0o660  # for the proxy's group


class Listener:
    """A listening socket, whose address is known, and accepts connections, before the server runs."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False) -> None:
        """Listen on a loopback address; port 0 takes a free one, and `allow_remote` accepts other addresses."""
        if not is_loopback(host) and not (allow_remote and host):
            raise SetupError(
                f"the sandbox listens on this machine only, and {host} can be reached from others; use 127.0.0.1, "
                "or allow it with --allow-remote (allow_remote=True)"
            )
        with about("port"):
            self.socket = _listen(host, port)
        # Connections inherit this. asyncio sets it only on sockets that name TCP as their protocol, which
        # create_server's do not; without it, each answer waits 40 ms for an acknowledgement (Nagle, RFC 896).
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://{_in_link(host)}:{self.port}"
        self.where = f"{in_url(host)}:{self.port}"
        self.is_local, self.is_socket = is_loopback(host), False

    @property
    def exposed_at(self) -> str | None:
        """Where other machines reach it; None if they do not."""
        if is_loopback(self.host):
            return None
        where = "any address of this machine" if is_unspecified(self.host) else self.host
        return f"{where}, port {self.port}"

    def close(self) -> None:
        """Give the port up; doing it twice is fine."""
        self.socket.close()


class UnixListener:
    """A listening Unix socket, for a proxy that is in its group."""

    def __init__(self, path: str) -> None:
        """Listen, in place of a dead server's socket; SetupError if another one listens, or it cannot be made."""
        self.path = Path(path)
        self._remove_dead()
        self.socket = socket.socket(socket.AF_UNIX)
        self.url, self.host, self.where = f"unix:{path}", path, path
        self.is_local, self.is_socket, self.exposed_at = True, True, None
        before = os.umask(0o777 & ~_SOCKET_MODE)
        try:
            self.socket.bind(path)
            self.socket.listen(_BACKLOG)
        except OSError as error:
            self.socket.close()
            raise SetupError(
                f"cannot listen on {path} ({error.strerror or error}); its folder must exist and be writable, and its "
                "path short"
            ) from error
        finally:
            os.umask(before)
        self._made = self.path.stat().st_ino

    def close(self) -> None:
        """Stop listening; idempotent."""
        self.socket.close()
        with suppress(OSError):
            if self.path.stat().st_ino == self._made:  # not the one of a server that has taken its place
                self.path.unlink()

    def _remove_dead(self) -> None:
        """Remove a socket that nobody listens on; what is none stays, and then binding fails."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                if stat.S_ISSOCK(self.path.stat().st_mode):
                    self.path.unlink()
                return
            except OSError:
                return
        raise SetupError(f"another server listens on {self.path}; stop that one, or choose another path")


class InheritedListener:
    """A listening socket that was opened for this process and outlives it."""

    def __init__(self, inherited: socket.socket) -> None:
        """Take a socket over, of a port or a Unix socket."""
        self.socket = inherited
        self.exposed_at = None  # what opened it decided that
        name: Any = inherited.getsockname()
        self.is_socket = inherited.family == socket.AF_UNIX
        if self.is_socket:
            self.url, self.host, self.where, self.is_local = f"unix:{name}", name, name, True
            return
        inherited.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, port = name[:2]
        self.url, self.where = f"http://{_in_link(self.host)}:{port}", f"{in_url(self.host)}:{port}"
        self.is_local = is_loopback(self.host)

    def close(self) -> None:
        """Stop accepting; whoever opened the socket has it still. Idempotent."""
        self.socket.close()


AnyListener: TypeAlias = Listener | UnixListener | InheritedListener


def _in_link(host: str) -> str:
    """Return the host as a client can call it: nobody can call 0.0.0.0."""
    if is_unspecified(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return in_url(host)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:
        raise SetupError(f"a port is a number from 0 to {_HIGHEST_PORT}, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # Behind the error of create_server, whose text has the address again, is that of the system.
        cause = error.__context__ if isinstance(error.__context__, OSError) else error
        what = f"cannot listen on {in_url(host)}:{port} ({cause.strerror or cause})"
        if isinstance(cause, socket.gaierror) or cause.errno == errno.EADDRNOTAVAIL:
            with about("host"):
                raise SetupError(f"{what}; give an address of this machine, such as 127.0.0.1") from error
        raise SetupError(f"{what}; stop what uses it, or choose another port") from error
