"""Sessions of the inbox: the links that begin them, each good for once, and the cookies that carry them on.

A session is a random text that only its browser has; the database keeps a digest, so a copy of it lets nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hitl.server.primitives.timestamps import to_wire, utc_now
from hitl.server.storage.database import Database

SESSION_DAYS: Final = 30
"""Days after which a session ends; the next link begins another."""

_MOST_LINKS: Final = 1000  # open at a time; of more, the oldest stop working


class Sessions:
    """The sessions of one database; any thread may call any method.

    They are kept across restarts, so that a reviewer at work is not sent away. Links are not: each start has its own.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        """Keep the sessions in a database.

        Args:
            database: Where they are kept.
            clock: Real time, whatever time the sandbox plays: a browser is not to be sent away by a test's clock.
        """
        self._database = database
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
        """Use a token up and return the new session; None if it was used before or never was."""
        with self._database.lock:
            if _digest(token) not in self._links:
                return None
            session = secrets.token_urlsafe(32)
            with self._database.transaction():
                self._database.execute("DELETE FROM sessions WHERE begun_at < ?", (self._oldest(),))
                self._database.execute(
                    "INSERT INTO sessions (digest, begun_at) VALUES (?, ?)", (_digest(session), to_wire(self._clock()))
                )
            del self._links[_digest(token)]
            return session

    def is_known(self, session: str) -> bool:
        """Return whether a session was begun here and has not ended."""
        # Looking a digest up may tell by its time how much of the digest is right; nobody can choose one.
        row = self._database.row(
            "SELECT 1 FROM sessions WHERE digest = ? AND begun_at >= ?", (_digest(session), self._oldest())
        )
        return row is not None

    def _oldest(self) -> str:
        return to_wire(self._clock() - timedelta(days=SESSION_DAYS))


def form_token(session: str) -> str:
    """Return what every form of a session carries (CSRF): only a page of ours knows it, and the cookie is not in it."""
    return hmac.digest(session.encode(), b"hitl inbox form", "sha256").hex()


def _digest(text: str) -> str:
    # Not a slow one: what is digested is random and as long as a key, so there is nothing to guess.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
