"""Sessions, in SQL, by the digests of their secrets; callers open the transactions."""

from __future__ import annotations

from hitl.server.storage import Store


class SessionStore(Store):
    """The statements, over one database."""

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
