"""Correlations: what connects a workflow that was started with the call that its action node makes at the end.

The correlation id is a secret that goes out with the trigger and comes back with the call. A store knows it by its
digest only, so that neither a look into the store nor the time that a search takes tells anything about it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NoReturn, Protocol, TypeAlias

from attrs import define

from hitl.exceptions import ConfigurationError
from hitl.webhooks._shared_file import SharedFile

LIFETIME: Final = 30 * 86_400.0
"""Seconds for which a call is expected; the vendor's longest review takes a day, and a workflow may have several."""

Receipt: TypeAlias = Literal["new", "repeated", "different", "late", "unknown"]
"""What a call is to a store: the first one, the same again, another one after it, too late, or never expected."""


class CorrelationStore(Protocol):
    """Remembers which calls are expected, and what came. All methods may block, and be called from several threads.

    A `name` is the `correlation_name` of a correlation id.
    """

    def expect(self, name: str, /) -> None:
        """Expect a call from now on; if it is expected already, or has come, keep what is known."""
        ...

    def receive(self, name: str, body: str, /) -> Receipt:
        """Keep the body of the first call with this name, and of no other."""
        ...

    def received(self, name: str, /) -> str | None:
        """Return the body of the call that came; None if none has."""
        ...


def correlation_id(secret: str, *about: str) -> str:
    """Return the id that follows from a secret and what it is about: 256 bits, as 43 characters of base64url.

    The same for the same, so that a trigger that is repeated with its idempotency key has the same body.
    """
    digest = hmac.digest(secret.encode(), json.dumps(["hitl correlation", *about]).encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def correlation_name(correlation: str) -> str:
    """Return the name by which a store knows a correlation id."""
    return hashlib.sha256(correlation.encode("utf-8", "surrogatepass")).hexdigest()


@define
class _Entry:
    expires: float
    body: str | None = None


class MemoryCorrelations:
    """Expects calls in this process, until it ends; a `CorrelationStore`."""

    def __init__(
        self, capacity: int = 100_000, *, lifetime: float = LIFETIME, clock: Callable[[], float] = time.time
    ) -> None:
        """Start empty.

        Args:
            capacity: Calls that are remembered, at least 1; beyond it the oldest is forgotten.
            lifetime: Seconds for which a call is expected, and what came is kept.
            clock: Returns the time in Unix seconds.
        """
        if capacity < 1:
            raise ConfigurationError(f"a store of correlations needs room for at least 1, not {capacity}")
        self._capacity = capacity
        self._lifetime = _checked(lifetime)
        self._clock = clock
        self._entries: dict[str, _Entry] = {}  # oldest first
        self._lock = threading.Lock()

    def expect(self, name: str) -> None:
        """Expect a call; see `CorrelationStore`."""
        with self._lock:
            entry = self._entries.setdefault(name, _Entry(0.0))
            if entry.body is None:
                entry.expires = self._clock() + self._lifetime
            while len(self._entries) > self._capacity:
                self._entries.pop(next(iter(self._entries)))

    def receive(self, name: str, body: str) -> Receipt:
        """Keep the body of the first call; see `CorrelationStore`."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is not None and entry.body is None and entry.expires > self._clock():
                entry.body = body
                return "new"
            return "unknown" if entry is None else _again(entry.body, body)

    def received(self, name: str) -> str | None:
        """Return what came; see `CorrelationStore`."""
        with self._lock:
            entry = self._entries.get(name)
            return None if entry is None else entry.body

    def __reduce__(self) -> NoReturn:
        raise TypeError("MemoryCorrelations lives in one process; SQLiteCorrelations is for several")


class SQLiteCorrelations:
    """Expects calls in a file that all processes of this machine may share; a `CorrelationStore`.

    One process may start a workflow, another receive the call, and a third, or the first after a restart, wait for it.
    What came is kept for `lifetime` seconds after the call was expected last, and then removed.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, lifetime: float = LIFETIME, clock: Callable[[], float] = time.time
    ) -> None:
        """Open or create the file.

        Args:
            path: On a local disk, in a directory that exists. A new file is readable for its owner only.
            lifetime: Seconds for which a call is expected, and twice as long remembered.
            clock: Returns the time in Unix seconds.

        Raises:
            ConfigurationError: The file cannot be opened, or is not a database.
        """
        self._lifetime = _checked(lifetime)
        self._clock = clock
        self._file = SharedFile(path, _TABLES, what="store of correlations")
        self._place = str(Path(path).resolve())

    def expect(self, name: str) -> None:
        """Expect a call; see `CorrelationStore`. If the file cannot be written, raise HITLError."""
        now = self._clock()
        self._file.change("DELETE FROM correlations WHERE expires <= ?", (now - self._lifetime,))
        self._file.change(
            "INSERT INTO correlations (name, expires) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET expires = excluded.expires WHERE body IS NULL",
            (name, now + self._lifetime),
        )

    def receive(self, name: str, body: str) -> Receipt:
        """Keep the body of the first call; see `CorrelationStore`. If the file cannot be written, raise HITLError."""
        # One statement, so that one of several calls wins.
        first = "UPDATE correlations SET body = ? WHERE name = ? AND body IS NULL AND expires > ?"
        if self._file.change(first, (body, name, self._clock())):
            return "new"
        row = self._file.row("SELECT body FROM correlations WHERE name = ?", (name,))
        return "unknown" if row is None else _again(row[0], body)

    def received(self, name: str) -> str | None:
        """Return what came; see `CorrelationStore`. If the file cannot be read, raise HITLError."""
        row = self._file.row("SELECT body FROM correlations WHERE name = ?", (name,))
        return None if row is None else row[0]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self._place, self._lifetime)


def _reopened(path: str, lifetime: float) -> SQLiteCorrelations:
    return SQLiteCorrelations(path, lifetime=lifetime)


def _again(kept: str | None, body: str) -> Receipt:
    if kept is None:
        return "late"
    return "repeated" if kept == body else "different"


def _checked(lifetime: float) -> float:
    if not 1 <= lifetime <= 10 * 366 * 86_400:
        raise ConfigurationError(f"lifetime must be from 1 second to 10 years, in seconds; got {lifetime!r:.40}")
    return float(lifetime)


_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS correlations (name TEXT PRIMARY KEY, expires REAL NOT NULL, body TEXT)",
    "CREATE INDEX IF NOT EXISTS correlations_by_expiry ON correlations (expires)",
)
