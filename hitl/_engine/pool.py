"""The connections of one client: each used by one exchange at a time, and kept only if nothing can be wrong with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from contextlib import suppress
from threading import get_ident

from hitl._clock import monotonic
from hitl._engine.connection import Connection

LONGEST_IDLE = 15.0  # seconds that an unused connection is trusted to be open still
MOST_IDLE = 100  # unused connections that are kept, as many as an `AsyncClient` uses at once


class Pool:
    """Connections over one route.

    There is no lock: a deque's append and pop are atomic, so neither a fork nor Ctrl-C can leave one locked, and no two
    exchanges get the same connection. An interrupted exchange drops its connection.
    """

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()
        self._in_use: dict[Connection, int] = {}  # and by which thread
        self._is_closed = False

    def take(self, longest_idle: float) -> Connection | None:  # guard: one-exchange-a-connection
        """Return the connection that was used last, unless it is unfit or was idle for too many seconds."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took the last one
                break
            is_fit = False
            try:
                is_old = monotonic() - connection.idle_since > longest_idle
                is_fit = not is_old and connection.is_idle_and_clean()
            finally:  # also if a signal handler raises in the middle of it
                if not is_fit:
                    connection.close()
            if is_fit:
                return connection
        return None

    def use(self, connection: Connection) -> None:
        """Note that the calling thread is using a connection."""
        self._in_use[connection] = get_ident()

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next exchange, and close those that nobody has needed for long."""
        connection.was_used = True
        connection.idle_since = monotonic()
        self._in_use.pop(connection, None)
        self._idle.append(connection)
        if self._is_closed:
            self.close()
        try:
            while len(self._idle) > MOST_IDLE or connection.idle_since - self._idle[0].idle_since > LONGEST_IDLE:
                self._idle.popleft().close()
        except IndexError:
            return  # another thread took the last one

    def drop(self, connection: Connection) -> None:
        """Close a connection that is not fit for another exchange."""
        self._in_use.pop(connection, None)
        connection.close()

    def interrupt(self, threads: Collection[int | None]) -> None:
        """Break the connections that these threads are using."""
        for connection, thread in tuple(self._in_use.items()):
            if thread in threads:
                connection.interrupt()

    def close(self) -> None:
        """Close the idle connections now, and the others when they are given back."""
        self._is_closed = True
        while self._idle:
            with suppress(IndexError):  # another thread took the last one
                self._idle.pop().close()
