"""Replay guards remember which webhooks were received, so that a repeated one is recognised; leases build on them.

A server sends a webhook again if it missed the response, and so can anybody who has recorded one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, Protocol

from hitl.exceptions import ConfigurationError
from hitl.webhooks._shared_file import SharedFile

RETENTION: Final = 30 * 86_400.0
"""Seconds for which an event is remembered. The vendor's attempts extend over two days."""

LEASE: Final = 300.0
"""Seconds that the handlers of an event may take; a server waits for a response no longer than 30."""

_log = logging.getLogger("hitl.webhooks")


class ReplayGuard(Protocol):
    """Remembers events. Both methods may be called from several threads at once."""

    def first_time(self, event_id: str, expires: float, /) -> bool:
        """Claim an event: return True to one caller only, until it expires (Unix seconds) or is forgotten."""
        ...

    def forget(self, event_id: str, /) -> None:
        """Let the next call for this event be the first again."""
        ...


class MemoryReplayGuard:
    """Remembers the newest events, in this process and until it ends.

    When it is full, the oldest entry is dropped, and a warning logged the first time. 100,000 entries cover the ten
    minutes for which a Standard Webhooks signature is accepted as long as fewer than 160 arrive in a second.
    """

    def __init__(self, capacity: int = 100_000, *, clock: Callable[[], float] = time.time) -> None:
        """Start empty.

        Args:
            capacity: Entries, at least 1. An event takes one for each of its signatures, about 300 bytes each.
            clock: Returns the time in Unix seconds.
        """
        if capacity < 1:
            raise ConfigurationError(f"a replay guard needs room for at least 1 event, not {capacity}")
        self._capacity = capacity
        self._clock = clock
        self._claims: dict[str, float] = {}  # expiry by name, oldest claim first
        self._lock = threading.Lock()
        self._has_warned = False

    def first_time(self, event_id: str, expires: float) -> bool:
        """Claim an event; see `ReplayGuard`."""
        with self._lock:
            if self._claims.get(event_id, 0) > self._clock():
                return False
            self._claims.pop(event_id, None)  # so that it counts as the newest
            self._make_room()
            self._claims[event_id] = expires
            return True

    def forget(self, event_id: str) -> None:
        """Forget an event; see `ReplayGuard`."""
        with self._lock:
            self._claims.pop(event_id, None)

    def __len__(self) -> int:
        return len(self._claims)

    def _make_room(self) -> None:
        if len(self._claims) < self._capacity:
            return
        oldest = next(iter(self._claims))
        if self._claims.pop(oldest) > self._clock() and not self._has_warned:
            self._has_warned = True
            _log.warning(
                "the replay guard is full with %d events and drops the oldest from now on; raise its capacity, or use "
                "SQLiteReplayGuard",
                self._capacity,
            )


class SQLiteReplayGuard:
    """Remembers events in a file that all processes of this machine may share; survives restarts and `kill -9`.

    Expired events are removed from time to time; all others are kept, about 150 bytes each.
    """

    _PRUNE_EVERY: Final = 1000  # claims

    def __init__(self, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.time) -> None:
        """Open or create the file.

        Args:
            path: On a local disk, in a directory that exists. A new file is readable for its owner only.
            clock: Returns the time in Unix seconds.

        Raises:
            ConfigurationError: The file cannot be opened, or is not a database.
        """
        self._clock = clock
        self._claimed = 0
        self._file = SharedFile(path, _TABLES, what="replay guard")

    def first_time(self, event_id: str, expires: float) -> bool:
        """Claim an event; see `ReplayGuard`. If the file cannot be written, raise HITLError."""
        now = self._clock()
        if self._claimed % self._PRUNE_EVERY == 0:
            self._file.change("DELETE FROM claims WHERE expires <= ?", (now,))
        self._claimed += 1
        # One statement, so that one of several processes wins.
        changed = self._file.change(
            "INSERT INTO claims (name, expires) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET expires = excluded.expires WHERE claims.expires <= ?",
            (event_id, expires, now),
        )
        return changed == 1

    def forget(self, event_id: str) -> None:
        """Forget an event; see `ReplayGuard`. If the file cannot be written, raise HITLError."""
        self._file.change("DELETE FROM claims WHERE name = ?", (event_id,))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS claims_by_expiry ON claims (expires)",
)


def retained_until(now: float | None) -> float:
    """Return when an event may be forgotten, in Unix seconds; a `now` in the past makes it no sooner."""
    return max(time.time(), now or 0) + RETENTION


class Lease:
    """One attempt to handle an event: one at a time, and none after one has succeeded; all methods may block.

    A `ReplayGuard` stores entries that expire, and nothing else. So the lease keeps two entries for each name of the
    event: "<name> running" during an attempt, and "<name>" during an attempt and after one has succeeded. During an
    attempt both expire after `LEASE` seconds, so that a process that dies blocks the event no longer than that.
    """

    def __init__(self, guard: ReplayGuard, names: Sequence[str]) -> None:
        self._guard = guard
        self._names = names
        self._running = [f"{name} running" for name in names]  # no name has a space

    def acquire(self) -> Literal["new", "running", "done"]:
        """Begin the attempt if the event is new; otherwise change nothing."""
        expires = time.time() + LEASE
        if not self._claim(self._running, expires):
            return "running"
        if not self._claim(self._names, expires):
            self._forget(self._running)
            return "done"
        return "new"

    def complete(self) -> None:
        """End the attempt: the event is handled."""
        expires = retained_until(None)
        for name in self._names:
            # A guard cannot extend an entry. Nobody else can claim it in between: it is still marked as running.
            self._guard.forget(name)
            self._guard.first_time(name, expires)
        self._forget(self._running)

    def release(self) -> None:
        """End the attempt: the next delivery starts afresh."""
        self._forget([*self._names, *self._running])

    def _claim(self, names: Sequence[str], expires: float) -> bool:
        for position, name in enumerate(names):
            if not self._guard.first_time(name, expires):
                self._forget(names[:position])
                return False
        return True

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._guard.forget(name)
