"""Creating once, however often the request arrives (Idempotency-Key)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hitl.server.primitives import ApiError, Document
from hitl.server.storage.database import Store
from hitl.server.storage.queries import document


@dataclass(frozen=True, slots=True)
class Created:
    """A created document; `replayed` if an earlier request with the same key created it."""

    document: Document
    replayed: bool = False


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
        fingerprint: str = "",
        keep: Callable[[Document], Document] = lambda document: document,
        restore: Callable[[Document], Document] = lambda kept: kept,
    ) -> Created:
        """Create, unless the owner's key was used before; the key is kept in the open transaction.

        A key may not be used for two kinds or bodies. Without a key, the document is always created. Large bodies have
        their `fingerprint_of` made before the transaction. Of a document that is stored elsewhere, `keep` returns what
        `restore` needs to return it as it was created.
        """
        if key is None:
            return Created(create())
        fingerprint = fingerprint or fingerprint_of(kind, body)
        earlier = self._database.row(
            "SELECT fingerprint, document FROM creations WHERE owner = ? AND key = ?", (owner, key)
        )
        if earlier is None:
            made = create()
            self._database.execute(
                "INSERT INTO creations (owner, key, fingerprint, document) VALUES (?, ?, ?, ?)",
                (owner, key, bytes.fromhex(fingerprint), json.dumps(keep(made), separators=(",", ":"))),
            )
            return Created(made)
        if earlier[0] not in (fingerprint, bytes.fromhex(fingerprint)):  # older versions stored the first form
            raise ApiError(
                422,
                "idempotency_key_reused",
                "this Idempotency-Key was used before with another request; use a new key for a new request",
            )
        return Created(restore(json.loads(earlier[1])), replayed=True)

    def created_under(self, key: str, owner: str) -> Document | None:
        """Return what was kept of what the owner created under a key; it has the id."""
        return document(self._database, "SELECT document FROM creations WHERE owner = ? AND key = ?", owner, key)


def fingerprint_of(kind: str, body: Mapping[str, Any]) -> str:
    """Return a digest of what a request asks for."""
    canonical = json.dumps([kind, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
