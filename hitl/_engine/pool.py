"""The connections of one client to its server: handed out one at a time, taken back only if nothing can be wrong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from threading import get_ident
from typing import TypeAlias

from hitl._engine.connection import (
    Connection,
    DeadlineExceededError,
    IOSteps,
    Route,
    UnknownHostError,
    UnreachableError,
    UntrustedError,
    connect,
    exchange,
)
from hitl._engine.http1 import ProtocolError, RawResponse, ResponseParser
from hitl._engine.messages import TransportFailure

LONGEST_IDLE = 15.0  # seconds that an unused connection is kept
MOST_IDLE = 32  # unused connections that are kept

Fetched: TypeAlias = RawResponse | TransportFailure


class Pool:
    """Connections over one route.

    There is no lock: a deque's append and pop are atomic, so neither a fork nor Ctrl-C at any moment can leave one
    locked, and a connection is never in two hands. Whoever is interrupted while holding a connection drops it.
    """

    def __init__(self, route: Route, name: str) -> None:
        """Begin without any connection; `name` is what messages call the server."""
        self._route = route
        self._name = name
        self._idle: deque[Connection] = deque()
        self._in_use: dict[Connection, int] = {}  # and by which thread
        self.is_closed = False

    @property
    def holds_connections(self) -> bool:
        """True if there are any, in use or not."""
        return bool(self._idle or self._in_use)

    def fetch(
        self, method: str, request: memoryview, deadline: float, *, fresh: bool, longest_idle: float = LONGEST_IDLE
    ) -> IOSteps[Fetched]:
        """Make one exchange.

        Args:
            method: Of the request.
            request: Its head and body.
            deadline: For the whole exchange, on the monotonic clock.
            fresh: True to use a connection that has carried nothing yet.
            longest_idle: Seconds after which an unused connection is not trusted to be open still.
        """
        connection = None if fresh else self._take(longest_idle)
        reader = ResponseParser(method)
        phase = "connecting" if connection is None else "sending"
        try:
            if connection is None:
                connection = yield from connect(self._route)
            phase = "sending"
            self._in_use[connection] = get_ident()
            answer = yield from exchange(connection.sock, request, reader, deadline)
        except DeadlineExceededError:
            return self._timed_out(phase, reader)
        except UnknownHostError:
            told = f"the name of {self._name} is unknown to the resolver; is base_url right?"
            return TransportFailure(told, "no", "unknown_host")
        except UntrustedError as error:
            return TransportFailure(f"{self._name} could not prove who it is ({error})", "no", "tls")
        except UnreachableError as error:
            return self._not_connected(str(error))
        except (OSError, ProtocolError) as error:
            if connection is None:  # such as no more descriptors in this process
                return self._not_connected(str(error))
            return self._broken(error, connection, reader)
        else:
            if answer.may_reuse:
                self._give_back(connection)
                connection = None
            return answer
        finally:
            if connection is not None:
                self._in_use.pop(connection, None)
                connection.close()

    def interrupt(self, threads: Collection[int | None]) -> None:
        """End the exchanges that these threads have under way; they come back as broken."""
        for connection, thread in tuple(self._in_use.items()):
            if thread in threads:
                connection.interrupt()

    def close(self) -> None:
        """Close what is not in use now, and the rest when it is given back."""
        self.is_closed = True
        while self._idle:
            with suppress(IndexError):  # somebody else took the last one
                self._idle.pop().close()

    def _take(self, longest_idle: float) -> Connection | None:  # guard: one-exchange-a-connection
        """Return the connection that was used last, if it is fit; those before it are older still."""
        while self._idle:
            with suppress(IndexError):
                connection = self._idle.pop()
                if time.monotonic() - connection.idle_since <= longest_idle and connection.is_quiet():
                    return connection
                connection.close()
        return None

    def _give_back(self, connection: Connection) -> None:
        connection.was_used = True
        connection.idle_since = time.monotonic()
        self._in_use.pop(connection, None)
        self._idle.append(connection)
        if self.is_closed:
            self.close()
        elif len(self._idle) > MOST_IDLE:
            with suppress(IndexError):
                self._idle.popleft().close()

    def _not_connected(self, why: str) -> TransportFailure:
        told = f"no connection to {self._name} could be made ({why}); is the server running there?"
        return TransportFailure(told, "no", "refused")

    def _timed_out(self, phase: str, reader: ResponseParser) -> TransportFailure:
        if phase == "connecting":
            return TransportFailure(f"no connection to {self._name} came about in time", "no", "timeout")
        if reader.has_begun:
            return TransportFailure(f"{self._name} did not finish its answer in time", "yes", "timeout")
        return TransportFailure(f"{self._name} did not answer in time", "maybe", "timeout")

    def _broken(self, error: Exception, connection: Connection, reader: ResponseParser) -> TransportFailure:
        if reader.has_begun:
            what = f": {error}" if isinstance(error, ProtocolError) else ""
            return TransportFailure(
                f"the answer of {self._name} was cut off, or is no proper HTTP{what}", "yes", "broken"
            )
        told = f"the connection to {self._name} broke before an answer came"
        return TransportFailure(told, "maybe", "stale" if connection.was_used else "broken")
