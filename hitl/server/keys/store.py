"""API keys, in SQL; callers open the transactions."""

from __future__ import annotations

from dataclasses import dataclass

from hitl.server.storage import Row, Store

_COLUMNS = (
    "id, shown, name, scopes, person_id, created_at, created_by, last_used_at, last_used_from, expires_at, revoked_at"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its text, which nobody knows but who was shown it.

    Attributes:
        id: `key_` and 24 hexadecimal digits, never used again.
        shown: The first characters of the key, by which people recognise it.
        name: What it is for; the asker's name on the reviews that it makes.
        scopes: What it may do, of `scopes.SCOPES`.
        person_id: Its owner, who answers for what it asks; None for a key of nobody's.
        created_by: The id of who made it; empty for the command on the server's machine.
        last_used_at: In wire form, at most five minutes old while the key is in use; None if it never was.
        expires_at: When it ends by itself; None for never.
        revoked_at: When somebody ended it.
    """

    id: str
    shown: str
    name: str
    scopes: tuple[str, ...]
    person_id: str | None
    created_at: str
    created_by: str
    last_used_at: str | None = None
    last_used_from: str | None = None
    expires_at: str | None = None
    revoked_at: str | None = None

    def state(self, now: str) -> str:
        """Return "active", "expired" or "revoked" at a moment in wire form."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


class KeyStore(Store):
    """The statements, over one database."""

    def add(self, key: Key, digest: str) -> None:
        """Store a new key with the digest of its text."""
        self._database.execute(
            "INSERT INTO api_keys (id, digest, shown, name, scopes, person_id, created_at, created_by, expires_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(key.id, digest, key.shown, key.name, ",".join(key.scopes), key.person_id),
                *(key.created_at, key.created_by, key.expires_at),
            ),
        )

    def get(self, key_id: str) -> Key | None:
        """Return a key by its id."""
        return self._one("id = ?", key_id)

    def by_digest(self, digest: str) -> Key | None:
        """Return the key whose text has a digest."""
        return self._one("digest = ?", digest)

    def all(self) -> list[Key]:
        """Return all keys, also former ones, in the order of their creation."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at, id")  # noqa: S608 - fixed words
        return [_key(row) for row in rows]

    def note_use(self, key_id: str, at: str, address: str) -> None:
        """Note when a key was used last, and from where."""
        self._database.execute(
            "UPDATE api_keys SET last_used_at = ?, last_used_from = ? WHERE id = ?", (at, address, key_id)
        )

    def revoke(self, key_id: str, at: str) -> None:
        """Note when a key was revoked."""
        self._database.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ?", (at, key_id))

    def _one(self, condition: str, value: str) -> Key | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM api_keys WHERE {condition}", (value,))  # noqa: S608 - fixed words
        return None if row is None else _key(row)


def _key(row: Row) -> Key:
    key_id, shown, name, scopes, *rest = row
    return Key(key_id, shown, name, tuple(scopes.split(",")), *rest)
