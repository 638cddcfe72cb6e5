"""What a service manager and a server tell each other: sd_listen_fds(3) and sd_notify(3), without its library."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from typing import Final

from hitl.server.primitives import SetupError

_FIRST: Final = 3  # SD_LISTEN_FDS_START

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
_ALIVE: Final = "WATCHDOG=1"


def inherited_socket(environment: Mapping[str, str], process: int) -> socket.socket | None:
    """Return the listening socket that was opened for this process; None without one.

    Connections that come while nobody accepts wait in it, so that a restart refuses none.

    Args:
        environment: That of the process: `LISTEN_FDS`, and `LISTEN_PID`, since children inherit them, too.
        process: The id of this process.

    Raises:
        SetupError: if there is more than one, or if it does not listen.
    """
    number, whose = environment.get("LISTEN_FDS", ""), environment.get("LISTEN_PID", "")
    if not number.isascii() or not number.isdecimal() or int(number) == 0 or whose != str(process):
        return None
    if int(number) > 1:
        raise SetupError(f"this server takes one listening socket, and {number} were given; give one ListenStream")
    try:
        found = socket.socket(fileno=_FIRST)
        listens = found.type == socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise SetupError(f"the socket that LISTEN_FDS announces is none ({error.strerror})") from None
    if not listens:
        raise SetupError("the socket that LISTEN_FDS announces does not listen; use ListenStream with Accept=no")
    found.set_inheritable(False)
    return found


class ServiceManager:
    """Who started the server and wants to know how it is; nobody, where `NOTIFY_SOCKET` is not set."""

    def __init__(self, environment: Mapping[str, str], process: int) -> None:
        """Read `NOTIFY_SOCKET`, and `WATCHDOG_USEC` if it is for this process."""
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name  # an abstract one
        is_watched = environment.get("WATCHDOG_PID", str(process)) == str(process)
        length = environment.get("WATCHDOG_USEC", "")
        self._watched = int(length) / 1_000_000 if is_watched and length.isascii() and length.isdecimal() else 0.0

    def tell(self, state: str) -> None:
        """Send a state, such as READY; that nobody hears it is no fault of the server."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            try:
                sender.sendto(state.encode(), self._address)
            except OSError:
                return

    async def watch(self) -> None:
        """Say that the event loop turns, twice as often as is asked for, until it is cancelled."""
        while self._watched:
            self.tell(_ALIVE)
            await asyncio.sleep(self._watched / 2)


def service_manager() -> ServiceManager:
    """Return the one of this process."""
    return ServiceManager(os.environ, os.getpid())
