"""Sessions of the inbox: single-use links that begin them, and cookies that continue them.

A session is a random secret of one browser; the database keeps its digest only, so a copy of it admits nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hitl.server.primitives import to_wire, utc_now
from hitl.server.storage import Database


class SessionStore:
    """The statements, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, begun_at: str) -> None:
        """Store a new session."""
        self._database.execute("INSERT INTO sessions (digest, begun_at) VALUES (?, ?)", (digest, begun_at))

    def delete_before(self, begun_at: str) -> None:
        """Delete the sessions that began before a moment."""
        self._database.execute("DELETE FROM sessions WHERE begun_at < ?", (begun_at,))

    def has(self, digest: str, since: str) -> bool:
        """Return whether there is a session that began at a moment or later."""
        sql = "SELECT 1 FROM sessions WHERE digest = ? AND begun_at >= ?"
        return self._database.row(sql, (digest, since)) is not None


SESSION_DAYS: Final = 30
"""Days until a session ends."""

_MOST_LINKS: Final = 1000  # open at a time; beyond that the oldest stop working


class Sessions:
    """The sessions of one database; any thread may call any method.

    They survive restarts, so that a reviewer at work is not locked out. Links do not: each start has its own.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        """Keep the sessions in a database; `clock` is real time, so that a test's clock ends no session."""
        self._database = database
        self._store = SessionStore(database)
        self._clock = clock
        self._links: dict[str, None] = {}

    def new_link(self) -> str:
        """Return a token that begins one session."""
        token = secrets.token_urlsafe(24)
        with self._database.lock:
            self._links[_digest(token)] = None
            if len(self._links) > _MOST_LINKS:
                del self._links[next(iter(self._links))]
        return token

    def begin(self, token: str) -> str | None:
        """Use a token up and return the new session; None for a used or unknown token."""
        with self._database.lock:
            if _digest(token) not in self._links:
                return None
            session = secrets.token_urlsafe(32)
            with self._database.transaction():
                self._store.delete_before(self._oldest())
                self._store.add(_digest(session), to_wire(self._clock()))
            del self._links[_digest(token)]
            return session

    def is_known(self, session: str) -> bool:
        """Return whether a session was begun here and has not ended."""
        # The lookup's time may reveal how much of a digest matches, but nobody can choose a digest.
        return self._store.has(_digest(session), self._oldest())

    def _oldest(self) -> str:
        return to_wire(self._clock() - timedelta(days=SESSION_DAYS))


def form_token(session: str) -> str:
    """Return the CSRF token of a session, which only our own pages know and which does not reveal the cookie."""
    return hmac.digest(session.encode(), b"hitl inbox form", "sha256").hex()


def _digest(text: str) -> str:
    # A fast hash is enough for random secrets of this length.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
