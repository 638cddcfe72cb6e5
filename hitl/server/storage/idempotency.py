"""Creating once, however often the request arrives (Idempotency-Key)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hitl.server.primitives import ApiError, Document
from hitl.server.storage.database import Store
from hitl.server.storage.digests import fingerprint_of, key_digest
from hitl.server.storage.querying import Row

Made: TypeAlias = Document | int
"""What is kept of what was created under a key: the document, or its number where it is stored elsewhere."""


@dataclass(frozen=True, slots=True)
class Created:
    """A created document; `replayed` if an earlier request with the same key created it."""

    document: Document
    replayed: bool = False


def _same(made: Any) -> Any:
    return made


class IdempotencyStore(Store):
    """The keys of one database and what was created under them, kept as long as the database."""

    def create_once(
        self,
        kind: str,
        body: Mapping[str, Any],
        key: str | None,
        owner: str,
        create: Callable[[], Document],
        *,
        fingerprint: bytes = b"",
        keep: Callable[[Document], Made] = _same,
        restore: Callable[[Made], Document] = _same,
    ) -> Created:
        """Create, unless the owner's key was used before; the key is kept in the open transaction.

        A key may not be used for two kinds or bodies. Without a key, the document is always created. Large bodies have
        their `fingerprint_of` made before the transaction. Of a document that is stored elsewhere, `keep` returns what
        `restore` needs to return it as it was created.
        """
        if key is None:
            return Created(create())
        asked, digest = fingerprint or fingerprint_of(kind, body), key_digest(owner, key)
        earlier = self._database.row("SELECT fingerprint, made FROM creations WHERE key = ?", (digest,))
        if earlier is None:
            document = create()
            made = keep(document)
            self._database.execute(
                "INSERT INTO creations (key, fingerprint, made) VALUES (?, ?, ?)",
                (digest, asked, made if isinstance(made, int) else json.dumps(made, separators=(",", ":"))),
            )
            return Created(document)
        if not _is_equal(earlier[0], asked):
            raise ApiError(
                422,
                "idempotency_key_reused",
                "this Idempotency-Key was used before with another request; use a new key for a new request",
            )
        return Created(restore(_made(earlier)), replayed=True)

    def created_under(self, key: str, owner: str) -> Made | None:
        """Return what was kept of what the owner created under a key."""
        row = self._database.row("SELECT NULL, made FROM creations WHERE key = ?", (key_digest(owner, key),))
        return None if row is None else _made(row)


def _made(row: Row) -> Made:
    made: int | str = row[1]
    return made if isinstance(made, int) else json.loads(made)


def _is_equal(stored: bytes | str, asked: bytes) -> bool:
    """Compare fingerprints, of which older versions stored the whole digest in hexadecimal digits."""
    return stored[: 2 * len(asked)] == asked.hex() if isinstance(stored, str) else stored == asked
